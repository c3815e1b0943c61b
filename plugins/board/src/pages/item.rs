//! One post: what it says, what it costs, how to take it up, and what people say to it.

use super::PageError;
use super::sheet::Sheet;
use super::{talk, when};
use crate::audience::Audience;
use crate::favourites;
use crate::market::payments;
use crate::post::{self, Details, Number, Price, Seen};
use crate::world::World;
use crate::{moderated, rights};

pub(super) fn write<W: World>(sheet: &mut Sheet<'_, W>, number: Number) -> Result<(), PageError> {
    let seen = post::read(sheet.world, number)?;
    sheet.title.clone_from(&seen.words.title);
    sheet.content(&moderated::post_name(number));
    facts(sheet, &seen);
    if let Some(picture) = &seen.post.picture {
        sheet.picture(picture, &seen.words.title);
    }
    let text = seen.words.text.as_str();
    if !text.is_empty() {
        sheet.markup("<section class=\"card\">").written(text).markup("</section>");
    }
    sheet.content_end();
    if let Details::Event(gathering) = &seen.post.details {
        when::write(sheet, &seen, gathering)?;
    }
    if sheet.is_member() {
        take_up(sheet, &seen)?;
        own(sheet, &seen);
    }
    talk::write(sheet, &seen)?;
    share(sheet, &seen);
    Ok(())
}

/// What it is, whose, where, for whom, until when.
fn facts<W: World>(sheet: &mut Sheet<'_, W>, seen: &Seen) {
    sheet.markup("<p><span class=\"tag\">");
    sheet.say(Sheet::<W>::of_kind(seen.kind(), ["kind-offer", "kind-want", "kind-topic", "kind-event"]));
    sheet.markup("</span> ");
    if !seen.post.is_open(sheet.world.now()) {
        sheet.markup("<span class=\"tag warn\">").say("closed").markup("</span> ");
    }
    match &seen.post.audience {
        Audience::Public => sheet.markup("<span class=\"tag\">").say("audience-public").markup("</span>"),
        Audience::Members => sheet,
        Audience::Group(group) => sheet.markup("<span class=\"tag\">").text(group).markup("</span>"),
    };
    sheet.markup("</p>");
    if let Some(price) = seen.post.details.price() {
        let is_amount = matches!(price, Price::Amount { .. });
        sheet.markup(if is_amount { "<p class=\"big\">" } else { "<p>" }).price(price).markup("</p>");
    }
    sheet.markup("<p>").party(seen.post.author);
    sheet.markup(" <span class=\"soft\">").time(seen.post.created, "relative");
    if let Some(category) = seen.post.category {
        let name = sheet.category(category);
        sheet.text(" · ").text(name);
    }
    if !seen.words.place.is_empty() {
        sheet.text(" · ").text(&seen.words.place);
    }
    if let Some(until) = seen.post.until {
        sheet.text(" · ").say("until").text(" ").time(until, "date");
    }
    sheet.markup("</span></p>");
}

/// Paying for it, marking it.
fn take_up<W: World>(sheet: &mut Sheet<'_, W>, seen: &Seen) -> Result<(), PageError> {
    let number = seen.number.to_string();
    let is_own = sheet.world.acts_for(seen.post.author);
    if let (Details::Offer(price), false, true) =
        (&seen.post.details, is_own, seen.post.is_open(sheet.world.now()))
    {
        pay(sheet, &number, price, &seen.path());
    }
    for paid in payments(sheet.world, seen.number)? {
        sheet.markup("<p class=\"card good\">").party(paid.payer).text(" ").say("has-paid").text(" ");
        sheet.time(paid.at, "relative").markup("</p>");
    }
    if !is_own {
        let marked = favourites::is_one(sheet.world, seen.number)?;
        let (on, label) = if marked { ("false", "favour-no") } else { ("true", "favour") };
        sheet.button("market.favour", &[("number", &number), ("on", on)], &seen.path(), label, "quiet");
    }
    Ok(())
}

fn pay<W: World>(sheet: &mut Sheet<'_, W>, number: &str, price: &Price, to: &str) {
    match price {
        Price::Gift => {}
        Price::Amount { .. } => {
            sheet.form("market.pay", to).hidden("number", number);
            sheet.markup("<p class=\"soft\">").say("pay-help").markup("</p>").send("pay-for-this");
        }
        Price::Agreement => {
            let units: Vec<_> =
                sheet.world.units().into_iter().map(|unit| (unit.symbol.clone(), unit.symbol)).collect();
            let Some((first, _)) = units.first().cloned() else { return };
            sheet.markup("<details class=\"card\"><summary>").say("pay-for-this").markup("</summary>");
            sheet.form("market.pay", to).hidden("number", number);
            sheet.field(
                "amount",
                "pay-agreed",
                None,
                "inputmode=\"decimal\" autocomplete=\"off\" required",
                "",
            );
            sheet.choice("unit", "unit", None, &units, &first).send("pay-for-this").markup("</details>");
        }
    }
}

/// What its author can do.
fn own<W: World>(sheet: &mut Sheet<'_, W>, seen: &Seen) {
    let number = seen.number.to_string();
    let path = seen.path();
    let is_pinned = match seen.post.details {
        Details::Topic { pinned } if rights::is_steward(sheet.world) => Some(pinned),
        _ => None,
    };
    sheet.markup("<div class=\"actions\">");
    if sheet.world.acts_for(seen.post.author) {
        sheet.link(&format!("edit/{number}"), "change", "quiet");
        if seen.post.until.is_some() || seen.post.closed.is_some() {
            sheet.button("market.renew", &[("number", &number)], &path, "renew", "quiet");
        }
        if seen.post.closed.is_none() {
            sheet.button("market.close", &[("number", &number)], &path, "close", "quiet");
        }
    }
    if let Some(pinned) = is_pinned {
        let (on, label) = if pinned { ("false", "pin-no") } else { ("true", "pin") };
        sheet.button("topics.pin", &[("number", &number), ("on", on)], &path, label, "quiet");
    }
    sheet.markup("</div>");
}

/// A text to pass on. It holds the address and what kind of thing it is, and no word of it: whoever opens the address
/// sees what is for her eyes.
fn share<W: World>(sheet: &mut Sheet<'_, W>, seen: &Seen) {
    let text = Sheet::<W>::of_kind(seen.kind(), ["share-offer", "share-want", "share-topic", "share-event"]);
    sheet.markup("<details class=\"card\"><summary>").say("share").markup("</summary><h-share href=\"");
    sheet.text(seen.path()).markup("\" text=\"").say(text).markup("\"></h-share></details>");
}
