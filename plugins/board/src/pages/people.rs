//! The directory.

use super::PageError;
use super::sheet::Sheet;
use crate::directory;
use crate::error::Error;
use crate::world::World;

pub(super) fn write<W: World>(sheet: &mut Sheet<'_, W>) -> Result<(), PageError> {
    sheet.title("title-people");
    let words = sheet.given("words");
    sheet.markup("<form action=\"./people\" class=\"row\"><label for=\"words\">").say("people-find");
    sheet.markup("</label><input id=\"words\" name=\"words\" type=\"search\" maxlength=\"120\" value=\"");
    sheet.text(words.unwrap_or_default()).markup("\"><button class=\"quiet\">");
    sheet.say("find-button").markup("</button></form>");
    let page = match directory::people(sheet.world, words, sheet.given("cursor")) {
        Err(Error::NoWords) => {
            sheet.nothing("find-no-words");
            return Ok(());
        }
        page => page?,
    };
    if page.rows.is_empty() && page.next.is_none() {
        sheet.nothing("people-nobody");
    }
    sheet.markup("<ul class=\"items\">");
    for entry in &page.rows {
        sheet.markup("<li class=\"item\"><p>").party(entry.party.id).markup(" <small class=\"soft\">@");
        sheet.text(&entry.party.handle).markup("</small></p>");
        if !entry.skills.is_empty() {
            sheet.markup("<p>").text(&entry.skills).markup("</p>");
        }
        sheet.markup("</li>");
    }
    sheet.markup("</ul>");
    let keep = [("words", words.unwrap_or_default())];
    sheet.more("people", &keep, page.next.as_deref());
    own(sheet)
}

/// What the viewer can do herself, to change.
fn own<W: World>(sheet: &mut Sheet<'_, W>) -> Result<(), PageError> {
    let Some(person) = sheet.world.person() else { return Ok(()) };
    let skills = directory::skills(sheet.world, person)?;
    sheet.markup("<section class=\"card\">").form("directory.set-skills", "people");
    sheet.field("skills", "skills", Some("skills-help"), "maxlength=\"300\" autocomplete=\"off\"", &skills);
    sheet.send("save").markup("<p class=\"soft\">").say("contact-help").markup("</p></section>");
    Ok(())
}
