//! The first page: what she has, what that means, and what happened lately.

use super::{Own, Scene, parts, pay};
use crate::model::{AccountStatus, LedgerKind, LedgerStatus};
use crate::posting::week_of;
use crate::statement::{Filter, statement};

/// Payments that are shown.
const RECENT: u32 = 8;

pub(super) fn write(scene: &mut Scene<'_>) {
    scene.title = "title-overview";
    scene.switch("");
    week(scene);
    balance(scene);
    let keep = scene.keep_account();
    scene.html.markup("<p class=\"actions\"><a class=\"primary\" href=\"pay").text(&keep).markup("\">");
    let words = [scene.words.say("nav-pay"), scene.words.say("nav-request")];
    let [pay, ask] = &words;
    scene.html.text(pay).markup("</a> <a class=\"quiet\" href=\"request").text(&keep).markup("\">");
    scene.html.text(ask).markup("</a></p><h2>");
    let recent = scene.words.say("recent");
    scene.html.text(&recent).markup("</h2>");
    let page = statement(scene.host, scene.chosen.account.id, &Filter::default(), RECENT, None);
    let page = page.unwrap_or_default();
    if page.lines.is_empty() {
        let words = scene.words.say("nothing-yet");
        scene.html.markup("<p class=\"soft\">").text(&words).markup("</p>");
        // Somebody who has just come in finds her first payment here.
        let own = &scene.chosen;
        if own.ledger.status == LedgerStatus::Open
            && own.account.status == AccountStatus::Open
            && own.account.available() != Some(0)
        {
            let title = scene.words.say("first-payment");
            scene.html.markup("<h2>").text(&title).markup("</h2>");
            pay::form(scene);
        }
        return;
    }
    scene.html.markup("<h-live><ul class=\"items\">");
    for line in &page.lines {
        scene.line(line);
    }
    let all = scene.words.say("all-lines");
    scene
        .html
        .markup("</ul></h-live><p><a href=\"statement")
        .text(&keep)
        .markup("\">")
        .text(&all)
        .markup("</a></p>");
}

/// The balance, the sentence for its case, and what else counts.
fn balance(scene: &mut Scene<'_>) {
    let account = scene.chosen.account.clone();
    let name = scene.chosen.ledger.name.clone();
    scene.html.markup("<h-live><section class=\"card\"><p class=\"soft\">").text(&name);
    if account.owner != scene.person {
        scene.html.markup(" · ");
        scene.party(account.owner, &account.code);
    }
    scene.html.markup("</p><p class=\"big\">");
    scene.money(i128::from(account.balance()), false);
    let sentence = sentence(scene);
    scene.html.markup("</p><p>").text(&sentence).markup("</p>");
    let facts = [
        (
            "left-to-spend",
            account.available().filter(|_| account.status == AccountStatus::Open).map(i128::from),
        ),
        ("reserved", i128::try_from(account.sums.debits_pending).ok().filter(|sum| *sum > 0)),
        ("coming", i128::try_from(account.sums.credits_pending).ok().filter(|sum| *sum > 0)),
    ];
    scene.html.markup("<dl class=\"grid\">");
    for (label, amount) in facts {
        let Some(amount) = amount else { continue };
        let label = scene.words.say(label);
        scene.html.markup("<div class=\"stat\"><dt>").text(&label).markup("</dt><dd>");
        scene.money(amount, false);
        scene.html.markup("</dd></div>");
    }
    scene.html.markup("</dl></section></h-live>");
}

/// In the week after a recovery: what is left of what is usual.
pub(super) fn week(scene: &mut Scene<'_>) {
    let account = scene.chosen.account.clone();
    let Some(week) = week_of(scene.host, &account) else { return };
    let left = scene.amount_words(week.left());
    let (now, today) = (scene.host.now(), scene.host.today());
    let until = week.over_by(now, today).to_string();
    let words = scene.words.with("week-after-recovery", &[("left", &left), ("until", &until)]);
    scene.html.markup("<p class=\"card warn\">").text(&words).markup("</p>");
}

/// One sentence for the case that the balance is in.
fn sentence(scene: &Scene<'_>) -> String {
    let Own { account, ledger } = &scene.chosen;
    let words = &scene.words;
    match (ledger.status, account.status) {
        (LedgerStatus::Opening, _) => return words.say("ledger-opening"),
        (LedgerStatus::Closed, _) => return words.say("ledger-closed"),
        (_, AccountStatus::Suspended) => return words.say("suspended"),
        (_, AccountStatus::Closed) => return words.say("closed"),
        _ => {}
    }
    let owed = matches!(ledger.kind, LedgerKind::MutualCredit | LedgerKind::Hours);
    let (balance, left) = (account.balance(), account.available());
    match (owed, balance) {
        (true, 1..) => words.say("credit-plus"),
        (true, 0) => match left {
            Some(0) => words.say("credit-zero-none"),
            Some(left) => words.with("credit-zero", &[("credit", &scene.amount_words(left))]),
            None => words.with("credit-zero", &[("credit", &words.say("no-limit"))]),
        },
        (true, _) if left == Some(0) => words.say("credit-limit"),
        (true, _) if parts::is_near(account) => {
            words.with("credit-near", &[("left", &scene.amount_words(left.unwrap_or_default()))])
        }
        (true, _) => words.say("credit-minus"),
        (false, 1..) => words.say("plain-plus"),
        (false, 0) => words.say("plain-zero"),
        (false, _) => words.say("plain-minus"),
    }
}
