//! The statement: every payment of an account, by days and words, page by page.

use super::{PageError, Scene, value};
use crate::errors::LookupError;
use crate::model::Side;
use crate::statement::{Filter, Line, statement};

/// Payments a page.
const LINES: u32 = 40;

pub(super) fn write(scene: &mut Scene<'_>) -> Result<(), PageError> {
    scene.title = "title-statement";
    scene.switch("statement");
    let given = |name| value(scene.request, name).map(str::to_owned);
    let filter = Filter { from: given("from"), through: given("through"), search: given("search") };
    let cursor = given("cursor");
    form(scene, &filter);
    let page = match statement(scene.host, scene.chosen.account.id, &filter, LINES, cursor.as_deref()) {
        Ok(page) => page,
        Err(LookupError::DateInvalid) => {
            let words = scene.words.say("date-wrong");
            scene.html.markup("<p class=\"bad\" role=\"alert\">").text(&words).markup("</p>");
            return Ok(());
        }
        Err(_) => return Err(PageError::NotFound),
    };
    if page.lines.is_empty() && page.next.is_none() {
        let words = scene.words.say("no-lines");
        scene.html.markup("<p class=\"soft\">").text(&words).markup("</p>");
        return Ok(());
    }
    table(scene, &page.lines);
    if let Some(next) = page.next {
        let account = scene.chosen.account.id.to_string();
        scene
            .html
            .markup("<p><a class=\"quiet\" href=\"statement?account=")
            .query(&account)
            .markup("&amp;cursor=")
            .query(&next);
        for (name, value) in
            [("from", &filter.from), ("through", &filter.through), ("search", &filter.search)]
        {
            if let Some(value) = value {
                scene.html.markup("&amp;").text(name).markup("=").query(value);
            }
        }
        let older = scene.words.say("older");
        scene.html.markup("\">").text(&older).markup("</a></p>");
    }
    Ok(())
}

fn form(scene: &mut Scene<'_>, filter: &Filter) {
    let words = ["from", "through", "search", "filter"].map(|id| scene.words.say(id));
    let [from, through, search, show] = &words;
    scene.html.markup("<form action=\"./statement\" class=\"card\">");
    scene.hidden_account();
    scene.html.markup("<div class=\"grid\">");
    for (name, label, kind, given) in [
        ("from", from, "date", &filter.from),
        ("through", through, "date", &filter.through),
        ("search", search, "search", &filter.search),
    ] {
        scene
            .html
            .markup("<div><label for=\"")
            .text(name)
            .markup("\">")
            .text(label)
            .markup("</label><input id=\"");
        scene
            .html
            .text(name)
            .markup("\" name=\"")
            .text(name)
            .markup("\" type=\"")
            .text(kind)
            .markup("\" value=\"");
        scene.html.text(given.as_deref().unwrap_or_default()).markup("\"></div>");
    }
    let help = scene.words.say("search-help");
    scene
        .html
        .markup("</div><p class=\"soft\"><small>")
        .text(&help)
        .markup("</small></p><p class=\"actions\">");
    scene.html.markup("<button class=\"quiet\">").text(show).markup("</button></p></form>");
}

/// Two columns, so that it fits a phone: with whom and what for, and how much with the balance after it.
fn table(scene: &mut Scene<'_>, lines: &[Line]) {
    let words = ["column-who", "column-amount"].map(|id| scene.words.say(id));
    let [who, amount] = &words;
    scene.html.markup("<table><thead><tr><th scope=\"col\">").text(who).markup("</th>");
    scene.html.markup("<th scope=\"col\" class=\"num\">").text(amount).markup("</th></tr></thead><tbody>");
    for line in lines {
        let transfer = &line.transfer.transfer;
        scene.html.markup("<tr><td>");
        scene.with_whom(line);
        // Who did it is said where it was somebody else: a clerk, a guardian.
        let by = transfer.actor.filter(|actor| *actor != scene.person && line.side == Side::Debit);
        if let (Some(_), Some(name)) = (by, &line.actor_name) {
            let words = scene.words.with("by", &[("name", name)]);
            scene.html.markup("<p class=\"soft\"><small>").text(&words).markup("</small></p>");
        }
        scene.html.markup("<p class=\"soft\"><small>").text(&transfer.effective.to_string());
        scene.html.markup("</small></p></td><td class=\"num\">");
        scene.moved(line);
        scene.html.markup("<p class=\"soft\"><small>");
        scene.money(i128::from(line.balance), false);
        scene.html.markup("</small></p></td></tr>");
    }
    scene.html.markup("</tbody></table>");
}
