//! Asking for money: a link and a QR code that open the payment, filled in.

use super::{Scene, value};

pub(super) fn write(scene: &mut Scene<'_>) {
    scene.title = "title-request";
    scene.switch("request");
    let amount = value(scene.request, "amount").unwrap_or_default().to_owned();
    let memo = value(scene.request, "memo").unwrap_or_default().to_owned();
    let lead = scene.words.say("ask-lead");
    scene.html.markup("<p class=\"lead\">").text(&lead).markup("</p>");
    code(scene, &amount, &memo);
    let unit = scene.chosen.ledger.unit.clone();
    let label = scene.words.with("ask-amount", &[("unit", &unit)]);
    scene.html.markup("<section class=\"card\"><form action=\"./request\">");
    scene.hidden_account();
    scene.html.markup("<div class=\"item\"><label for=\"amount\">").text(&label);
    scene.html.markup(
        "</label><input id=\"amount\" name=\"amount\" inputmode=\"decimal\" autocomplete=\"off\" value=\"",
    );
    let (label, make) = (scene.words.say("ask-memo"), scene.words.say("ask-make"));
    scene.html.text(&amount).markup("\"></div><div class=\"item\"><label for=\"memo\">").text(&label);
    scene
        .html
        .markup("</label><input id=\"memo\" name=\"memo\" maxlength=\"300\" autocomplete=\"off\" value=\"")
        .text(&memo);
    scene.html.markup("\"></div><p class=\"actions\"><button class=\"primary\">").text(&make);
    scene.html.markup("</button></p></form></section>");
}

/// Where whoever pays goes: by the owner's handle, so that the code on a shop's wall lasts.
fn code(scene: &mut Scene<'_>, amount: &str, memo: &str) {
    let owner = scene.chosen.account.owner;
    let Some(party) = scene.host.party(owner) else { return };
    let words = [scene.words.say("ask-code"), scene.words.say("ask-scan"), scene.words.say("ask-link")];
    let [title, scan, link] = &words;
    scene.html.markup("<section class=\"card\"><h2>").text(title).markup("</h2>");
    if !amount.is_empty() || !memo.is_empty() {
        scene.html.markup("<p class=\"lead\">").text(amount).markup(" ");
        let unit = scene.chosen.ledger.unit.clone();
        if !amount.is_empty() {
            scene.html.text(&unit);
        }
        scene.html.markup(" ").text(memo).markup("</p>");
    }
    scene.html.markup("<h-qr label=\"").text(scan).markup("\" href=\"");
    address(scene, &party.handle, amount, memo);
    scene.html.markup("\"></h-qr><p><a href=\"");
    address(scene, &party.handle, amount, memo);
    scene.html.markup("\">").text(link).markup("</a></p></section>");
}

fn address(scene: &mut Scene<'_>, handle: &str, amount: &str, memo: &str) {
    scene.html.markup("pay?to=%40").query(handle);
    if !amount.is_empty() {
        scene.html.markup("&amp;amount=").query(amount);
    }
    if !memo.is_empty() {
        scene.html.markup("&amp;memo=").query(memo);
    }
}
