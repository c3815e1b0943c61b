//! All that is on the board of one kind.

use super::PageError;
use super::sheet::Sheet;
use crate::market::{Filter, browse};
use crate::post::Kind;
use crate::world::World;
use crate::{categories, events};

/// Posts on a page.
const LIMIT: u32 = 30;

pub(super) fn write<W: World>(sheet: &mut Sheet<'_, W>, kind: Kind) -> Result<(), PageError> {
    sheet.title(Sheet::<W>::of_kind(kind, ["title-offers", "title-wants", "title-topics", "title-events"]));
    let path = Sheet::<W>::of_kind(kind, ["offers", "wants", "topics", "events"]);
    if sheet.is_member() {
        let label = Sheet::<W>::of_kind(kind, ["new-offer", "new-want", "new-topic", "new-event"]);
        let new = format!("new/{}", kind.name());
        sheet.markup("<p class=\"actions\">").link(&new, label, "primary").markup("</p>");
    }
    let category = sheet.given("category").and_then(|number| number.parse().ok());
    if matches!(kind, Kind::Offer | Kind::Want) {
        switch(sheet, path, category)?;
    }
    if kind == Kind::Event {
        return coming(sheet);
    }
    let cursor = sheet.given("cursor").map(str::to_owned);
    let page = browse(sheet.world, Filter { kind, category }, LIMIT, cursor)?;
    if page.rows.is_empty() {
        sheet.nothing("nothing-here");
    } else {
        sheet.posts(&page.rows);
    }
    let category = category.map(|number| number.to_string()).unwrap_or_default();
    let keep = [("category", category.as_str())];
    let keep = if category.is_empty() { &[] } else { keep.as_slice() };
    sheet.more(path, keep, page.next.as_deref());
    Ok(())
}

fn coming<W: World>(sheet: &mut Sheet<'_, W>) -> Result<(), PageError> {
    let posts: Vec<_> = events::coming(sheet.world, LIMIT)?.into_iter().map(|(_, seen)| seen).collect();
    if posts.is_empty() {
        sheet.nothing("nothing-here");
    } else {
        sheet.posts(&posts);
    }
    Ok(())
}

/// Which category to look at.
fn switch<W: World>(
    sheet: &mut Sheet<'_, W>,
    path: &'static str,
    chosen: Option<u32>,
) -> Result<(), PageError> {
    let mut options = vec![(String::new(), sheet.words.say("all-categories"))];
    options.extend(categories(sheet)?);
    let chosen = chosen.map(|number| number.to_string()).unwrap_or_default();
    sheet.markup("<form action=\"./").markup(path).markup("\" class=\"row\">");
    sheet.markup("<label for=\"category\">").say("category").markup("</label>");
    sheet.select("category", &options, &chosen);
    sheet.markup("<button class=\"quiet\">").say("show").markup("</button></form>");
    Ok(())
}

/// The categories to choose from, those of the second level with a dash before them.
pub(super) fn categories<W: World>(sheet: &Sheet<'_, W>) -> Result<Vec<(String, String)>, PageError> {
    let all = categories::all(sheet.world)?;
    let shown = all.into_iter().filter(|(_, category)| !category.retired);
    let option = |(number, category): (u32, categories::Category)| {
        let name = category.name(&sheet.request.locale);
        let dash = if categories::above(number).is_some() { "– " } else { "" };
        (number.to_string(), format!("{dash}{name}"))
    };
    Ok(shown.map(option).collect())
}
