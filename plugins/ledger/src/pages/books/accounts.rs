//! All accounts of a ledger with a filter, and opening one for somebody.

use super::account_status;
use crate::books;
use crate::model::{Account, AccountStatus, LedgerStatus};
use crate::pages::PageError;
use crate::pages::parts::is_near;
use crate::pages::sheet::Sheet;

/// Pages of accounts that are looked through for those that fit a filter.
const PAGES_MAX: usize = 10;
/// Accounts that are shown at once.
const SHOWN_MAX: usize = 100;

pub(super) fn write(sheet: &mut Sheet<'_>) -> Result<(), PageError> {
    sheet.title = "accounts";
    let ledger = sheet.ledger()?;
    sheet.back("books/ledger", ledger.id, "back-ledger");
    let (search, state) = (sheet.given("search").unwrap_or_default(), sheet.given("state").unwrap_or("all"));
    sheet.markup("<form action=\"./books/accounts\" class=\"card\">").hidden("ledger", ledger.id);
    sheet.markup("<div class=\"grid\">").field("search", "accounts-search", None, "type=\"search\"", search);
    let states = [
        ("all", "state-all"),
        ("minus", "state-minus"),
        ("near", "state-near"),
        ("suspended", "account-suspended"),
        ("closed", "account-closed"),
    ];
    sheet.choice("state", "accounts-state", &states, state);
    sheet
        .markup("</div><p class=\"actions\"><button class=\"quiet\">")
        .say("filter")
        .markup("</button></p></form>");
    let mut found = Vec::new();
    let mut cursor = sheet.given("cursor").map(str::to_owned);
    let words = search.to_lowercase();
    for _ in 0..PAGES_MAX {
        let page =
            books::accounts(sheet.host, ledger.id, cursor.as_deref()).map_err(|_| PageError::NotFound)?;
        for account in page.accounts {
            if fits_state(&account, state) && fits_words(sheet, &account, &words) {
                found.push(account);
            }
        }
        cursor = page.next;
        if cursor.is_none() || found.len() >= SHOWN_MAX {
            break;
        }
    }
    if found.is_empty() {
        sheet.markup("<p class=\"soft\">").say("accounts-none").markup("</p>");
        return Ok(());
    }
    sheet
        .markup("<table><thead><tr><th scope=\"col\">")
        .say("whose")
        .markup("</th><th scope=\"col\" class=\"num\">");
    sheet.say("accounts-balance").markup("</th></tr></thead><tbody>");
    for account in &found {
        sheet.markup("<tr><td><a href=\"books/account?of=").text(account.id).markup("\">").owner(account);
        sheet.markup("</a><p class=\"soft\"><small>").text(&account.code);
        if account.status != AccountStatus::Open {
            sheet.markup(" <span class=\"tag\">").say(account_status(account.status)).markup("</span>");
        }
        sheet.markup("</small></p></td><td class=\"num\">").money(&ledger, account.balance().into());
        sheet.markup("<p class=\"soft\"><small>");
        match account.limits.credit {
            Some(credit) => sheet.money(&ledger, -i128::from(credit)),
            None => sheet.say("no-limit"),
        };
        sheet.markup("</small></p></td></tr>");
    }
    sheet.markup("</tbody></table>");
    if let Some(next) = cursor {
        sheet
            .markup("<p><a class=\"quiet\" href=\"books/accounts?ledger=")
            .text(ledger.id)
            .markup("&amp;state=");
        sheet.html.query(state).markup("&amp;search=").query(search).markup("&amp;cursor=").query(&next);
        sheet.markup("\">").say("more").markup("</a></p>");
    }
    Ok(())
}

fn fits_state(account: &Account, state: &str) -> bool {
    match state {
        "minus" => account.balance() < 0,
        "near" => is_near(account),
        "suspended" => account.status == AccountStatus::Suspended,
        "closed" => account.status == AccountStatus::Closed,
        _ => account.status != AccountStatus::Closed,
    }
}

fn fits_words(sheet: &mut Sheet<'_>, account: &Account, words: &str) -> bool {
    if words.is_empty() || account.code.to_lowercase().contains(words) {
        return true;
    }
    let party = sheet.host.party(account.owner);
    party.is_some_and(|party| party.name.to_lowercase().contains(words) || party.handle.contains(words))
}

/// The form that opens an account for somebody.
pub(super) fn open(sheet: &mut Sheet<'_>) -> Result<(), PageError> {
    sheet.keepers_only()?;
    sheet.title = "open-account";
    let ledger = sheet.ledger()?;
    sheet.back("books/ledger", ledger.id, "back-ledger");
    if ledger.status == LedgerStatus::Closed {
        return sheet.refuse("ledger-closed");
    }
    let limits = books::get_settings(sheet.host, ledger.id).ok().and_then(|settings| settings.joining);
    let limits = limits.unwrap_or_default();
    let to = format!("books/accounts?ledger={}", ledger.id);
    sheet.markup("<section class=\"card\">").form("books.open-for", &to).hidden("ledger", ledger.id);
    let owner = sheet.given("owner").unwrap_or_default();
    let attributes = "list=\"people\" autocomplete=\"off\" required";
    sheet.field("owner", "open-owner", Some("pay-to-help"), attributes, owner).people();
    sheet.amount("credit", "limit-credit", Some("limit-help"), &ledger, limits.credit.or(Some(0)));
    sheet.amount("upper", "limit-upper", None, &ledger, limits.upper);
    sheet.send("open-account").markup("</section>");
    Ok(())
}
