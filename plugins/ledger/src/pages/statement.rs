//! The statement: every payment of an account, by days, words and members, page by page; printed, and as a file.

use super::sheet::{Sheet, write_people};
use super::{PageError, Scene, value};
use crate::errors::LookupError;
use crate::model::{Ledger, Side};
use crate::statement::{Filter, Line, statement};
use crate::trade::all_lines;

/// Payments a page.
const LINES: u32 = 40;
/// Payments that are printed at once, the newest ones.
const PRINTED: usize = 400;

pub(super) fn write(scene: &mut Scene<'_>) -> Result<(), PageError> {
    scene.title = "title-statement";
    let given = |name| value(scene.request, name).map(str::to_owned);
    let with = given("with");
    let party = with.as_deref().map(|handle| handle.strip_prefix('@').unwrap_or(handle).to_owned());
    let (from, through, search, cursor) = (given("from"), given("through"), given("search"), given("cursor"));
    let print = given("print").is_some();
    let party = party.map(|handle| scene.host.party_by_handle(&handle).map(|party| party.id));
    let filter = Filter { from, through, search, party: party.flatten() };
    if print {
        return print_view(scene, &filter);
    }
    scene.switch("statement");
    form(scene, &filter, with.as_deref().unwrap_or_default());
    if party == Some(None) {
        let words = scene.words.say("with-nobody");
        scene.html.markup("<p class=\"bad\" role=\"alert\">").text(&words).markup("</p>");
        return Ok(());
    }
    let page = match statement(scene.host, scene.chosen.account.id, &filter, LINES, cursor.as_deref()) {
        Ok(page) => page,
        Err(LookupError::DateInvalid) => {
            let words = scene.words.say("date-wrong");
            scene.html.markup("<p class=\"bad\" role=\"alert\">").text(&words).markup("</p>");
            return Ok(());
        }
        Err(_) => return Err(PageError::NotFound),
    };
    if page.lines.is_empty() && page.next.is_none() {
        let words = scene.words.say("no-lines");
        scene.html.markup("<p class=\"soft\">").text(&words).markup("</p>");
        return Ok(());
    }
    keep(scene, &filter, with.as_deref());
    table(scene, &page.lines);
    if let Some(next) = page.next {
        scene.html.markup("<p><a class=\"quiet\" href=\"statement?cursor=").query(&next);
        parameters(scene, &filter, with.as_deref());
        let older = scene.words.say("older");
        scene.html.markup("\">").text(&older).markup("</a></p>");
    }
    Ok(())
}

/// The account and the filter, within a link that has a parameter already.
fn parameters(scene: &mut Scene<'_>, filter: &Filter, with: Option<&str>) {
    let account = scene.chosen.account.id.to_string();
    scene.html.markup("&amp;account=").query(&account);
    let values = [
        ("from", filter.from.as_deref()),
        ("through", filter.through.as_deref()),
        ("search", filter.search.as_deref()),
        ("with", with),
    ];
    for (name, value) in values {
        if let Some(value) = value {
            scene.html.markup("&amp;").markup(name).markup("=").query(value);
        }
    }
}

/// To be kept: on paper, and as a file.
fn keep(scene: &mut Scene<'_>, filter: &Filter, with: Option<&str>) {
    let words = ["to-print", "to-save"].map(|id| scene.words.say(id));
    let [print, save] = &words;
    scene.html.markup("<p class=\"actions\"><a class=\"quiet\" href=\"statement?print=1");
    parameters(scene, filter, with);
    let account = scene.chosen.account.id.to_string();
    scene.html.markup("\">").text(print);
    scene.html.markup("</a> <a class=\"quiet\" href=\"file/transfers/statement-csv?account=").query(&account);
    let party = filter.party.map(|party| party.to_string());
    let values = [
        ("filter.from", filter.from.as_deref()),
        ("filter.through", filter.through.as_deref()),
        ("filter.search", filter.search.as_deref()),
        ("filter.party", party.as_deref()),
    ];
    for (name, value) in values {
        if let Some(value) = value {
            scene.html.markup("&amp;").markup(name).markup("=").query(value);
        }
    }
    scene.html.markup("\">").text(save).markup("</a></p>");
}

/// All of it at once, for paper.
fn print_view(scene: &mut Scene<'_>, filter: &Filter) -> Result<(), PageError> {
    let own = scene.chosen.clone();
    let lines = all_lines(scene.host, own.account.id, filter, PRINTED)
        .map_err(|_| PageError::Refused(scene.words.say("date-wrong")))?;
    let now = scene.host.now();
    let balance = own.account.balance();
    scene.part(|sheet| {
        sheet.markup("<p class=\"lead\">").owner(&own.account).markup("</p><p class=\"soft\">");
        sheet
            .text(&own.ledger.name)
            .markup(" · ")
            .text(&own.account.code)
            .markup(" · ")
            .time(now, "datetime");
        sheet.markup("</p><p>").say("balance").markup(": <strong>").money(&own.ledger, balance.into());
        sheet.markup("</strong></p>");
        printed(sheet, &own.ledger, &lines);
        if lines.len() == PRINTED {
            sheet.markup("<p class=\"soft\">").say("printed-newest").markup("</p>");
        }
    });
    Ok(())
}

