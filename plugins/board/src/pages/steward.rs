//! For stewards: the categories, and bringing in a list.

use super::PageError;
use super::sheet::Sheet;
use crate::world::World;
use crate::{categories, rights};

pub(super) fn write<W: World>(sheet: &mut Sheet<'_, W>) -> Result<(), PageError> {
    sheet.title("nav-steward");
    if !rights::is_steward(sheet.world) {
        return Err(PageError::Refused(sheet.words.say("refused-stewards-only")));
    }
    sheet
        .markup("<section class=\"card\"><h2>")
        .say("import")
        .markup("</h2><p>")
        .say("import-help")
        .markup("</p>");
    sheet.form("market.import-offers", "mine");
    sheet.markup("<label for=\"csv\">").say("import-text");
    sheet.markup(
        "</label><textarea id=\"csv\" name=\"csv\" rows=\"8\" maxlength=\"60000\" required></textarea>",
    );
    sheet
        .send("import")
        .markup("<p><a href=\"file/market/export\">")
        .say("export")
        .markup("</a></p></section>");
    sheet.heading("categories").markup("<p class=\"soft\">").say("categories-help").markup("</p>");
    let all = categories::all(sheet.world)?;
    for (number, category) in &all {
        category_form(sheet, &number.to_string(), category);
    }
    let next =
        all.iter().map(|(number, _)| *number).filter(|number| categories::above(*number).is_none()).max();
    let next = next.unwrap_or_default().saturating_add(1).to_string();
    sheet.heading("new-category");
    form(sheet, &next, &["", ""], false);
    Ok(())
}

fn category_form<W: World>(sheet: &mut Sheet<'_, W>, number: &str, category: &categories::Category) {
    let [english, spanish] = [0, 1].map(|at| category.names.get(at).map_or("", String::as_str));
    sheet
        .markup("<details class=\"card\"><summary>")
        .text(number)
        .text(" · ")
        .text(english)
        .text(" · ")
        .text(spanish);
    sheet.markup("</summary>");
    form(sheet, number, &[english, spanish], category.retired);
    sheet.markup("</details>");
}

fn form<W: World>(sheet: &mut Sheet<'_, W>, number: &str, names: &[&str; 2], retired: bool) {
    sheet.form("market.set-category", "steward");
    sheet.markup("<div class=\"row\"><label>").say("category-number");
    sheet
        .markup("<input name=\"number\" inputmode=\"numeric\" required value=\"")
        .text(number)
        .markup("\"></label>");
    let [english, spanish] = names;
    sheet.markup("<label>English<input name=\"name-en\" maxlength=\"60\" required value=\"").text(english);
    sheet
        .markup("\"></label><label>Español<input name=\"name-es\" maxlength=\"60\" required value=\"")
        .text(spanish);
    sheet.markup("\"></label><label><input type=\"checkbox\" name=\"retired\" value=\"true\"");
    sheet
        .markup(if retired { " checked> " } else { "> " })
        .say("category-retired")
        .markup("</label></div>")
        .send("save");
}
