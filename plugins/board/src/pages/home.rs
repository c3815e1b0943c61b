//! The first page, and the sheet for the notice board on the square.

use super::PageError;
use super::sheet::Sheet;
use crate::events;
use crate::market::{Filter, browse};
use crate::post::{Details, Kind, Seen};
use crate::world::World;

/// Posts of each kind on the first page.
const SHOWN: u32 = 6;
/// Posts of each kind on the printed sheet: as many as fit a page.
const PRINTED: u32 = 8;

pub(super) fn write<W: World>(sheet: &mut Sheet<'_, W>) -> Result<(), PageError> {
    sheet.markup("<form action=\"./find\" class=\"row\"><label for=\"words\">").say("find-label");
    sheet.markup("</label><input id=\"words\" name=\"words\" type=\"search\" maxlength=\"120\" required><button class=\"quiet\">");
    sheet.say("find-button").markup("</button></form>");
    if sheet.is_member() {
        sheet.markup("<p class=\"actions\">").link("new/offer", "new-offer", "primary");
        sheet.link("new/want", "new-want", "quiet").link("new/event", "new-event", "quiet");
        sheet.link("new/topic", "new-topic", "quiet").markup("</p>");
    }
    for (kind, heading, all) in [
        (Kind::Topic, "home-topics", "topics"),
        (Kind::Event, "home-events", "events"),
        (Kind::Offer, "home-offers", "offers"),
        (Kind::Want, "home-wants", "wants"),
    ] {
        let posts = newest(sheet, kind, SHOWN)?;
        sheet.heading(heading);
        if posts.is_empty() {
            sheet.nothing("nothing-here");
        } else {
            sheet.posts(&posts).markup("<p>").link(all, "all-of-them", "").markup("</p>");
        }
    }
    sheet.markup("<p class=\"soft\">").link("print", "print-link", "").markup("</p>");
    Ok(())
}

/// What of a kind comes first: events that are next, pinned topics, else what is new.
fn newest<W: World>(sheet: &Sheet<'_, W>, kind: Kind, limit: u32) -> Result<Vec<Seen>, PageError> {
    if kind == Kind::Event {
        return Ok(events::coming(sheet.world, limit)?.into_iter().map(|(_, seen)| seen).collect());
    }
    let filter = Filter { kind, category: None };
    let mut posts = browse(sheet.world, filter, limit, None)?.rows;
    // Stable: within both halves the newest stay first.
    posts.sort_by_key(|seen| !matches!(seen.post.details, Details::Topic { pinned: true }));
    Ok(posts)
}

/// One page to print and pin up: what is public or for members, without a name that is not there anyway.
pub(super) fn print<W: World>(sheet: &mut Sheet<'_, W>) -> Result<(), PageError> {
    sheet.title("title-print");
    sheet.markup("<section class=\"sheet\">");
    for (kind, heading) in [
        (Kind::Event, "home-events"),
        (Kind::Offer, "home-offers"),
        (Kind::Want, "home-wants"),
        (Kind::Topic, "home-topics"),
    ] {
        let posts = newest(sheet, kind, PRINTED)?;
        if !posts.is_empty() {
            sheet.heading(heading).posts(&posts);
        }
    }
    sheet.markup("<p><h-qr label=\"").say("print-scan").markup("\" href=\"./\"></h-qr></p></section>");
    Ok(())
}