/// Lines as they are printed, oldest first.
pub(super) fn printed(sheet: &mut Sheet<'_>, ledger: &Ledger, lines: &[Line]) {
    if lines.is_empty() {
        sheet.markup("<p class=\"soft\">").say("no-lines").markup("</p>");
        return;
    }
    sheet.markup("<table><thead><tr><th scope=\"col\">").say("chart-day").markup("</th><th scope=\"col\">");
    sheet.say("column-who").markup("</th><th scope=\"col\" class=\"num\">").say("column-amount");
    sheet.markup("</th></tr></thead><tbody>");
    for line in lines {
        let transfer = &line.transfer.transfer;
        let moved = i128::from(transfer.posted_amount());
        let (side, moved) = match line.side {
            Side::Debit => ("paid-to", -moved),
            Side::Credit => ("received-from", moved),
        };
        sheet.markup("<tr><td>").text(transfer.effective).markup("</td><td><span class=\"soft\">").say(side);
        sheet.markup("</span> ");
        let other = crate::rows::account(sheet.host, transfer.counterparty_of(line.side));
        match other {
            Some(other) => sheet.owner(&other),
            None => sheet.text(&line.counterparty),
        };
        if let Some(memo) = &line.transfer.memo {
            sheet.markup("<p>").text(memo).markup("</p>");
        }
        sheet.markup("</td><td class=\"num\">");
        super::sheet::write_money(&mut sheet.html, ledger, moved, true);
        sheet.markup("<p class=\"soft\"><small>").money(ledger, line.balance.into());
        sheet.markup("</small></p></td></tr>");
    }
    sheet.markup("</tbody></table>");
}

fn form(scene: &mut Scene<'_>, filter: &Filter, with: &str) {
    let words = ["from", "through", "with", "search", "filter"].map(|id| scene.words.say(id));
    let [from, through, whom, search, show] = &words;
    scene.html.markup("<form action=\"./statement\" class=\"card\">");
    scene.hidden_account();
    scene.html.markup("<div class=\"grid\">");
    let value = |given: &Option<String>| given.clone().unwrap_or_default();
    for (name, label, attributes, given) in [
        ("from", from, "type=\"date\"", value(&filter.from)),
        ("through", through, "type=\"date\"", value(&filter.through)),
        ("with", whom, "list=\"people\" autocomplete=\"off\"", with.to_owned()),
        ("search", search, "type=\"search\"", value(&filter.search)),
    ] {
        scene
            .html
            .markup("<div><label for=\"")
            .markup(name)
            .markup("\">")
            .text(label)
            .markup("</label><input id=\"");
        scene.html.markup(name).markup("\" name=\"").markup(name).markup("\" ").markup(attributes);
        scene.html.attribute("value", given).markup("></div>");
    }
    // Inside the form: elsewhere the host keeps no list.
    write_people(&mut scene.html, scene.host);
    let help = scene.words.say("search-help");
    scene
        .html
        .markup("</div><p class=\"soft\"><small>")
        .text(&help)
        .markup("</small></p><p class=\"actions\">");
    scene.html.markup("<button class=\"quiet\">").text(show).markup("</button></p></form>");
}

/// Two columns, so that it fits a phone: with whom and what for, and how much with the balance after it.
fn table(scene: &mut Scene<'_>, lines: &[Line]) {
    let words = ["column-who", "column-amount"].map(|id| scene.words.say(id));
    let [who, amount] = &words;
    scene.html.markup("<table><thead><tr><th scope=\"col\">").text(who).markup("</th>");
    scene.html.markup("<th scope=\"col\" class=\"num\">").text(amount).markup("</th></tr></thead><tbody>");
    for line in lines {
        let transfer = &line.transfer.transfer;
        scene.html.markup("<tr><td>");
        scene.with_whom(line);
        // Who did it is said where it was somebody else: a clerk, a guardian.
        let by = transfer.actor.filter(|actor| *actor != scene.person && line.side == Side::Debit);
        if let (Some(_), Some(name)) = (by, &line.actor_name) {
            let words = scene.words.with("by", &[("name", name)]);
            scene.html.markup("<p class=\"soft\"><small>").text(&words).markup("</small></p>");
        }
        scene.html.markup("<p class=\"soft\"><small>").text(transfer.effective);
        scene.html.markup("</small></p></td><td class=\"num\">");
        scene.moved(line);
        scene.html.markup("<p class=\"soft\"><small>");
        scene.money(i128::from(line.balance), false);
        scene.html.markup("</small></p></td></tr>");
    }
    scene.html.markup("</tbody></table>");
}
