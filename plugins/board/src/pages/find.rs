//! Searching.

use super::PageError;
use super::sheet::Sheet;
use crate::error::Error;
use crate::market::find;
use crate::world::World;

/// Posts on a page.
const LIMIT: u32 = 30;

pub(super) fn write<W: World>(sheet: &mut Sheet<'_, W>) -> Result<(), PageError> {
    sheet.title("title-find");
    let words = sheet.given("words").unwrap_or_default();
    sheet.markup("<form action=\"./find\" class=\"row\"><label for=\"words\">").say("find-label");
    sheet.markup(
        "</label><input id=\"words\" name=\"words\" type=\"search\" maxlength=\"120\" required value=\"",
    );
    sheet.text(words).markup("\"><button class=\"quiet\">").say("find-button").markup("</button></form>");
    if words.is_empty() {
        return Ok(());
    }
    let found = match find(sheet.world, words, LIMIT, sheet.given("cursor")) {
        Ok(found) => found,
        Err(Error::NoWords) => {
            sheet.nothing("find-no-words");
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    if found.rows.is_empty() && found.next.is_none() {
        sheet.nothing("find-nothing");
    } else {
        sheet.posts(&found.rows);
    }
    sheet.more("find", &[("words", words)], found.next.as_deref());
    if sheet.is_member() {
        sheet
            .markup("<section class=\"card\"><p>")
            .with("save-search-lead", &[("words", words)])
            .markup("</p>");
        sheet
            .button("market.save-search", &[("words", words)], "mine", "save-search", "quiet")
            .markup("</section>");
    }
    Ok(())
}
