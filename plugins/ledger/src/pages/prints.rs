//! What is printed: cards, paper slips, statements for all who hold a card, the list for the hall. The browser prints;
//! these pages are made so that it does it well.

use super::PageError;
use super::sheet::{Roles, Sheet};
use crate::books;
use crate::counter;
use crate::model::{Account, AccountStatus, Ledger};
use crate::statement::Filter;
use crate::trade::all_lines;

/// Slips that are printed at once, and how many are offered.
const SLIPS_MAX: u32 = 60;
const SLIPS: u32 = 24;
/// Lines of each statement, and bytes after which no further statement is begun: a page has 256 KiB.
const LINES_MAX: usize = 60;
const BYTES_MAX: usize = 180_000;
/// Accounts of the hall's list.
const HALL_MAX: usize = 400;

/// The page below `prints` at this path.
pub(super) fn write(sheet: &mut Sheet<'_>, path: &str) -> Result<(), PageError> {
    let roles = Roles::of(sheet.host);
    if !roles.keeps && !roles.counter {
        return sheet.refuse("for-counter");
    }
    let ledger = sheet.ledger()?;
    match path {
        "" => index(sheet, &ledger),
        "cards" => cards(sheet, &ledger)?,
        "slips" => slips(sheet, &ledger),
        "statements" => statements(sheet, &ledger)?,
        "hall" => hall(sheet, &ledger)?,
        _ => return Err(PageError::NotFound),
    }
    Ok(())
}

fn index(sheet: &mut Sheet<'_>, ledger: &Ledger) {
    sheet.title = "prints";
    sheet.switch("prints", ledger);
    sheet.markup("<p class=\"lead\">").say("prints-lead").markup("</p><ul class=\"cards\">");
    let keeps = Roles::of(sheet.host).keeps;
    for (page, title, about, stewards) in [
        ("prints/slips", "print-slips", "print-slips-about", false),
        ("prints/cards", "print-cards", "print-cards-about", false),
        ("prints/statements", "print-statements", "print-statements-about", true),
        ("prints/hall", "print-hall", "print-hall-about", true),
    ] {
        if stewards && !keeps {
            continue;
        }
        sheet
            .markup("<li class=\"card\"><h2><a href=\"")
            .markup(page)
            .markup("?ledger=")
            .text(ledger.id)
            .markup("\">");
        sheet.say(title).markup("</a></h2><p>").say(about).markup("</p></li>");
    }
    sheet.markup("</ul>");
}

fn cards(sheet: &mut Sheet<'_>, ledger: &Ledger) -> Result<(), PageError> {
    sheet.title = "print-cards";
    sheet.back("prints", ledger.id, "prints");
    let cards = counter::cards(sheet.host).map_err(|_| PageError::NotFound)?;
    if cards.is_empty() {
        sheet.markup("<p class=\"soft\">").say("cards-none").markup("</p>");
    }
    sheet.markup("<div class=\"cards\">");
    for (number, card) in cards.iter().take(100) {
        sheet.markup("<div class=\"paper\"><p class=\"lead\">").party(card.party, "?").markup("</p><p>");
        let number = number.to_string();
        sheet
            .with("card-print", &[("number", &number)])
            .markup("</p><h-qr label=\"")
            .say("card")
            .markup("\" href=\"counter?card=");
        sheet.html.query(&number);
        sheet.markup("\"></h-qr></div>");
    }
    sheet.markup("</div>");
    Ok(())
}

fn slips(sheet: &mut Sheet<'_>, ledger: &Ledger) {
    sheet.title = "print-slips";
    sheet.back("prints", ledger.id, "prints");
    let number = |name: &str| sheet.given(name).and_then(|text| text.parse::<u32>().ok());
    let from = number("from").unwrap_or(1).clamp(1, counter::SLIP_MAX);
    let count = number("count").unwrap_or(SLIPS).clamp(1, SLIPS_MAX);
    sheet.markup("<form action=\"./prints/slips\" class=\"card\">").hidden("ledger", ledger.id);
    sheet.markup("<div class=\"grid\">");
    sheet.field("from", "slips-from", None, "inputmode=\"numeric\"", &from.to_string());
    sheet.field("count", "slips-count", None, "inputmode=\"numeric\"", &count.to_string());
    sheet
        .markup("</div><p class=\"actions\"><button class=\"quiet\">")
        .say("show")
        .markup("</button></p></form>");
    sheet.markup("<div class=\"cards\">");
    for slip in from..from.saturating_add(count).min(counter::SLIP_MAX + 1) {
        let slip = slip.to_string();
        sheet.markup("<div class=\"paper\"><p class=\"spread\"><strong>").with("slip", &[("number", &slip)]);
        sheet.markup("</strong> <span class=\"soft\">").text(&ledger.name).markup("</span></p>");
        for line in ["slip-card", "slip-to", "slip-amount", "slip-memo", "slip-signed"] {
            sheet.markup("<p>").say(line).markup(" ______________________</p>");
        }
        sheet.markup("</div>");
    }
    sheet.markup("</div>");
}

