//! The first page of somebody without an account: the ledgers that she may come into, or what to ask a steward for.

use super::sheet::{Roles, Sheet};
use crate::books;
use crate::model::LedgerStatus;
use crate::rows;

pub(super) fn write(sheet: &mut Sheet<'_>) {
    sheet.title = "title-overview";
    let ledgers = books::ledgers(sheet.host);
    let mut offered = 0;
    for ledger in ledgers.iter().filter(|ledger| ledger.status == LedgerStatus::Open) {
        let Some(limits) = rows::settings(sheet.host, ledger.id).joining else { continue };
        offered += 1;
        sheet.markup("<section class=\"card\"><h2>").text(&ledger.name).markup("</h2><p>").say("join-lead");
        sheet.markup("</p><p>");
        match limits.credit {
            Some(0) => sheet.say("join-without-credit"),
            Some(credit) => {
                let amount = sheet.words.amount(credit, ledger);
                sheet.with("join-credit", &[("credit", &amount)])
            }
            None => sheet.say("join-unlimited"),
        };
        sheet.markup("</p>").form("books.join", "./").hidden("ledger", ledger.id).send("join-open");
        sheet.markup("</section>");
    }
    if offered > 0 {
        return;
    }
    let keeps = Roles::of(sheet.host).keeps;
    sheet.markup("<div class=\"card\"><p><strong>").say("no-account").markup("</strong></p><p>");
    if keeps && ledgers.is_empty() {
        sheet.say("no-ledger-yet").markup("</p></div>");
        super::books::found_form(sheet);
    } else if keeps {
        sheet
            .say("no-account-steward")
            .markup("</p><p class=\"actions\"><a class=\"primary\" href=\"books\">");
        sheet.say("nav-books").markup("</a></p></div>");
    } else {
        sheet.say("no-account-next").markup("</p></div>");
    }
}
