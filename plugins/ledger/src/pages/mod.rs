//! The ledger's pages: what a member sees and does with her account.
//!
//! Pure, like all of this crate: a request and the books give HTML. The host makes it safe, draws amounts, times and
//! names, and turns the forms into calls of `transfers`. Nothing is shown here that the queries of `books` and
//! `transfers` would not give to the same viewer: every look at an account asks `rights` through them.

mod account;
mod ask;
mod html;
mod overview;
mod parts;
mod pay;
mod pending;
mod statement;
mod words;

use crate::books;
use crate::host::{Actor, Host};
use crate::model::{Account, AccountStatus, Id, Ledger};
use crate::rows;
use html::Html;
use words::Words;

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Below the plugin's root; empty: the overview.
    pub path: String,
    /// Names and values.
    pub query: Vec<(String, String)>,
    /// BCP 47.
    pub locale: String,
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its heading.
    pub title: String,
    /// The rest.
    pub html: String,
    /// Pages and what they are called.
    pub navigation: Vec<(String, String)>,
}

/// Why there is no page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageError {
    /// There is none of this name.
    NotFound,
    /// Nobody is signed in.
    SignInNeeded,
    /// Why it is not for her.
    Refused(String),
}

/// The page at a path, for whoever looks.
pub fn render(host: &mut dyn Host, request: &Request) -> Result<Page, PageError> {
    let Actor::Person(person) = host.actor() else { return Err(PageError::SignInNeeded) };
    let accounts = accounts(host, person);
    let words = Words::of(&request.locale);
    let chosen = chosen(&accounts, request).cloned();
    let Some(chosen) = chosen else {
        return if request.path.is_empty() { Ok(without_account(&words)) } else { Err(PageError::NotFound) };
    };
    let mut scene = Scene {
        host,
        words,
        request,
        accounts,
        chosen,
        person,
        html: Html::default(),
        title: "title-overview",
    };
    match request.path.as_str() {
        "" => overview::write(&mut scene),
        "pay" => pay::write(&mut scene),
        "request" => ask::write(&mut scene),
        "statement" => statement::write(&mut scene)?,
        "pending" => pending::write(&mut scene),
        "account" => account::write(&mut scene),
        _ => return Err(PageError::NotFound),
    }
    Ok(scene.finish())
}

/// An account with the ledger that it is in.
#[derive(Clone, Debug)]
struct Own {
    account: Account,
    ledger: Ledger,
}

/// All that a page is made from.
struct Scene<'a> {
    host: &'a mut dyn Host,
    words: Words,
    request: &'a Request,
    /// Those that the viewer may act for, her own first.
    accounts: Vec<Own>,
    /// The one that this page is about.
    chosen: Own,
    person: Id,
    html: Html,
    /// The message that is the title.
    title: &'static str,
}

/// What the viewer may act for: her own accounts first, then by unit and code.
fn accounts(host: &mut dyn Host, person: Id) -> Vec<Own> {
    let mut accounts: Vec<Own> = books::choices(host)
        .into_iter()
        .filter_map(|(account, _)| Some(Own { ledger: rows::ledger(host, account.ledger)?, account }))
        .collect();
    accounts.sort_by(|one, other| {
        let key = |own: &Own| {
            let paused = own.account.status != AccountStatus::Open;
            (own.account.owner != person, paused, own.ledger.unit.clone(), own.account.code.clone())
        };
        key(one).cmp(&key(other))
    });
    accounts
}

fn chosen<'a>(accounts: &'a [Own], request: &Request) -> Option<&'a Own> {
    let asked: Option<Id> = value(request, "account").and_then(|id| id.parse().ok());
    let found = asked.and_then(|asked| accounts.iter().find(|own| own.account.id == asked));
    found.or(accounts.first())
}

/// What was given for a parameter; none when it is empty.
fn value<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let found = request.query.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
}

fn without_account(words: &Words) -> Page {
    let mut html = Html::default();
    html.markup("<div class=\"card\"><p><strong>").text(&words.say("no-account")).markup("</strong></p><p>");
    html.text(&words.say("no-account-next")).markup("</p></div>");
    Page { title: words.say("title-overview"), html: html.finish(), navigation: Vec::new() }
}

impl Scene<'_> {
    fn finish(mut self) -> Page {
        let waiting = pending::count(self.host, &self.chosen);
        let entries = [
            ("", "nav-overview"),
            ("pay", "nav-pay"),
            ("request", "nav-request"),
            ("statement", "nav-statement"),
            ("pending", "nav-pending"),
            ("account", "nav-account"),
        ];
        let first = self.accounts.first().map(|own| own.account.id);
        let chosen = self.chosen.account.id;
        let suffix = if first == Some(chosen) { String::new() } else { format!("?account={chosen}") };
        let navigation = entries
            .iter()
            .map(|(path, title)| {
                let title = match (*path, waiting) {
                    ("pending", 1..) => {
                        self.words.with("nav-pending-some", &[("count", &waiting.to_string())])
                    }
                    _ => self.words.say(title),
                };
                (format!("{path}{suffix}"), title)
            })
            .collect();
        Page { title: self.words.say(self.title), html: self.html.finish(), navigation }
    }
}