fn statements(sheet: &mut Sheet<'_>, ledger: &Ledger) -> Result<(), PageError> {
    sheet.title = "print-statements";
    if !Roles::of(sheet.host).keeps {
        return sheet.refuse("for-stewards");
    }
    sheet.back("prints", ledger.id, "prints");
    let given = |sheet: &Sheet<'_>, name: &str| sheet.given(name).map(str::to_owned);
    let filter = Filter { from: given(sheet, "from"), through: given(sheet, "through"), ..Filter::default() };
    let (from, through) =
        (filter.from.clone().unwrap_or_default(), filter.through.clone().unwrap_or_default());
    sheet.markup("<form action=\"./prints/statements\" class=\"card\">").hidden("ledger", ledger.id);
    sheet.markup("<div class=\"grid\">").field("from", "from", None, "type=\"date\"", &from);
    sheet.field("through", "through", None, "type=\"date\"", &through);
    sheet
        .markup("</div><p class=\"actions\"><button class=\"quiet\">")
        .say("show")
        .markup("</button></p></form>");
    let cards = counter::cards(sheet.host).map_err(|_| PageError::NotFound)?;
    let (mut printed, mut left_out) = (0, 0);
    for (_, card) in cards {
        let Some(account) = books::account_in(sheet.host, ledger.id, card.party) else { continue };
        if sheet.html.len() > BYTES_MAX {
            left_out += 1;
            continue;
        }
        one_statement(sheet, ledger, &account, &filter)?;
        printed += 1;
    }
    if left_out > 0 {
        let left_out = left_out.to_string();
        sheet.markup("<p class=\"warn\">").with("statements-more", &[("count", &left_out)]).markup("</p>");
    } else if printed == 0 {
        sheet.markup("<p class=\"soft\">").say("cards-none").markup("</p>");
    }
    Ok(())
}

fn one_statement(
    sheet: &mut Sheet<'_>,
    ledger: &Ledger,
    account: &Account,
    filter: &Filter,
) -> Result<(), PageError> {
    let lines = all_lines(sheet.host, account.id, filter, LINES_MAX)
        .map_err(|_| PageError::Refused(sheet.words.say("date-wrong")))?;
    sheet
        .markup("<section class=\"sheet\"><h2>")
        .owner(account)
        .markup("</h2><p class=\"soft\">")
        .text(&ledger.name);
    sheet.markup(" · ").text(&account.code).markup("</p><p>").say("balance").markup(": <strong>");
    sheet.money(ledger, account.balance().into()).markup("</strong></p>");
    super::statement::printed(sheet, ledger, &lines);
    sheet.markup("</section>");
    Ok(())
}

fn hall(sheet: &mut Sheet<'_>, ledger: &Ledger) -> Result<(), PageError> {
    sheet.title = "print-hall";
    if !Roles::of(sheet.host).keeps {
        return sheet.refuse("for-stewards");
    }
    sheet.back("prints", ledger.id, "prints");
    // What hangs in the hall is seen by whoever comes in: balances only where they are public.
    let public = crate::rows::settings(sheet.host, ledger.id).visibility == crate::model::Visibility::Public;
    sheet.markup("<p class=\"lead\">").text(&ledger.name).markup("</p><p class=\"soft\">");
    sheet
        .say(if public { "hall-balances" } else { "hall-names" })
        .markup("</p><table><thead><tr><th scope=\"col\">");
    sheet.say("whose").markup("</th><th scope=\"col\">").say("account-code").markup("</th>");
    if public {
        sheet.markup("<th scope=\"col\" class=\"num\">").say("balance").markup("</th>");
    }
    sheet.markup("</tr></thead><tbody>");
    let (mut cursor, mut listed): (Option<String>, usize) = (None, 0);
    loop {
        let page =
            books::accounts(sheet.host, ledger.id, cursor.as_deref()).map_err(|_| PageError::NotFound)?;
        for account in page.accounts.iter().filter(|account| account.status != AccountStatus::Closed) {
            sheet
                .markup("<tr><td>")
                .owner(account)
                .markup("</td><td><code>")
                .text(&account.code)
                .markup("</code></td>");
            if public {
                sheet.markup("<td class=\"num\">").money(ledger, account.balance().into()).markup("</td>");
            }
            sheet.markup("</tr>");
            listed += 1;
        }
        cursor = page.next;
        if cursor.is_none() || listed >= HALL_MAX {
            break;
        }
    }
    sheet.markup("</tbody></table>");
    Ok(())
}
