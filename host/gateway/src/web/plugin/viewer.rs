//! Who looks at a plugin's page: her language, her clock, and what the parties on it are called to her.

use std::collections::{BTreeSet, HashMap};

use futures_util::future::join_all;
use hamlet_pages::draw::{Drawing, Moderation, Named, Posting, Viewer, contents, parties};
use hamlet_pages::words::Say;
use hamlet_pages::{Fragment, forms};
use hamlet_reflect::Id;
use jiff::tz::TimeZone;
use serde_json::json;
use uuid::Uuid;

use super::super::ask::{ask, text};
use super::super::guard::picture_mark;
use super::super::moderation;
use super::super::visit::Visit;
use super::DO;

/// Most parties of a page whose names are looked up.
const NAMES_MAX: usize = 300;

/// What drawing needs of a visit.
pub(super) struct Sight<'a> {
    visit: &'a Visit,
    pub say: &'a Say,
    pub zone: TimeZone,
    names: HashMap<Id, Named>,
}

impl<'a> Sight<'a> {
    /// Without names: for what has none.
    pub fn new(visit: &'a Visit) -> Self {
        let zone = TimeZone::get(&visit.community.zone).unwrap_or(TimeZone::UTC);
        Self { visit, say: &visit.say, zone, names: HashMap::new() }
    }

    /// With the names of these parties, each asked for with her own rights.
    pub async fn learn(&mut self, ids: BTreeSet<Id>) {
        let visit = self.visit;
        let asked = ids.into_iter().take(NAMES_MAX).map(|id| async move {
            let party = ask(visit, "members", "get", json!({ "party": id.to_string() })).await.ok()?;
            let page = visit.browser.is_some().then(|| format!("/members/{}", text(&party, "handle")));
            Some((id, Named { name: text(&party, "name").to_owned(), page }))
        });
        let learned: Vec<_> = join_all(asked).await;
        self.names.extend(learned.into_iter().flatten());
    }

    pub fn name(&self, id: Id) -> Option<&str> {
        self.names.get(&id).map(|named| named.name.as_str())
    }

    /// Draws a page of a plugin. `here`: its path and query. Names are looked up first.
    pub async fn draw(&mut self, plugin: &str, here: &str, page: &Fragment) -> String {
        self.learn(parties(page)).await;
        let visit = self.visit;
        let (csrf, origin) = (visit.csrf(), visit.site().origin);
        let catalogue = visit.here.state.kernel.catalogue();
        let key = || key(visit).to_string();
        let function = |action: &str| {
            let (interface, function) = action.rsplit_once('.').unwrap_or(("", action));
            let found = catalogue.find(plugin, interface, function).ok()?;
            Some(format!("/p/{plugin}/{DO}/{}/{}", found.interface.short, found.function.name))
        };
        let party = |id: Id| self.names.get(&id).cloned();
        let viewer = visit.browser.as_ref().map(|browser| browser.person);
        let picture_key = visit.here.state.picture_key;
        let picture = |src: &str| match &picture_key {
            Some(key) => format!("{src}?for={}", picture_mark(key, viewer, src)),
            None => src.to_owned(),
        };
        let hidden = moderation::hidden_among(visit, plugin, &contents(page)).await;
        let hidden = |name: &str| hidden.get(name).cloned();
        let place = |name: &str| visit.browser.as_ref().and_then(|_| moderation::place(plugin, name));
        let viewer = Viewer {
            say: self.say,
            zone: self.zone.clone(),
            now: i64::try_from(visit.here.state.kernel.now()).unwrap_or(i64::MAX),
            origin: &origin,
            party: &party,
            picture: &picture,
            moderation: Moderation { place: &place, hidden: &hidden },
        };
        let posting = Posting { csrf: &csrf, key: &key, here, function: &function };
        page.draw(&Drawing { viewer, posting: Some(posting) })
    }
}

/// An idempotency key (X2).
fn key(visit: &Visit) -> Uuid {
    Uuid::from_u128(visit.new_id().0)
}

/// A name of the contract for people.
pub(super) fn words(name: &str) -> String {
    forms::words(name)
}
