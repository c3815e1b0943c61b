//! One account as a steward sees it: limits, suspension, closing, a card for the counter.

use super::account_status;
use crate::books;
use crate::counter;
use crate::model::{Account, AccountStatus, Ledger};
use crate::pages::PageError;
use crate::pages::sheet::{Roles, Sheet};
use crate::rows;

pub(super) fn write(sheet: &mut Sheet<'_>) -> Result<(), PageError> {
    sheet.title = "title-account-of";
    let id = sheet.given("of").and_then(|id| id.parse().ok()).ok_or(PageError::NotFound)?;
    let account = books::get_account(sheet.host, id).map_err(|_| PageError::NotFound)?;
    let ledger = rows::ledger(sheet.host, account.ledger).ok_or(PageError::NotFound)?;
    sheet.back("books/accounts", ledger.id, "back-accounts");
    sheet
        .markup("<section class=\"card\"><p>")
        .owner(&account)
        .markup(" <span class=\"tag\">")
        .text(&account.code);
    sheet.markup("</span> <span class=\"tag\">").say(account_status(account.status));
    sheet
        .markup("</span></p><p class=\"big\">")
        .money(&ledger, account.balance().into())
        .markup("</p><dl class=\"grid\">");
    for (label, sum) in [
        ("reserved", account.sums.debits_pending),
        ("coming", account.sums.credits_pending),
        ("trial-debits", account.sums.debits_posted),
        ("trial-credits", account.sums.credits_posted),
    ] {
        sheet.markup("<div class=\"stat\"><dt>").say(label).markup("</dt><dd>");
        sheet.money(&ledger, i128::try_from(sum).unwrap_or(i128::MAX)).markup("</dd></div>");
    }
    sheet.markup("</dl></section>");
    if Roles::of(sheet.host).keeps && account.status != AccountStatus::Closed {
        changes(sheet, &ledger, &account);
    }
    Ok(())
}

fn changes(sheet: &mut Sheet<'_>, ledger: &Ledger, account: &Account) {
    let here = format!("books/account?of={}", account.id);
    sheet.markup("<section class=\"card\"><h2>").say("limits").markup("</h2>");
    sheet.form("books.limit-to", &here).hidden("account", account.id);
    sheet.amount("credit", "limit-credit", Some("limit-help"), ledger, account.limits.credit);
    sheet.amount("upper", "limit-upper", None, ledger, account.limits.upper);
    sheet.send("save").markup("</section>");
    let suspended = account.status == AccountStatus::Suspended;
    sheet.markup("<section class=\"card\"><h2>").say("suspension").markup("</h2><p>");
    sheet.say(if suspended { "suspended-is" } else { "suspended-not" }).markup("</p>");
    sheet.form("books.set-suspended", &here).hidden("account", account.id).hidden("suspended", !suspended);
    sheet.send(if suspended { "resume" } else { "suspend" }).markup("</section>");
    if rows::settings(sheet.host, ledger.id).counter.is_some() {
        card(sheet, account, &here);
    }
    if account.is_settled() {
        sheet
            .markup("<section class=\"card\"><details><summary>")
            .say("close-account")
            .markup("</summary><p>");
        sheet.say("close-account-help").markup("</p>").form("books.close-account", &here);
        sheet.hidden("account", account.id).send("close-account").markup("</details></section>");
    }
}

/// The card of the account's owner, and a button for a new one.
fn card(sheet: &mut Sheet<'_>, account: &Account, here: &str) {
    let Some(party) = sheet.host.party(account.owner) else { return };
    sheet.markup("<section class=\"card\"><h2>").say("card").markup("</h2><p>");
    match counter::card_of(sheet.host, account.owner) {
        Some((number, card)) if !card.is_blocked => {
            let number = number.to_string();
            let id = if card.pin.is_some() { "card-number" } else { "card-number-no-pin" };
            sheet.with(id, &[("number", &number)]).markup("</p>");
            sheet.form("counter.block-card", here).hidden("card", &number);
            sheet
                .markup("<p class=\"actions\"><button class=\"quiet\">")
                .say("card-block")
                .markup("</button></p></form>");
        }
        _ => {
            sheet.say("card-none").markup("</p>").form("counter.issue-card", here);
            sheet.hidden("owner", &party.handle).send("card-issue");
        }
    }
    sheet.markup("</section>");
}
