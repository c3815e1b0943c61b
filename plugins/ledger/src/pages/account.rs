//! About an account: how far it may go, who decided that, and how it went.

use super::{Scene, counter};
use crate::books;
use crate::rows;
use crate::statement::{Filter, statement};

/// Payments that the chart looks back.
const LOOKED_BACK: u32 = 120;
/// Changes of limits that are shown.
const CHANGES: usize = 10;

pub(super) fn write(scene: &mut Scene<'_>) {
    scene.title = "title-account";
    scene.switch("account");
    facts(scene);
    chart(scene);
    changes(scene);
    // A card is for where there is a counter.
    let chosen = &scene.chosen;
    if rows::settings(scene.host, chosen.ledger.id).counter.is_some() {
        let (owner, keep) = (chosen.account.owner, scene.keep_account());
        scene.part(|sheet| counter::own_card(sheet, owner, &format!("account{keep}")));
    }
}

fn facts(scene: &mut Scene<'_>) {
    let account = scene.chosen.account.clone();
    let labels = ["account-code", "account-owner", "account-opened", "account-credit", "account-upper"];
    let labels = labels.map(|id| scene.words.say(id));
    let [code, owner, opened, credit, upper] = &labels;
    scene
        .html
        .markup("<section class=\"card\"><dl class=\"grid\"><div><dt>")
        .text(code)
        .markup("</dt><dd><code>");
    scene.html.text(&account.code).markup("</code></dd></div><div><dt>").text(owner).markup("</dt><dd>");
    scene.party(account.owner, &account.code);
    scene
        .html
        .markup("</dd></div><div><dt>")
        .text(opened)
        .markup("</dt><dd><h-time format=\"date\" value=\"");
    scene.html.text(account.opened).markup("\"></h-time></dd></div><div><dt>").text(credit);
    scene.html.markup("</dt><dd>");
    limit(scene, account.limits.credit);
    scene.html.markup("</dd></div><div><dt>").text(upper).markup("</dt><dd>");
    limit(scene, account.limits.upper);
    scene.html.markup("</dd></div></dl></section>");
}

fn limit(scene: &mut Scene<'_>, limit: Option<u64>) {
    if let Some(limit) = limit {
        scene.money(i128::from(limit), false);
    } else {
        let words = scene.words.say("no-limit");
        scene.html.text(&words);
    }
}

/// The balance at the end of each day on which something moved.
fn chart(scene: &mut Scene<'_>) {
    let page = statement(scene.host, scene.chosen.account.id, &Filter::default(), LOOKED_BACK, None);
    let lines = page.map(|page| page.lines).unwrap_or_default();
    let mut days: Vec<(String, i64)> = Vec::new();
    // Newest first, so the first line of a day is its end.
    for line in &lines {
        let day = line.transfer.transfer.recorded_day.to_string();
        if days.last().is_none_or(|(known, _)| *known != day) {
            days.push((day, line.balance));
        }
    }
    if days.len() < 2 {
        return;
    }
    let words = ["account-balances", "chart-day", "chart-balance"].map(|id| scene.words.say(id));
    let [title, day, balance] = &words;
    let (unit, scale) = (scene.chosen.ledger.unit.clone(), scene.chosen.ledger.scale.to_string());
    scene.html.markup("<h-chart kind=\"line\" scale=\"").text(&scale).markup("\" unit=\"").text(&unit);
    scene
        .html
        .markup("\"><table><caption>")
        .text(title)
        .markup("</caption><tr><th>")
        .text(day)
        .markup("</th><th>");
    scene.html.text(balance).markup("</th></tr>");
    for (day, balance) in days.iter().rev() {
        scene.html.markup("<tr><th>").text(day).markup("</th><td>").text(balance).markup("</td></tr>");
    }
    scene.html.markup("</table></h-chart>");
}

fn changes(scene: &mut Scene<'_>) {
    let changes = books::limit_changes(scene.host, scene.chosen.account.id).unwrap_or_default();
    if changes.is_empty() {
        return;
    }
    let ids = ["limits-changed", "limits-when", "limits-by", "account-credit", "account-upper", "decision"];
    let words = ids.map(|id| scene.words.say(id));
    let [title, when, by, credit, upper, decision] = &words;
    scene.html.markup("<h2>").text(title).markup("</h2><table><thead><tr>");
    for word in [when, by, credit, upper] {
        scene.html.markup("<th scope=\"col\">").text(word).markup("</th>");
    }
    scene.html.markup("</tr></thead><tbody>");
    for change in changes.iter().take(CHANGES) {
        scene.html.markup("<tr><td><h-time format=\"date\" value=\"").text(change.at);
        scene.html.markup("\"></h-time></td><td>");
        match change.by {
            Some(by) => scene.party(by, ""),
            None => {
                scene.html.text(decision);
            }
        }
        scene.html.markup("</td><td>");
        limit(scene, change.limits.credit);
        scene.html.markup("</td><td>");
        limit(scene, change.limits.upper);
        scene.html.markup("</td></tr>");
    }
    scene.html.markup("</tbody></table>");
}
