//! Paying: to whom, how much, what for. A link from [`super::ask`] comes with all of it filled in.

use super::{Scene, overview, value};
use crate::model::written_amount;

/// Members that the field offers to choose from; whoever is not among them is typed.
pub(super) const OFFERED_MAX: u32 = 200;

pub(super) fn write(scene: &mut Scene<'_>) {
    scene.title = "title-pay";
    scene.switch("pay");
    overview::week(scene);
    scene.html.markup("<h-scan></h-scan>");
    form(scene);
}

/// The form, with what the link filled in.
pub(super) fn form(scene: &mut Scene<'_>) {
    let to = value(scene.request, "to").unwrap_or_default().to_owned();
    let amount = value(scene.request, "amount").unwrap_or_default().to_owned();
    let memo = value(scene.request, "memo").unwrap_or_default().to_owned();
    let (unit, scale) = (scene.chosen.ledger.unit.clone(), scene.chosen.ledger.scale);
    let code = scene.chosen.account.code.clone();
    let keep = scene.keep_account();
    scene.html.markup("<section class=\"card\"><form action=\"transfers.pay\" return=\"./").text(&keep);
    scene.html.markup("\"><input type=\"hidden\" name=\"id\" value=\"new\">");
    for (name, value) in [("payer", &code), ("unit", &unit)] {
        scene.html.markup("<input type=\"hidden\" name=\"").text(name).markup("\" value=\"").text(value);
        scene.html.markup("\">");
    }
    if let Some(party) = to.strip_prefix('@').and_then(|handle| scene.host.party_by_handle(handle)) {
        let words = scene.words.say("pay-to-chosen");
        scene.html.markup("<p class=\"lead\">").text(&words).markup(" ");
        scene.party(party.id, &party.name);
        scene.html.markup("</p>");
    }
    field_to(scene, &to);
    let example = written_amount(1_250, scale).replace('.', &scene.words.decimal().to_string());
    let label = scene.words.with("pay-amount", &[("unit", &unit)]);
    let help = scene.words.with("pay-amount-help", &[("example", &example)]);
    scene
        .html
        .markup("<div class=\"item\"><label for=\"amount\">")
        .text(&label)
        .markup("</label><p class=\"soft\">");
    scene.html.text(&help).markup("</p><input id=\"amount\" name=\"amount\" inputmode=\"decimal\" autocomplete=\"off\" required value=\"");
    scene.html.text(&amount).markup("\"></div>");
    let (label, help) = (scene.words.say("pay-memo"), scene.words.say("pay-memo-help"));
    scene
        .html
        .markup("<div class=\"item\"><label for=\"memo\">")
        .text(&label)
        .markup("</label><p class=\"soft\">");
    scene
        .html
        .text(&help)
        .markup("</p><input id=\"memo\" name=\"memo\" maxlength=\"300\" autocomplete=\"off\" value=\"");
    scene.html.text(&memo).markup("\"></div>");
    let (from, send) = (scene.words.say("pay-from"), scene.words.say("pay-send"));
    scene.html.markup("<p class=\"soft\">").text(&from).markup(" ").text(&code).markup(" · ");
    scene.money(i128::from(scene.chosen.account.balance()), false);
    scene.html.markup("</p><p class=\"actions\"><button class=\"primary\">").text(&send);
    scene.html.markup("</button></p></form></section>");
}

fn field_to(scene: &mut Scene<'_>, to: &str) {
    let (label, help) = (scene.words.say("pay-to"), scene.words.say("pay-to-help"));
    scene
        .html
        .markup("<div class=\"item\"><label for=\"payee\">")
        .text(&label)
        .markup("</label><p class=\"soft\">");
    scene.html.text(&help).markup(
        "</p><input id=\"payee\" name=\"payee\" list=\"people\" autocomplete=\"off\" required value=\"",
    );
    scene.html.text(to).markup("\"><datalist id=\"people\">");
    for party in scene.host.parties(OFFERED_MAX) {
        if party.id == scene.chosen.account.owner {
            continue;
        }
        scene
            .html
            .markup("<option value=\"@")
            .text(&party.handle)
            .markup("\">")
            .text(&party.name)
            .markup("</option>");
    }
    scene.html.markup("</datalist></div>");
}
