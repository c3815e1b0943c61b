//! Payments that wait: accepted or declined by who receives, paid out at once by who pays.

use super::{Own, Scene};
use crate::host::Host;
use crate::model::{PendingStatus, Side};
use crate::statement::{Filter, Line, statement};

/// Payments of an account that are looked through for those that wait.
const LOOKED_AT: u32 = 200;

pub(super) fn write(scene: &mut Scene<'_>) {
    scene.title = "title-pending";
    scene.switch("pending");
    let lead = scene.words.say("pending-lead");
    scene.html.markup("<p class=\"lead\">").text(&lead).markup("</p>");
    let chosen = scene.chosen.clone();
    let lines = waiting(scene.host, &chosen);
    if lines.is_empty() {
        let words = scene.words.say("pending-none");
        scene.html.markup("<p class=\"soft\">").text(&words).markup("</p>");
    }
    for (side, title) in [(Side::Credit, "pending-to-you"), (Side::Debit, "pending-from-you")] {
        if !lines.iter().any(|line| line.side == side) {
            continue;
        }
        let title = scene.words.say(title);
        scene.html.markup("<h2>").text(&title).markup("</h2><ul class=\"items\">");
        for line in lines.iter().filter(|line| line.side == side) {
            scene.line(line);
            scene.html.markup("<li class=\"item actions\">");
            match side {
                Side::Credit => {
                    settle(scene, line, "post-pending", "accept");
                    settle(scene, line, "void-pending", "decline");
                }
                Side::Debit => settle(scene, line, "post-pending", "pay-out"),
            }
            scene.html.markup("</li>");
        }
        scene.html.markup("</ul>");
    }
}

/// A button that posts or voids a reservation: a whole transfer, all of its fields given.
fn settle(scene: &mut Scene<'_>, line: &Line, kind: &'static str, label: &'static str) {
    let transfer = &line.transfer.transfer;
    let (id, debit, credit) =
        (transfer.id.to_string(), transfer.debit.to_string(), transfer.credit.to_string());
    let keep = scene.keep_account();
    scene.html.markup("<form action=\"transfers.submit\" return=\"pending").text(&keep).markup("\">");
    let payload = format!("transfer.kind.{kind}");
    let fields = [
        ("transfer.id", "new"),
        ("transfer.debit", &debit),
        ("transfer.credit", &credit),
        ("transfer.amount", "0"),
        ("transfer.kind", kind),
        (&payload, &id),
        ("transfer.code", "0"),
    ];
    for (name, value) in fields {
        scene
            .html
            .markup("<input type=\"hidden\" name=\"")
            .text(name)
            .markup("\" value=\"")
            .text(value)
            .markup("\">");
    }
    let words = scene.words.say(label);
    let class = if label == "decline" { "<button class=\"quiet\">" } else { "<button class=\"primary\">" };
    scene.html.markup(class).text(&words).markup("</button></form>");
}

/// How many wait. Looks only where the account says that something does.
pub(super) fn count(host: &mut dyn Host, own: &Own) -> usize {
    let sums = &own.account.sums;
    if sums.debits_pending == 0 && sums.credits_pending == 0 { 0 } else { waiting(host, own).len() }
}

fn waiting(host: &mut dyn Host, own: &Own) -> Vec<Line> {
    let page = statement(host, own.account.id, &Filter::default(), LOOKED_AT, None).unwrap_or_default();
    let waits = |line: &Line| line.transfer.status == Some(PendingStatus::Pending);
    page.lines.into_iter().filter(waits).collect()
}
