//! The money as a whole, for every member: how much there is, how it moves, how many stand where. It names nobody whose
//! balance the viewer may not see.

use super::PageError;
use super::sheet::Sheet;
use crate::books;
use crate::circulation::{Circulation, circulation};
use crate::model::{Account, Ledger};

/// Largest balances that are shown, above zero and below.
const LARGEST: usize = 5;

pub(super) fn write(sheet: &mut Sheet<'_>) -> Result<(), PageError> {
    sheet.title = "title-circulation";
    let ledger = sheet.ledger()?;
    sheet.switch("circulation", &ledger);
    let found = circulation(sheet.host, ledger.id).map_err(|_| PageError::NotFound)?;
    sheet
        .markup("<section class=\"card\"><p class=\"soft\">")
        .text(&ledger.name)
        .markup("</p><p class=\"big\">");
    sheet.money(&ledger, i128::try_from(found.circulating).unwrap_or(i128::MAX)).markup("</p><p>");
    sheet.say("circulating-is").markup("</p><dl class=\"grid\">");
    for (label, count) in ["stand-plus", "stand-zero", "stand-minus"].into_iter().zip(found.counts) {
        sheet
            .markup("<div class=\"stat\"><dt>")
            .say(label)
            .markup("</dt><dd>")
            .text(count)
            .markup("</dd></div>");
    }
    if let Some(tenths) = found.velocity_tenths() {
        let point = sheet.words.decimal();
        sheet.markup("<div class=\"stat\"><dt>").say("velocity").markup("</dt><dd>");
        let written = format!("{}{point}{}", tenths / 10, tenths % 10);
        sheet.with("velocity-times", &[("times", &written)]).markup("</dd></div>");
    }
    sheet.markup("</dl></section>");
    months(sheet, &ledger, &found);
    largest(sheet, &ledger, &found);
    Ok(())
}

fn months(sheet: &mut Sheet<'_>, ledger: &Ledger, found: &Circulation) {
    if found.months.len() < 2 {
        sheet.markup("<p class=\"soft\">").say("months-few").markup("</p>");
        return;
    }
    for (kind, title, value) in [("line", "chart-circulating", 0), ("bar", "chart-paid", 1)] {
        sheet
            .markup("<h-chart kind=\"")
            .markup(kind)
            .markup("\" scale=\"")
            .text(ledger.scale)
            .markup("\" unit=\"");
        sheet.text(&ledger.unit).markup("\"><table><caption>").say(title).markup("</caption><tr><th>");
        sheet.say("chart-month").markup("</th><th>").say(title).markup("</th></tr>");
        for month in &found.months {
            let (year, of_year, _) = month.end.date();
            let amount = if value == 0 { month.circulating } else { month.paid };
            sheet
                .markup("<tr><th>")
                .text(format_args!("{year}-{of_year:02}"))
                .markup("</th><td>")
                .text(amount);
            sheet.markup("</td></tr>");
        }
        sheet.markup("</table></h-chart>");
    }
}

fn largest(sheet: &mut Sheet<'_>, ledger: &Ledger, found: &Circulation) {
    let named = books::are_visible(sheet.host, ledger.id);
    let above: Vec<&Account> =
        found.accounts.iter().take_while(|account| account.balance() > 0).take(LARGEST).collect();
    let below: Vec<&Account> =
        found.accounts.iter().rev().take_while(|account| account.balance() < 0).take(LARGEST).collect();
    if above.is_empty() {
        return;
    }
    sheet.markup("<h2>").say("largest").markup("</h2>");
    if !named {
        sheet.markup("<p class=\"soft\">").say("largest-unnamed").markup("</p>");
    }
    sheet.markup("<ul class=\"items\">");
    for account in above.into_iter().chain(below) {
        sheet.markup("<li class=\"item spread\"><div>");
        if named {
            sheet.owner(account);
        } else {
            sheet.markup("<span class=\"soft\">").say("somebody").markup("</span>");
        }
        sheet
            .markup("</div><div class=\"num\">")
            .money(ledger, account.balance().into())
            .markup("</div></li>");
    }
    sheet.markup("</ul>");
}
