//! What pages are made of: words, forms, and the line of a post.

use hamlet_sdk::types::Id;
use hamlet_sdk::{Html, Words};

use super::Request;
use crate::post::{Details, Kind, Price, Seen};
use crate::world::World;
use crate::{categories, markup, moderated, price};

const WORDS: &[(&str, &[&str])] =
    &[("en", &[include_str!("../../words/en.ftl")]), ("es", &[include_str!("../../words/es.ftl")])];

/// A page that is being written.
pub(super) struct Sheet<'a, W> {
    pub world: &'a W,
    pub words: Words,
    pub request: &'a Request,
    pub html: Html,
    /// The heading.
    pub title: String,
}

impl<'a, W: World> Sheet<'a, W> {
    pub fn new(world: &'a W, request: &'a Request) -> Self {
        let words = Words::of(&request.locale, WORDS);
        let title = words.say("title-home");
        Self { world, words, request, html: Html::new(), title }
    }

    /// What was given for a parameter; none when it is empty.
    pub fn given(&self, name: &str) -> Option<&'a str> {
        let found = self.request.query.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    pub fn is_member(&self) -> bool {
        self.world.person().is_some()
    }

    pub fn title(&mut self, id: &str) -> &mut Self {
        self.title = self.words.say(id);
        self
    }

    pub fn say(&mut self, id: &str) -> &mut Self {
        self.html.text(self.words.say(id));
        self
    }

    pub fn with(&mut self, id: &str, variables: &[(&str, &str)]) -> &mut Self {
        self.html.text(self.words.with(id, variables));
        self
    }

