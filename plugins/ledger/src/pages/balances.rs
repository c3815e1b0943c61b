//! Balances that others may see, where the community decided so.

use super::PageError;
use super::sheet::Sheet;
use crate::books;
use crate::model::Visibility;
use crate::rows;

pub(super) fn write(sheet: &mut Sheet<'_>) -> Result<(), PageError> {
    sheet.title = "title-balances";
    let ledger = if sheet.given("ledger").is_some() {
        sheet.ledger()?
    } else {
        // The first one that whoever looks may see.
        let ledgers = books::ledgers(sheet.host);
        let seen = ledgers.into_iter().find(|ledger| books::are_visible(sheet.host, ledger.id));
        seen.ok_or(PageError::NotFound)?
    };
    if !books::are_visible(sheet.host, ledger.id) {
        return sheet.refuse("balances-hidden");
    }
    let said = match rows::settings(sheet.host, ledger.id).visibility {
        Visibility::Owner => "balances-own",
        Visibility::Members => "balances-members",
        Visibility::Public => "balances-public",
    };
    sheet.markup("<p class=\"lead\">").text(&ledger.name).markup("</p><p class=\"soft\">").say(said);
    sheet.markup("</p>");
    let cursor = sheet.given("cursor");
    let page = books::balances(sheet.host, ledger.id, cursor).map_err(|_| PageError::NotFound)?;
    sheet
        .markup("<table><thead><tr><th scope=\"col\">")
        .say("whose")
        .markup("</th><th scope=\"col\" class=\"num\">");
    sheet.say("balance").markup("</th></tr></thead><tbody>");
    for account in &page.accounts {
        sheet.markup("<tr><td>").owner(account).markup("</td><td class=\"num\">");
        sheet.money(&ledger, account.balance().into()).markup("</td></tr>");
    }
    sheet.markup("</tbody></table>");
    if let Some(next) = &page.next {
        sheet.markup("<p><a class=\"quiet\" href=\"balances?ledger=").text(ledger.id).markup("&amp;cursor=");
        sheet.html.query(next);
        sheet.markup("\">").say("more").markup("</a></p>");
    }
    Ok(())
}
