//! A page that is not about one account of the viewer's: the books, the counter, what is printed.

use hamlet_sdk::Html;

use super::words::Words;
use super::{PageError, Request, value};
use crate::host::{Actor, Host};
use crate::model::{Account, Id, Ledger, written_amount};
use crate::{counter, rights, rows};

/// All that such a page is made from.
pub(super) struct Sheet<'a> {
    pub host: &'a mut dyn Host,
    pub words: Words,
    pub request: &'a Request,
    pub html: Html,
    /// The message that is the title.
    pub title: &'static str,
}

/// What somebody may do with the books.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Roles {
    /// She keeps them.
    pub keeps: bool,
    /// She may read all of them.
    pub reads: bool,
    /// She stands at the counter.
    pub counter: bool,
}

impl Roles {
    pub fn of(host: &mut dyn Host) -> Self {
        let keeps = rights::is_keeper(host);
        Self { keeps, reads: keeps || rights::may_read_all(host), counter: host.in_group(counter::GROUP) }
    }
}

impl<'a> Sheet<'a> {
    pub fn new(host: &'a mut dyn Host, request: &'a Request) -> Self {
        let words = Words::all(&request.locale);
        Self { host, words, request, html: Html::new(), title: "title-overview" }
    }

    pub fn say(&mut self, id: &str) -> &mut Self {
        let words = self.words.say(id);
        self.html.text(words);
        self
    }

    pub fn with(&mut self, id: &str, variables: &[(&str, &str)]) -> &mut Self {
        let words = self.words.with(id, variables);
        self.html.text(words);
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

    /// What was given for a parameter; none when it is empty.
    pub fn given(&self, name: &str) -> Option<&'a str> {
        value(self.request, name)
    }

    pub fn person(&mut self) -> Option<Id> {
        match self.host.actor() {
            Actor::Person(person) => Some(person),
            _ => None,
        }
    }

    /// The ledger that the page is about: the one that was asked for, or the first.
    pub fn ledger(&mut self) -> Result<Ledger, PageError> {
        let asked = self.given("ledger").and_then(|id| id.parse().ok());
        let found = match asked {
            Some(id) => rows::ledger(self.host, id),
            None => crate::books::ledgers(self.host).into_iter().next(),
        };
        found.ok_or(PageError::NotFound)
    }

    pub fn refuse<T>(&self, id: &str) -> Result<T, PageError> {
        Err(PageError::Refused(self.words.say(id)))
    }

    pub fn keepers_only(&mut self) -> Result<(), PageError> {
        if Roles::of(self.host).keeps { Ok(()) } else { self.refuse("for-stewards") }
    }

    pub fn readers_only(&mut self) -> Result<(), PageError> {
        if Roles::of(self.host).reads { Ok(()) } else { self.refuse("for-stewards") }
    }

    pub fn money(&mut self, ledger: &Ledger, amount: i128) -> &mut Self {
        write_money(&mut self.html, ledger, amount, false);
        self
    }

    pub fn party(&mut self, party: Id, else_shown: &str) -> &mut Self {
        write_party(&mut self.html, party, else_shown);
        self
    }

    /// Whose an account is, with its code where that says more.
    pub fn owner(&mut self, account: &Account) -> &mut Self {
        self.party(account.owner, &account.code)
    }

    pub fn time(&mut self, instant: u64, format: &'static str) -> &mut Self {
        self.markup("<h-time format=\"")
            .markup(format)
            .markup("\" value=\"")
            .text(instant)
            .markup("\"></h-time>")
    }

    /// A link to a page, with the ledger kept.
    pub fn link(&mut self, page: &'static str, ledger: Id, label: &str, class: &'static str) -> &mut Self {
        self.markup("<a class=\"")
            .markup(class)
            .markup("\" href=\"")
            .markup(page)
            .markup("?ledger=")
            .text(ledger);
        self.markup("\">").say(label).markup("</a> ")
    }

    /// A way back.
    pub fn back(&mut self, page: &'static str, ledger: Id, label: &str) -> &mut Self {
        self.markup("<p>").link(page, ledger, label, "soft").markup("</p>")
    }

    /// Which ledger, when there are several.
    pub fn switch(&mut self, page: &'static str, chosen: &Ledger) {
        let ledgers = crate::books::ledgers(self.host);
        if ledgers.len() < 2 {
            return;
        }
        self.markup("<form action=\"./").markup(page).markup("\" class=\"row\"><label for=\"ledger\">");
        self.say("which-ledger").markup("</label><select id=\"ledger\" name=\"ledger\">");
        for ledger in &ledgers {
            self.markup("<option value=\"").text(ledger.id).markup("\"");
            if ledger.id == chosen.id {
                self.markup(" selected");
            }
            self.markup(">").text(&ledger.name).markup("</option>");
        }
        self.markup("</select><button class=\"quiet\">").say("show").markup("</button></form>");
    }

