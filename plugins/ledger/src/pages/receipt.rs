//! A receipt: one payment, to be shown or printed.

use super::PageError;
use super::sheet::Sheet;
use crate::counter;
use crate::errors::LookupError;
use crate::rows;
use crate::statement;

pub(super) fn write(sheet: &mut Sheet<'_>) -> Result<(), PageError> {
    sheet.title = "title-receipt";
    let at_counter = sheet.given("transfer").is_none();
    let asked = match sheet.given("transfer") {
        Some(id) => id.parse().ok(),
        // What was entered at this desk last.
        None => counter::desk(sheet.host).and_then(|desk| desk.last),
    };
    let Some(id) = asked else { return Err(PageError::NotFound) };
    let view = statement::get(sheet.host, id).map_err(|error| match error {
        LookupError::NoMandate => PageError::Refused(sheet.words.say("receipt-not-yours")),
        _ => PageError::NotFound,
    })?;
    let transfer = &view.transfer;
    let ledger = rows::ledger(sheet.host, view.ledger).ok_or(PageError::NotFound)?;
    let sides = [transfer.debit, transfer.credit].map(|id| rows::account(sheet.host, id));
    let [Some(debit), Some(credit)] = sides else { return Err(PageError::NotFound) };
    sheet
        .markup("<section class=\"card\"><p class=\"soft\">")
        .text(&ledger.name)
        .markup("</p><p class=\"big\">");
    sheet
        .money(&ledger, transfer.amount.into())
        .markup("</p><dl><dt>")
        .say("receipt-from")
        .markup("</dt><dd>");
    sheet
        .owner(&debit)
        .markup("</dd><dt>")
        .say("receipt-to")
        .markup("</dt><dd>")
        .owner(&credit)
        .markup("</dd>");
    if let Some(memo) = &view.memo {
        sheet.markup("<dt>").say("pay-memo").markup("</dt><dd>").text(memo).markup("</dd>");
    }
    if let Some(reference) = &transfer.reference {
        sheet.markup("<dt>").say("receipt-reference").markup("</dt><dd>").text(reference).markup("</dd>");
    }
    sheet
        .markup("<dt>")
        .say("receipt-when")
        .markup("</dt><dd>")
        .time(transfer.recorded, "datetime")
        .markup("</dd>");
    if let Some(actor) = transfer.actor {
        sheet.markup("<dt>").say("receipt-by").markup("</dt><dd>").party(actor, "?").markup("</dd>");
    }
    sheet
        .markup("<dt>")
        .say("receipt-number")
        .markup("</dt><dd><code>")
        .text(transfer.id)
        .markup("</code></dd></dl>");
    sheet.markup("</section>");
    if at_counter {
        sheet.markup("<p class=\"actions\"><a class=\"primary\" href=\"counter\">").say("counter-next");
        sheet.markup("</a></p>");
    }
    Ok(())
}