    pub fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.html.markup(markup);
        self
    }

    pub fn text(&mut self, text: impl std::fmt::Display) -> &mut Self {
        self.html.text(text);
        self
    }

    /// What somebody wrote, in the board's markup.
    pub fn written(&mut self, text: &str) -> &mut Self {
        markup::write(&mut self.html, text);
        self
    }

    pub fn party(&mut self, party: Id) -> &mut Self {
        self.html.party(party, "…");
        self
    }

    pub fn time(&mut self, instant: u64, format: &'static str) -> &mut Self {
        self.html.time(instant, format);
        self
    }

    pub fn heading(&mut self, id: &str) -> &mut Self {
        self.markup("<h2>").say(id).markup("</h2>")
    }

    pub fn nothing(&mut self, id: &str) -> &mut Self {
        self.markup("<p class=\"soft\">").say(id).markup("</p>")
    }

    /// A link to one of the board's pages.
    pub fn link(&mut self, path: &str, label: &str, class: &'static str) -> &mut Self {
        self.markup("<a class=\"").markup(class).markup("\" href=\"").text(path).markup("\">");
        self.say(label).markup("</a> ")
    }

    /// The beginning of a form that calls a function and then goes to a page.
    pub fn form(&mut self, action: &'static str, to: &str) -> &mut Self {
        self.markup("<form action=\"").markup(action).markup("\" return=\"./").text(to).markup("\">")
    }

    pub fn hidden(&mut self, name: &'static str, value: impl std::fmt::Display) -> &mut Self {
        self.html.hidden(name, value);
        self
    }

    /// A form that is one button: a function with fields that are known.
    pub fn button(
        &mut self,
        action: &'static str,
        fields: &[(&'static str, &str)],
        to: &str,
        label: &str,
        class: &'static str,
    ) -> &mut Self {
        self.form(action, to);
        for (name, value) in fields {
            self.hidden(name, value);
        }
        self.markup("<button class=\"").markup(class).markup("\">").say(label).markup("</button></form>")
    }

    /// The label of a field, with help below it where there is any.
    fn label(&mut self, name: &'static str, label: &str, help: Option<&str>) {
        self.markup("<div class=\"item\"><label for=\"")
            .markup(name)
            .markup("\">")
            .say(label)
            .markup("</label>");
        if let Some(help) = help {
            self.markup("<p class=\"soft\">").say(help).markup("</p>");
        }
    }

    /// A field of one line.
    pub fn field(
        &mut self,
        name: &'static str,
        label: &str,
        help: Option<&str>,
        attributes: &'static str,
        value: &str,
    ) -> &mut Self {
        self.label(name, label, help);
        self.markup("<input id=\"")
            .markup(name)
            .markup("\" name=\"")
            .markup(name)
            .markup("\" ")
            .markup(attributes);
        self.markup(" value=\"").text(value).markup("\"></div>")
    }

    /// A field for a longer text.
    pub fn area(
        &mut self,
        name: &'static str,
        label: &str,
        help: Option<&str>,
        required: bool,
        text: &str,
    ) -> &mut Self {
        self.label(name, label, help);
        self.markup("<textarea rows=\"6\" maxlength=\"4000\" id=\"")
            .markup(name)
            .markup("\" name=\"")
            .markup(name);
        self.markup(if required { "\" required>" } else { "\">" }).text(text).markup("</textarea></div>")
    }

    /// A choice of one of few: values with what they are called.
    pub fn choice(
        &mut self,
        name: &'static str,
        label: &str,
        help: Option<&str>,
        options: &[(String, String)],
        chosen: &str,
    ) -> &mut Self {
        self.label(name, label, help);
        self.select(name, options, chosen).markup("</div>")
    }

    /// The choice alone.
    pub fn select(&mut self, name: &'static str, options: &[(String, String)], chosen: &str) -> &mut Self {
        self.markup("<select id=\"").markup(name).markup("\" name=\"").markup(name).markup("\">");
        for (value, title) in options {
            self.markup("<option value=\"").text(value).markup("\"");
            if value == chosen {
                self.markup(" selected");
            }
            self.markup(">").text(title).markup("</option>");
        }
        self.markup("</select>")
    }

    /// The one button of a form, and its end.
    pub fn send(&mut self, label: &str) -> &mut Self {
        self.markup("<p class=\"actions\"><button class=\"primary\">")
            .say(label)
            .markup("</button></p></form>")
    }

    /// A picture, as a line of its own.
    pub fn picture(&mut self, hash: &[u8], alt: &str) -> &mut Self {
        self.markup("<p>");
        self.html.picture(hash, alt);
        self.markup("</p>")
    }

    /// The beginning of something that can be reported and hidden.
    pub fn content(&mut self, name: &str) -> &mut Self {
        self.html.content(name);
        self
    }

    /// Its end.
    pub fn content_end(&mut self) -> &mut Self {
        self.html.content_end();
        self
    }

    /// What something costs.
    pub fn price(&mut self, price: &Price) -> &mut Self {
        match price {
            Price::Agreement => self.markup("<span class=\"soft\">").say("price-agreement").markup("</span>"),
            Price::Gift => self.markup("<span class=\"soft\">").say("price-gift").markup("</span>"),
            Price::Amount { amount, scale, unit } => {
                let shown = format!("{} {unit}", price::written(*amount, *scale));
                self.html.money(i128::from(*amount), *scale, unit, &shown);
                self
            }
        }
    }

    /// The name of a category, in the viewer's language.
    pub fn category(&self, number: u32) -> String {
        let category = categories::get(self.world, number).ok().flatten();
        category.map(|category| category.name(&self.request.locale).to_owned()).unwrap_or_default()
    }

    /// The posts of a list.
    pub fn posts(&mut self, posts: &[Seen]) -> &mut Self {
        self.markup("<ul class=\"items\">");
        for seen in posts {
            self.line(seen);
        }
        self.markup("</ul>")
    }

    /// One post of a list.
    fn line(&mut self, seen: &Seen) {
        self.markup("<li class=\"item spread\"><div><a href=\"").text(seen.path()).markup("\"><strong>");
        self.text(&seen.words.title).markup("</strong></a>");
        if matches!(seen.post.details, Details::Topic { pinned: true }) {
            self.markup(" <span class=\"tag\">").say("pinned").markup("</span>");
        }
        if !seen.post.is_open(self.world.now()) {
            self.markup(" <span class=\"tag\">").say("closed").markup("</span>");
        }
        if self.world.is_hidden(&moderated::post_name(seen.number)) {
            self.markup(" <span class=\"tag\">").say("hidden").markup("</span>");
        }
        self.markup("<p class=\"soft\"><small>");
        if let Details::Event(gathering) = &seen.post.details {
            self.next_day(gathering);
        } else {
            self.party(seen.post.author).markup(" · ").time(seen.post.created, "relative");
        }
        if !seen.words.place.is_empty() {
            self.text(" · ").text(&seen.words.place);
        }
        self.markup("</small></p></div><div class=\"num\">");
        if let Some(price) = seen.post.details.price() {
            self.price(price);
        }
        self.markup("</div></li>");
    }

    /// The link to the next page of a list.
    pub fn more(&mut self, path: &str, keep: &[(&'static str, &str)], next: Option<&str>) -> &mut Self {
        let Some(next) = next else { return self };
        self.markup("<p><a href=\"").text(path).markup("?");
        for (name, value) in keep {
            self.markup(name).markup("=");
            self.html.query(value);
            self.markup("&amp;");
        }
        self.markup("cursor=").text(next).markup("\">").say("older").markup("</a></p>")
    }

    /// A kind's own word out of four.
    pub fn of_kind(kind: Kind, ids: [&'static str; 4]) -> &'static str {
        let [offer, want, topic, event] = ids;
        match kind {
            Kind::Offer => offer,
            Kind::Want => want,
            Kind::Topic => topic,
            Kind::Event => event,
        }
    }
}