    /// The beginning of a form that calls a function and then goes to a page.
    pub fn form(&mut self, action: &'static str, to: &str) -> &mut Self {
        self.markup("<form action=\"").markup(action).markup("\" return=\"").text(to).markup("\">")
    }

    pub fn hidden(&mut self, name: &'static str, value: impl std::fmt::Display) -> &mut Self {
        self.markup("<input type=\"hidden\" name=\"")
            .markup(name)
            .markup("\" value=\"")
            .text(value)
            .markup("\">")
    }

    /// A field with its label, some help, and attributes of its own.
    pub fn field(
        &mut self,
        name: &'static str,
        label: &str,
        help: Option<&str>,
        attributes: &'static str,
        value: &str,
    ) -> &mut Self {
        let unit_free: [(&str, &str); 0] = [];
        self.field_with(name, (label, &unit_free), help, attributes, value)
    }

    /// The same with a label that speaks of something.
    pub fn field_with(
        &mut self,
        name: &'static str,
        (label, variables): (&str, &[(&str, &str)]),
        help: Option<&str>,
        attributes: &'static str,
        value: &str,
    ) -> &mut Self {
        self.markup("<div class=\"item\"><label for=\"").markup(name).markup("\">").with(label, variables);
        self.markup("</label>");
        if let Some(help) = help {
            self.markup("<p class=\"soft\">").say(help).markup("</p>");
        }
        self.markup("<input id=\"")
            .markup(name)
            .markup("\" name=\"")
            .markup(name)
            .markup("\" ")
            .markup(attributes);
        self.markup(" value=\"").text(value).markup("\"></div>")
    }

    /// A choice of one of few; `(value, message)`.
    pub fn choice(
        &mut self,
        name: &'static str,
        label: &str,
        options: &[(&'static str, &str)],
        chosen: &str,
    ) {
        self.markup("<div class=\"item\"><label for=\"").markup(name).markup("\">").say(label);
        self.markup("</label><select id=\"").markup(name).markup("\" name=\"").markup(name).markup("\">");
        for (value, message) in options {
            self.markup("<option value=\"").markup(value).markup("\"");
            if *value == chosen {
                self.markup(" selected");
            }
            self.markup(">").say(message).markup("</option>");
        }
        self.markup("</select></div>");
    }

    /// The one button of a form, and its end.
    pub fn send(&mut self, label: &str) -> &mut Self {
        self.markup("<p class=\"actions\"><button class=\"primary\">")
            .say(label)
            .markup("</button></p></form>")
    }

    /// A field for an amount of a ledger.
    pub fn amount(
        &mut self,
        name: &'static str,
        label: &str,
        help: Option<&str>,
        ledger: &Ledger,
        value: Option<u64>,
    ) {
        let shown = value
            .map(|value| written_amount(value, ledger.scale).replace('.', &self.words.decimal().to_string()));
        let variables = [("unit", ledger.unit.as_str())];
        let shown = shown.unwrap_or_default();
        self.field_with(
            name,
            (label, &variables),
            help,
            "inputmode=\"decimal\" autocomplete=\"off\"",
            &shown,
        );
    }

    /// Members to choose from in a field with `list="people"`.
    pub fn people(&mut self) -> &mut Self {
        write_people(&mut self.html, self.host);
        self
    }
}

/// Members to choose from in a field with `list="people"`.
pub(super) fn write_people(html: &mut Html, host: &mut dyn Host) {
    html.markup("<datalist id=\"people\">");
    for party in host.parties(super::pay::OFFERED_MAX) {
        html.markup("<option value=\"@")
            .text(&party.handle)
            .markup("\">")
            .text(&party.name)
            .markup("</option>");
    }
    html.markup("</datalist>");
}

/// An amount that the host writes as the viewer's language does.
pub(super) fn write_money(html: &mut Html, ledger: &Ledger, amount: i128, signed: bool) {
    let Ledger { unit, scale, .. } = ledger;
    html.markup("<h-money amount=\"").text(amount).markup("\" scale=\"").text(scale).markup("\" unit=\"");
    html.text(unit).markup("\"");
    if signed {
        html.markup(" sign=\"always\"");
    }
    let sign = if amount < 0 { "-" } else { "" };
    let shown = u64::try_from(amount.unsigned_abs()).unwrap_or(u64::MAX);
    html.markup(">")
        .text(sign)
        .text(written_amount(shown, *scale))
        .markup(" ")
        .text(unit)
        .markup("</h-money>");
}

/// A member, by name; what else is shown where nobody may know it.
pub(super) fn write_party(html: &mut Html, party: Id, else_shown: &str) {
    html.markup("<h-party id=\"").text(party).markup("\">").text(else_shown).markup("</h-party>");
}
