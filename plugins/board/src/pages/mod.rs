//! The board's pages.
//!
//! Pure, like all of this crate: a request and the rows give HTML, which the host makes safe. Nothing is shown here that
//! [`crate::post::read`] would not give to the same viewer.

mod edit;
mod find;
mod home;
mod item;
mod list;
mod mine;
mod people;
mod refused;
mod sheet;
mod steward;
mod talk;
mod when;

use crate::error::Error;
use crate::post::Kind;
use crate::rights;
use crate::world::World;
pub use refused::{Refusal, said};
use sheet::Sheet;

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Below the plugin's root; empty: the first page.
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
    /// There is none of this name, or it is not for the viewer.
    NotFound,
    /// Nobody is signed in.
    SignInNeeded,
    /// Why it is not for her.
    Refused(String),
    /// The rows cannot be read.
    Storage(hamlet_sdk::Error),
}

impl From<Error> for PageError {
    fn from(error: Error) -> Self {
        match error {
            Error::Storage(error) => Self::Storage(error),
            Error::MembersOnly => Self::SignInNeeded,
            _ => Self::NotFound,
        }
    }
}

/// The page at a path, for whoever looks.
///
/// # Errors
/// When there is none for her.
pub fn render(world: &impl World, request: &Request) -> Result<Page, PageError> {
    let mut sheet = Sheet::new(world, request);
    let (first, rest) = request.path.split_once('/').unwrap_or((request.path.as_str(), ""));
    match (first, rest) {
        ("", "") => home::write(&mut sheet)?,
        ("offers", "") => list::write(&mut sheet, Kind::Offer)?,
        ("wants", "") => list::write(&mut sheet, Kind::Want)?,
        ("topics", "") => list::write(&mut sheet, Kind::Topic)?,
        ("events", "") => list::write(&mut sheet, Kind::Event)?,
        ("find", "") => find::write(&mut sheet)?,
        ("print", "") => home::print(&mut sheet)?,
        ("post", number) => item::write(&mut sheet, number.parse().map_err(|_| PageError::NotFound)?)?,
        // The rest is for members.
        _ if world.person().is_none() => return Err(PageError::SignInNeeded),
        ("new", kind) => edit::new(&mut sheet, kind_of(kind)?)?,
        ("edit", number) => edit::old(&mut sheet, number.parse().map_err(|_| PageError::NotFound)?)?,
        ("mine", "") => mine::write(&mut sheet)?,
        ("people", "") => people::write(&mut sheet)?,
        ("steward", "") => steward::write(&mut sheet)?,
        _ => return Err(PageError::NotFound),
    }
    let navigation = navigation(&sheet);
    Ok(Page { title: sheet.title, html: sheet.html.finish(), navigation })
}

fn kind_of(name: &str) -> Result<Kind, PageError> {
    Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or(PageError::NotFound)
}

fn navigation<W: World>(sheet: &Sheet<'_, W>) -> Vec<(String, String)> {
    let is_member = sheet.world.person().is_some();
    let entries = [
        (true, "", "nav-home"),
        (true, "offers", "nav-offers"),
        (true, "wants", "nav-wants"),
        (true, "events", "nav-events"),
        (true, "topics", "nav-topics"),
        (is_member, "people", "nav-people"),
        (is_member, "mine", "nav-mine"),
        (is_member && rights::is_steward(sheet.world), "steward", "nav-steward"),
    ];
    let shown = entries.into_iter().filter(|(shown, ..)| *shown);
    shown.map(|(_, path, title)| (path.to_owned(), sheet.words.say(title))).collect()
}
