//! Lists in and out: accounts and payments as comma-separated values, the whole ledger as a journal.

use crate::exchange::csv::{ACCOUNTS_HEADER, TRANSFERS_HEADER};
use crate::model::{Ledger, LedgerStatus};
use crate::pages::PageError;
use crate::pages::sheet::{Roles, Sheet};

pub(super) fn write(sheet: &mut Sheet<'_>) -> Result<(), PageError> {
    sheet.title = "lists";
    let ledger = sheet.ledger()?;
    sheet.back("books/ledger", ledger.id, "back-ledger");
    sheet.markup("<section class=\"card\"><h2>").say("lists-out").markup("</h2><p>").say("lists-out-help");
    sheet.markup("</p><p class=\"actions\"><a class=\"quiet\" href=\"file/exchange/accounts-csv?ledger=");
    sheet.text(ledger.id).markup("\">").say("save-accounts").markup("</a>");
    for (format, label) in [("hledger", "save-hledger"), ("beancount", "save-beancount")] {
        sheet.markup(" <a class=\"quiet\" href=\"file/exchange/journal-file?ledger=").text(ledger.id);
        sheet.markup("&amp;format=").markup(format).markup("\">").say(label).markup("</a>");
    }
    sheet.markup("</p></section>");
    if !Roles::of(sheet.host).keeps {
        return Ok(());
    }
    sheet.markup("<h2>").say("lists-in").markup("</h2>");
    if ledger.status != LedgerStatus::Opening {
        sheet.markup("<p>").say("lists-in-closed").markup("</p>");
        return Ok(());
    }
    sheet.markup("<p>").say("lists-in-help").markup("</p>");
    part(
        sheet,
        &ledger,
        "list-accounts",
        ACCOUNTS_HEADER,
        ["exchange.check-accounts", "exchange.import-accounts"],
    );
    part(
        sheet,
        &ledger,
        "list-transfers",
        TRANSFERS_HEADER,
        ["exchange.check-transfers", "exchange.import-transfers"],
    );
    Ok(())
}

/// Looking first, then bringing in: the first says for each line what is wrong with it and changes nothing.
fn part(
    sheet: &mut Sheet<'_>,
    ledger: &Ledger,
    title: &'static str,
    header: &'static str,
    actions: [&'static str; 2],
) {
    sheet
        .markup("<section class=\"card\"><h3>")
        .say(title)
        .markup("</h3><p class=\"soft\">")
        .say("list-header");
    sheet.markup(" <code>").markup(header).markup("</code></p>");
    let labels = ["list-check", "list-bring"];
    for ((action, label), field) in actions.into_iter().zip(labels).zip(["look", "bring"]) {
        sheet.markup("<form action=\"").markup(action).markup("\">").hidden("ledger", ledger.id);
        sheet
            .markup("<div class=\"item\"><label for=\"")
            .markup(title)
            .markup("-")
            .markup(field)
            .markup("\">");
        sheet.say(label).markup("</label><textarea id=\"").markup(title).markup("-").markup(field);
        sheet.markup(
            "\" name=\"csv\" rows=\"4\" required></textarea></div><p class=\"actions\"><button class=\"",
        );
        sheet.markup(if field == "look" { "quiet" } else { "primary" }).markup("\">").say(label);
        sheet.markup("</button></p></form>");
    }
    sheet.markup("</section>");
}
