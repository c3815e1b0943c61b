//! The counter: somebody without a phone, her card, her PIN, and the payments of her paper slips.

use super::PageError;
use super::sheet::{Roles, Sheet};
use crate::counter;
use crate::model::{Card, Desk, Id};
use crate::rows;

pub(super) fn write(sheet: &mut Sheet<'_>) -> Result<(), PageError> {
    sheet.title = "title-counter";
    if !Roles::of(sheet.host).counter {
        return sheet.refuse("for-counter");
    }
    let Some(person) = sheet.person() else { return Err(PageError::SignInNeeded) };
    match counter::present(sheet.host, person) {
        Some((desk, party)) => somebody(sheet, &desk, party),
        None => nobody(sheet),
    }
    Ok(())
}

/// Nobody is here: a card and its PIN.
fn nobody(sheet: &mut Sheet<'_>) {
    if let Some(left) = counter::desk(sheet.host).and_then(|desk| desk.wrong_left) {
        let left = left.to_string();
        sheet.markup("<p class=\"bad\" role=\"alert\">");
        match left.as_str() {
            "0" => sheet.say("pin-blocked"),
            _ => sheet.with("pin-wrong", &[("left", &left)]),
        };
        sheet.markup("</p>");
    }
    sheet.markup("<p class=\"lead\">").say("counter-lead").markup("</p><section class=\"card\">");
    let card = sheet.given("card").unwrap_or_default();
    sheet.form("counter.identify", "counter");
    sheet.field(
        "card",
        "card-number-field",
        Some("card-number-help"),
        "inputmode=\"numeric\" required autocomplete=\"off\"",
        card,
    );
    sheet.field("pin", "pin", None, PIN, "").send("counter-open").markup("</section>");
    sheet.markup("<section class=\"card\"><details><summary>").say("pin-first").markup("</summary><p>");
    sheet.say("pin-first-help").markup("</p>").form("counter.set-pin", "counter");
    sheet.markup("<div class=\"item\"><label for=\"new-card\">").say("card-number-field");
    sheet.markup("</label><input id=\"new-card\" name=\"card\" inputmode=\"numeric\" required autocomplete=\"off\"></div>");
    sheet
        .markup("<div class=\"item\"><label for=\"new-pin\">")
        .say("pin")
        .markup("</label><p class=\"soft\">");
    sheet
        .say("pin-help")
        .markup("</p><input id=\"new-pin\" name=\"pin\" class=\"secret\" inputmode=\"numeric\" ");
    sheet.markup("required minlength=\"4\" maxlength=\"8\" autocomplete=\"off\"></div>").send("pin-set");
    sheet.markup("</details></section>");
}

const PIN: &str =
    "class=\"secret\" inputmode=\"numeric\" required minlength=\"4\" maxlength=\"8\" autocomplete=\"off\"";

/// She is here: what she has, and a slip.
fn somebody(sheet: &mut Sheet<'_>, desk: &Desk, party: Id) {
    let number = desk.card.to_string();
    sheet.markup("<section class=\"card\"><p class=\"soft\">").with("counter-here", &[("number", &number)]);
    sheet.markup("</p><p class=\"lead\">").party(party, "?").markup("</p>");
    let accounts = counter::accounts_of(sheet.host, party);
    if accounts.is_empty() {
        sheet.markup("<p class=\"warn\">").say("counter-no-account").markup("</p>");
    }
    // One account at a time: the one that was asked for, or the first.
    let asked = sheet.given("account").and_then(|id| id.parse().ok());
    let chosen = accounts.iter().position(|account| asked == Some(account.id)).unwrap_or(0);
    for (number, account) in accounts.iter().enumerate() {
        let Some(ledger) = rows::ledger(sheet.host, account.ledger) else { continue };
        if number != chosen {
            sheet.markup("<p><a href=\"counter?account=").text(account.id).markup("\">").text(&ledger.name);
            sheet.markup("</a></p>");
            continue;
        }
        sheet.markup("<p class=\"big\">").money(&ledger, account.balance().into()).markup("</p>");
        sheet.form("counter.pay-slip", "receipt").hidden("id", "new").hidden("unit", &ledger.unit);
        sheet.field(
            "slip",
            "slip-number",
            Some("slip-number-help"),
            "inputmode=\"numeric\" required autocomplete=\"off\"",
            "",
        );
        let payee = "list=\"people\" autocomplete=\"off\" required";
        sheet.field("payee", "pay-to", Some("pay-to-help"), payee, "").people();
        sheet.amount("amount", "pay-amount", None, &ledger, None);
        sheet.field("memo", "pay-memo", None, "maxlength=\"300\" autocomplete=\"off\"", "");
        if let Some(left) = counter::left_today(sheet.host, ledger.id) {
            let amount = sheet.words.amount(left, &ledger);
            sheet.markup("<p class=\"soft\">").with("counter-left", &[("left", &amount)]).markup("</p>");
        }
        sheet.send("pay-send");
    }
    sheet.markup("</section>").form("counter.leave", "counter");
    sheet
        .markup("<p class=\"actions\"><button class=\"quiet\">")
        .say("counter-leave")
        .markup("</button></p></form>");
}

/// Her own card, on the page about her account: its number and its PIN.
pub(super) fn own_card(sheet: &mut Sheet<'_>, party: Id, here: &str) {
    let Some(owner) = sheet.host.party(party) else { return };
    sheet.markup("<section class=\"card\"><h2>").say("card").markup("</h2><p>");
    let card = counter::card_of(sheet.host, party).filter(|(_, card)| !card.is_blocked);
    if let Some((number, Card { pin, .. })) = card {
        let number = number.to_string();
        let id = if pin.is_some() { "card-number" } else { "card-number-no-pin" };
        sheet.with(id, &[("number", &number)]).markup("</p>").form("counter.set-pin", here);
        sheet.hidden("card", &number).field("pin", "pin-new", Some("pin-help"), PIN, "").send("pin-set");
        sheet.form("counter.block-card", here).hidden("card", &number);
        sheet.markup("<p class=\"actions\"><button class=\"quiet\">").say("card-block");
        sheet.markup("</button></p></form>");
    } else {
        sheet.say("card-own-none").markup("</p>").form("counter.issue-card", here);
        sheet.hidden("owner", &owner.handle).send("card-issue");
    }
    sheet.markup("</section>");
}
