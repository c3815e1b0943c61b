//! What people say to a post.

use super::PageError;
use super::sheet::Sheet;
use crate::moderated;
use crate::post::Seen;
use crate::topics::{self, Reaction, Said, Talk};
use crate::world::World;

pub(super) fn write<W: World>(sheet: &mut Sheet<'_, W>, seen: &Seen) -> Result<(), PageError> {
    let talk = topics::talk(sheet.world, seen.number)?;
    let is_open = seen.post.closed.is_none();
    if talk.replies.is_empty() && !(sheet.is_member() && is_open) {
        return Ok(());
    }
    sheet.heading("talk");
    reactions(sheet, seen, &talk, 0);
    sheet.markup("<ul class=\"items\">");
    for said in &talk.replies {
        reply(sheet, seen, &talk, said);
    }
    sheet.markup("</ul>");
    if sheet.is_member() && is_open {
        let (number, path) = (seen.number.to_string(), seen.path());
        sheet.markup("<section class=\"card\">").form("topics.reply", &path).hidden("number", &number);
        sheet.area("text", "reply-text", Some("markup-help"), true, "").send("reply").markup("</section>");
        let (on, label) = if talk.follows { ("false", "follow-no") } else { ("true", "follow") };
        sheet.button("topics.follow", &[("number", &number), ("on", on)], &path, label, "quiet");
    }
    Ok(())
}

fn reply<W: World>(sheet: &mut Sheet<'_, W>, seen: &Seen, talk: &Talk, said: &Said) {
    sheet
        .markup("<li class=\"item\"><p>")
        .party(said.by)
        .markup(" <small class=\"soft\">")
        .time(said.at, "relative");
    if said.changed.is_some() {
        sheet.text(" · ").say("changed");
    }
    sheet.markup("</small></p>");
    let Some(text) = said.text.as_ref().filter(|_| !said.hidden) else {
        match (said.hidden, &said.text) {
            // The host says that it is hidden, and shows what it said to those who may see it.
            (true, text) => content(sheet, seen, said, text.as_deref().unwrap_or_default()),
            (false, _) => drop(sheet.nothing("withdrawn")),
        }
        sheet.markup("</li>");
        return;
    };
    content(sheet, seen, said, text);
    reactions(sheet, seen, talk, said.number);
    if sheet.world.person() == Some(said.by) {
        let (number, reply) = (seen.number.to_string(), said.number.to_string());
        sheet.markup("<details><summary class=\"soft\">").say("change").markup("</summary>");
        sheet.form("topics.correct", &seen.path()).hidden("number", &number).hidden("reply", &reply);
        sheet
            .markup("<label>")
            .say("reply-text")
            .markup("<textarea name=\"text\" rows=\"4\" maxlength=\"4000\" required>");
        sheet.text(text).markup("</textarea></label>").send("save");
        let fields = [("number", number.as_str()), ("reply", reply.as_str())];
        sheet.button("topics.withdraw", &fields, &seen.path(), "withdraw", "quiet").markup("</details>");
    }
    sheet.markup("</li>");
}

/// What a reply says, as something that can be reported.
fn content<W: World>(sheet: &mut Sheet<'_, W>, seen: &Seen, said: &Said, text: &str) {
    sheet.content(&moderated::reply_name(seen.number, said.number)).written(text).content_end();
}

/// The reactions to a post (`reply` 0) or a reply, each a button for whoever may react.
fn reactions<W: World>(sheet: &mut Sheet<'_, W>, seen: &Seen, talk: &Talk, reply: u64) {
    let member = sheet.is_member();
    sheet.markup("<div class=\"actions\">");
    for reaction in Reaction::ALL {
        let (value, label) = match reaction {
            Reaction::Thanks => ("thanks", "react-thanks"),
            Reaction::Agree => ("agree", "react-agree"),
            Reaction::Count => ("count", "react-count"),
        };
        let count = talk.reactions.iter().find(|(of, count)| (*of, count.reaction) == (reply, reaction));
        let (people, own) = count.map_or((0, false), |(_, count)| (count.people, count.own));
        if member {
            sheet.form("topics.react", &seen.path()).hidden("number", seen.number).hidden("reply", reply);
            if !own {
                sheet.hidden("reaction", value);
            }
            sheet
                .markup(if own { "<button class=\"quiet good\">" } else { "<button class=\"quiet\">" })
                .say(label);
            if people > 0 {
                sheet.text(" ").text(people);
            }
            sheet.markup("</button></form>");
        } else if people > 0 {
            sheet.markup("<span class=\"tag\">").say(label).text(" ").text(people).markup("</span> ");
        }
    }
    sheet.markup("</div>");
}
