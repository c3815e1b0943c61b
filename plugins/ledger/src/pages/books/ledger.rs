//! One ledger: its trial balance, and what the community decides about it.

use super::{kind, status};
use crate::books;
use crate::model::{Ledger, LedgerStatus, Settings, Visibility, to_amount};
use crate::pages::PageError;
use crate::pages::sheet::{Roles, Sheet};

pub(super) fn write(sheet: &mut Sheet<'_>) -> Result<(), PageError> {
    sheet.title = "title-ledger";
    let ledger = sheet.ledger()?;
    let id = ledger.id;
    let keeps = Roles::of(sheet.host).keeps;
    sheet.markup("<p class=\"lead\">").text(&ledger.name).markup(" <span class=\"tag\">").text(&ledger.unit);
    sheet
        .markup("</span> <span class=\"tag\">")
        .say(kind(ledger.kind))
        .markup("</span> <span class=\"tag\">");
    sheet.say(status(&ledger)).markup("</span></p><p class=\"actions\">");
    sheet.link("books/accounts", id, "accounts", "primary");
    if keeps && ledger.status != LedgerStatus::Closed {
        sheet.link("books/open", id, "open-account", "quiet");
    }
    sheet.link("books/lists", id, "lists", "quiet").link("prints", id, "prints", "quiet");
    sheet.link("circulation", id, "nav-circulation", "quiet").markup("</p>");
    trial(sheet, &ledger);
    let settings = books::get_settings(sheet.host, id).map_err(|_| PageError::NotFound)?;
    if keeps && ledger.status != LedgerStatus::Closed {
        decisions(sheet, &ledger, settings);
    }
    Ok(())
}

/// The proof that the ledger sums to zero.
fn trial(sheet: &mut Sheet<'_>, ledger: &Ledger) {
    let Ok(trial) = books::get_trial_balance(sheet.host, ledger.id) else {
        sheet.markup("<p class=\"bad\">").say("trial-overflow").markup("</p>");
        return;
    };
    let sums = trial.sums;
    let balance = sums.balance();
    sheet.markup("<section class=\"card\"><h2>").say("trial").markup("</h2><p class=\"");
    sheet.markup(if balance == 0 { "good\">" } else { "bad\">" });
    sheet.say(if balance == 0 { "trial-zero" } else { "trial-wrong" }).markup("</p><table><tbody>");
    for (label, number) in [("trial-accounts", trial.accounts), ("trial-transfers", trial.transfers)] {
        sheet.markup("<tr><th scope=\"row\">").say(label).markup("</th><td class=\"num\">").text(number);
        sheet.markup("</td></tr>");
    }
    for (label, sum) in [
        ("trial-debits", sums.debits_posted),
        ("trial-credits", sums.credits_posted),
        ("trial-pending", sums.debits_pending),
    ] {
        sheet.markup("<tr><th scope=\"row\">").say(label).markup("</th><td class=\"num\">");
        sheet.money(ledger, to_amount(sum).into()).markup("</td></tr>");
    }
    sheet.markup("<tr><th scope=\"row\">").say("trial-balance").markup("</th><td class=\"num\"><strong>");
    sheet.money(ledger, balance.into()).markup("</strong></td></tr></tbody></table></section>");
}

fn decisions(sheet: &mut Sheet<'_>, ledger: &Ledger, settings: Settings) {
    let here = format!("books/ledger?ledger={}", ledger.id);
    sheet.markup("<h2>").say("decided").markup("</h2>");
    if ledger.status == LedgerStatus::Opening {
        sheet
            .markup("<section class=\"card\"><h3>")
            .say("open-ledger")
            .markup("</h3><p>")
            .say("open-ledger-help");
        sheet.markup("</p>").form("books.open-ledger", &here).hidden("ledger", ledger.id).send("open-ledger");
        sheet.markup("</section>");
    }
    sheet.markup("<section class=\"card\"><h3>").say("joining").markup("</h3><p>");
    sheet.say(if settings.joining.is_some() { "joining-on" } else { "joining-off" }).markup("</p>");
    sheet.form("books.set-joining", &here).hidden("ledger", ledger.id);
    sheet.markup(
        "<div class=\"item\"><label class=\"row\"><input type=\"checkbox\" name=\"joining\" value=\"true\"",
    );
    if settings.joining.is_some() {
        sheet.markup(" checked");
    }
    sheet.markup("> <span>").say("found-joining").markup("</span></label></div>");
    let limits = settings.joining.unwrap_or_default();
    sheet.amount("credit", "limit-credit", Some("limit-help"), ledger, limits.credit);
    sheet.amount("upper", "limit-upper", None, ledger, limits.upper);
    sheet.send("save").markup("</section><section class=\"card\"><h3>").say("visibility").markup("</h3>");
    sheet.form("books.set-visibility", &here).hidden("ledger", ledger.id);
    let chosen = match settings.visibility {
        Visibility::Owner => "owner",
        Visibility::Members => "members",
        Visibility::Public => "public",
    };
    let options =
        [("owner", "visibility-own"), ("members", "visibility-members"), ("public", "visibility-public")];
    sheet.choice("visibility", "visibility-who", &options, chosen);
    sheet.send("save").markup("</section><section class=\"card\"><h3>").say("counter").markup("</h3><p>");
    sheet.say("counter-about").markup("</p>").form("books.set-counter", &here).hidden("ledger", ledger.id);
    sheet.amount("ceiling", "counter-ceiling", Some("counter-ceiling-help"), ledger, settings.counter);
    sheet.send("save").markup("</section><section class=\"card\"><details><summary>").say("seal");
    sheet.markup("</summary><p>").say("seal-help").markup("</p>");
    if let Some(day) = ledger.sealed_through {
        let day = day.to_string();
        sheet.markup("<p>").with("sealed-through", &[("day", &day)]).markup("</p>");
    }
    sheet.form("books.seal-period", &here).hidden("ledger", ledger.id);
    sheet.field("through", "seal-through", None, "type=\"date\" required", "").send("seal");
    sheet.markup("</details></section><section class=\"card\"><details><summary>").say("close-ledger");
    sheet.markup("</summary><p class=\"warn\">").say("close-ledger-help").markup("</p>");
    sheet.form("books.close-ledger", &here).hidden("ledger", ledger.id).send("close-ledger");
    sheet.markup("</details></section>");
}
