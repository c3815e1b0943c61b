//! The stewards' pages: ledgers, accounts, limits, lists in and out. Auditors read them; nothing that the viewer may not
//! do has a button.

mod account;
mod accounts;
mod exchange;
mod found;
mod ledger;

use super::PageError;
use super::sheet::{Roles, Sheet};
use crate::books;
use crate::model::{AccountStatus, Ledger, LedgerKind, LedgerStatus};

pub(super) use found::form as found_form;

/// The page below `books` at this path.
pub(super) fn write(sheet: &mut Sheet<'_>, path: &str) -> Result<(), PageError> {
    sheet.readers_only()?;
    match path {
        "" => list(sheet),
        "found" => found::write(sheet)?,
        "ledger" => ledger::write(sheet)?,
        "accounts" => accounts::write(sheet)?,
        "open" => accounts::open(sheet)?,
        "account" => account::write(sheet)?,
        "lists" => exchange::write(sheet)?,
        _ => return Err(PageError::NotFound),
    }
    Ok(())
}

fn list(sheet: &mut Sheet<'_>) {
    sheet.title = "title-books";
    let ledgers = books::ledgers(sheet.host);
    if ledgers.is_empty() {
        sheet.markup("<p class=\"lead\">").say("no-ledger-yet").markup("</p>");
    }
    sheet.markup("<ul class=\"cards\">");
    for ledger in &ledgers {
        sheet.markup("<li class=\"card\"><h2><a href=\"books/ledger?ledger=").text(ledger.id).markup("\">");
        sheet.text(&ledger.name).markup("</a></h2><p><span class=\"tag\">").text(&ledger.unit);
        sheet
            .markup("</span> <span class=\"tag\">")
            .say(kind(ledger.kind))
            .markup("</span> <span class=\"tag\">");
        sheet.say(status(ledger)).markup("</span></p></li>");
    }
    sheet.markup("</ul>");
    if Roles::of(sheet.host).keeps {
        sheet
            .markup("<p class=\"actions\"><a class=\"quiet\" href=\"books/found\">")
            .say("found")
            .markup("</a></p>");
    }
}

fn kind(kind: LedgerKind) -> &'static str {
    match kind {
        LedgerKind::MutualCredit => "kind-mutual-credit",
        LedgerKind::Issued => "kind-issued",
        LedgerKind::Hours => "kind-hours",
        LedgerKind::Shares => "kind-shares",
        LedgerKind::Voice => "kind-voice",
        LedgerKind::Voucher => "kind-voucher",
    }
}

fn status(ledger: &Ledger) -> &'static str {
    match ledger.status {
        LedgerStatus::Opening => "status-opening",
        LedgerStatus::Open => "status-open",
        LedgerStatus::Closed => "status-closed",
    }
}

fn account_status(status: AccountStatus) -> &'static str {
    match status {
        AccountStatus::Open => "account-open",
        AccountStatus::Suspended => "account-suspended",
        AccountStatus::Closed => "account-closed",
    }
}
