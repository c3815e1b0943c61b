//! What is the viewer's own: her posts, what she marked, her searches.

use super::PageError;
use super::sheet::Sheet;
use crate::world::World;
use crate::{drafts, events, favourites, market, searches};

/// Her posts that are shown.
const LIMIT: u32 = 50;

pub(super) fn write<W: World>(sheet: &mut Sheet<'_, W>) -> Result<(), PageError> {
    sheet.title("title-mine");
    let attended = events::attended(sheet.world)?;
    if !attended.is_empty() {
        sheet.heading("mine-events").posts(&attended);
    }
    unfinished(sheet)?;
    let mut nothing = true;
    for party in sheet.world.parties() {
        let cursor = sheet
            .given("cursor")
            .map(str::to_owned)
            .filter(|_| sheet.given("of") == Some(&party.to_string()));
        let page = market::of(sheet.world, party, LIMIT, cursor)?;
        if page.rows.is_empty() && page.next.is_none() {
            continue;
        }
        nothing = false;
        sheet.markup("<h2>").say("mine-posts").text(" · ").party(party).markup("</h2>").posts(&page.rows);
        sheet.more("mine", &[("of", &party.to_string())], page.next.as_deref());
    }
    if nothing {
        sheet.heading("mine-posts").nothing("mine-nothing");
    }
    let marked = favourites::list(sheet.world)?;
    sheet.heading("mine-favourites");
    if marked.is_empty() {
        sheet.nothing("mine-no-favourites");
    } else {
        sheet.posts(&marked);
    }
    saved(sheet)?;
    feed(sheet)
}

/// What she began to write.
fn unfinished<W: World>(sheet: &mut Sheet<'_, W>) -> Result<(), PageError> {
    let kept = drafts::list(sheet.world)?;
    if kept.is_empty() {
        return Ok(());
    }
    sheet.heading("mine-drafts").markup("<ul class=\"items\">");
    for (number, words) in kept {
        sheet.markup("<li class=\"item spread\"><a href=\"new/topic?draft=").text(number).markup("\">");
        sheet.text(&words.title).markup("</a>");
        let number = number.to_string();
        sheet.button("topics.forget-draft", &[("draft", &number)], "mine", "forget", "quiet").markup("</li>");
    }
    sheet.markup("</ul>");
    Ok(())
}

fn saved<W: World>(sheet: &mut Sheet<'_, W>) -> Result<(), PageError> {
    sheet.heading("mine-searches");
    let saved = searches::list(sheet.world)?;
    if saved.is_empty() {
        sheet.nothing("mine-no-searches");
    }
    sheet.markup("<ul class=\"items\">");
    for search in saved {
        let mut address = hamlet_sdk::Html::new();
        address.query(&search.words);
        sheet.markup("<li class=\"item spread\"><a href=\"find?words=").html.part(&address);
        sheet.markup("\">").text(&search.words).markup("</a>");
        let number = search.number.to_string();
        sheet
            .button("market.forget-search", &[("number", &number)], "mine", "forget", "quiet")
            .markup("</li>");
    }
    sheet.markup("</ul>");
    Ok(())
}

/// The address that a phone's calendar asks.
fn feed<W: World>(sheet: &mut Sheet<'_, W>) -> Result<(), PageError> {
    sheet.heading("mine-calendar");
    sheet.markup("<p>").say("calendar-help").markup("</p>");
    match events::address(sheet.world)? {
        None => {
            sheet.button("events.make-feed", &[], "mine", "calendar-make", "quiet");
        }
        Some(secret) => {
            sheet
                .markup("<p><a href=\"file/events/feed?secret=")
                .text(secret)
                .markup("\">")
                .say("calendar-link");
            sheet.markup("</a></p><div class=\"actions\">");
            sheet.button("events.make-feed", &[], "mine", "calendar-again", "quiet");
            sheet.button("events.end-feed", &[], "mine", "calendar-end", "quiet").markup("</div>");
        }
    }
    Ok(())
}
