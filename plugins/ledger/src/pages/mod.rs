//! The ledger's pages: what a member sees and does with her account, what stewards do with the books, the counter, and
//! what is printed.
//!
//! Pure, like all of this crate: a request and the books give HTML. The host makes it safe, draws amounts, times and
//! names, and turns the forms into calls of `transfers`. Nothing is shown here that the queries of `books` and
//! `transfers` would not give to the same viewer: every look at an account asks `rights` through them.

mod account;
mod ask;
mod balances;
mod books;
mod circulation;
mod counter;
mod join;
pub mod moving;
mod overview;
mod parts;
mod pay;
mod pending;
mod prints;
mod receipt;
mod refused;
mod sheet;
mod statement;
mod words;

use crate::host::{Actor, Host};
use crate::model::{Account, AccountStatus, Id, Ledger, Visibility};
use crate::rows;
use hamlet_sdk::Html;
pub use refused::{Refusal, said};
use sheet::{Roles, Sheet};
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

/// Pages about one account of the viewer's.
const ACCOUNT_PAGES: [&str; 6] = ["", "pay", "request", "statement", "pending", "account"];

/// The page at a path, for whoever looks.
pub fn render(host: &mut dyn Host, request: &Request) -> Result<Page, PageError> {
    let Actor::Person(person) = host.actor() else { return for_strangers(host, request) };
    let accounts = accounts(host, person);
    let chosen = chosen(&accounts, request).cloned();
    let (first, rest) = request.path.split_once('/').unwrap_or((request.path.as_str(), ""));
    let is_about_account = rest.is_empty() && ACCOUNT_PAGES.contains(&first);
    if let Some(chosen) = chosen.clone().filter(|_| is_about_account) {
        return about_account(host, request, person, accounts, chosen);
    }
    let mut sheet = Sheet::new(host, request);
    match first {
        "books" => books::write(&mut sheet, rest)?,
        "prints" => prints::write(&mut sheet, rest)?,
        _ if !rest.is_empty() => return Err(PageError::NotFound),
        "counter" => counter::write(&mut sheet)?,
        "receipt" => receipt::write(&mut sheet)?,
        "circulation" => circulation::write(&mut sheet)?,
        "balances" => balances::write(&mut sheet)?,
        "" => join::write(&mut sheet),
        _ => return Err(PageError::NotFound),
    }
    let (title, html) = (sheet.words.say(sheet.title), sheet.html.finish());
    let words = sheet.words;
    let navigation = navigation(host, &words, chosen.as_ref().map(|own| (own, "")));
    Ok(Page { title, html, navigation })
}

/// What is for everybody: balances that the community made public.
fn for_strangers(host: &mut dyn Host, request: &Request) -> Result<Page, PageError> {
    if request.path != "balances" {
        return Err(PageError::SignInNeeded);
    }
    let mut sheet = Sheet::new(host, request);
    // Whether there is one that is hidden is nobody's business.
    balances::write(&mut sheet).map_err(|_| PageError::SignInNeeded)?;
    Ok(Page { title: sheet.words.say(sheet.title), html: sheet.html.finish(), navigation: Vec::new() })
}

/// The pages about one account of the viewer's.
fn about_account(
    host: &mut dyn Host,
    request: &Request,
    person: Id,
    accounts: Vec<Own>,
    chosen: Own,
) -> Result<Page, PageError> {
    let words = Words::of(&request.locale);
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

/// The way around: what is about an account only for whoever has one, the books and the counter for whom they are.
fn navigation(host: &mut dyn Host, words: &Words, account: Option<(&Own, &str)>) -> Vec<(String, String)> {
    let mut entries = Vec::new();
    if let Some((own, suffix)) = account {
        let waiting = pending::count(host, own);
        for (path, title) in [
            ("", "nav-overview"),
            ("pay", "nav-pay"),
            ("request", "nav-request"),
            ("statement", "nav-statement"),
            ("pending", "nav-pending"),
            ("account", "nav-account"),
        ] {
            let title = match (path, waiting) {
                ("pending", 1..) => words.with("nav-pending-some", &[("count", &waiting.to_string())]),
                _ => words.say(title),
            };
            entries.push((format!("{path}{suffix}"), title));
        }
    } else {
        entries.push((String::new(), words.say("nav-overview")));
    }
    let roles = Roles::of(host);
    let ledgers = crate::books::ledgers(host);
    let seen = ledgers.iter().any(|ledger| rows::settings(host, ledger.id).visibility != Visibility::Owner);
    for (shown, path, title) in [
        (!ledgers.is_empty(), "circulation", "nav-circulation"),
        (seen, "balances", "nav-balances"),
        (roles.counter, "counter", "nav-counter"),
        (roles.reads, "books", "nav-books"),
    ] {
        if shown {
            entries.push((path.to_owned(), words.say(title)));
        }
    }
    entries
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

/// What the viewer may act for: her own accounts first, those of the oldest ledger before others, then by code.
fn accounts(host: &mut dyn Host, person: Id) -> Vec<Own> {
    let mut accounts: Vec<Own> = crate::books::choices(host)
        .into_iter()
        .filter_map(|(account, _)| Some(Own { ledger: rows::ledger(host, account.ledger)?, account }))
        .collect();
    accounts.sort_by(|one, other| {
        let key = |own: &Own| {
            let paused = own.account.status != AccountStatus::Open;
            (own.account.owner != person, paused, own.ledger.id, own.account.code.clone())
        };
        key(one).cmp(&key(other))
    });
    accounts
}

fn chosen<'a>(accounts: &'a [Own], request: &Request) -> Option<&'a Own> {
    let asked: Option<Id> = value(request, "account").and_then(|id| id.parse().ok());
    let found = asked.and_then(|asked| accounts.iter().find(|own| own.account.id == asked));
    // Whoever looks for what waits finds it, in whichever of her accounts it is.
    let waits = |own: &&Own| own.account.sums.debits_pending > 0 || own.account.sums.credits_pending > 0;
    let waiting = || accounts.iter().find(waits).filter(|_| request.path == "pending");
    found.or_else(waiting).or(accounts.first())
}

/// What was given for a parameter; none when it is empty.
fn value<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let found = request.query.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
}

impl Scene<'_> {
    fn finish(mut self) -> Page {
        let first = self.accounts.first().map(|own| own.account.id);
        let chosen = self.chosen.account.id;
        let suffix = if first == Some(chosen) { String::new() } else { format!("?account={chosen}") };
        let navigation = navigation(self.host, &self.words, Some((&self.chosen, &suffix)));
        Page { title: self.words.say(self.title), html: self.html.finish(), navigation }
    }

    /// A part that is written as other pages are.
    fn part(&mut self, write: impl FnOnce(&mut Sheet<'_>)) {
        let mut sheet = Sheet::new(&mut *self.host, self.request);
        write(&mut sheet);
        let part = sheet.html;
        self.html.part(&part);
    }
}
