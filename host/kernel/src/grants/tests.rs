//! W2, W3: who gives, what a grant covers, and how much of it a month.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use hamlet_store::Rows;

use super::*;
use crate::namespaces::{GRANTS, PLUGINS, SETTINGS};
use crate::plugins::Installed;
use crate::rows::fake::{Context, Memory, Own, staged};

const ANNA: Id = Id(0xA);
const BORIS: Id = Id(0xB);
const MILL: Id = Id(0x111);
const HOUR: u64 = 3_600 * 1_000_000;

struct Village {
    grants: Grants,
    cx: Context,
}

impl Village {
    /// `shop` asks for things of `counter`, where `spend` can be granted.
    fn new() -> Self {
        let staging = Arc::new(Staging::default());
        let mut cx = Context::new(GRANTS);
        for (name, more) in
            [("counter", "[[grantable]]\nkind = \"spend\"\ntitle = \"Spends\"\n"), ("shop", "")]
        {
            let manifest = format!("name = \"{name}\"\nversion = \"0.1.0\"\ntitle = \"T\"\n{more}");
            let staged = staged(&manifest, vec![], vec![]);
            let row = Installed {
                name: name.into(),
                version: "0.1.0".into(),
                component: staged.hash.clone(),
                active: true,
                since: 0,
                namespace: 1_024,
                generation: 1,
                quota: 0,
                exports: vec![],
                bindings: vec![],
                publisher: None,
                bundle: None,
                previous: None,
            };
            staging.put(staged);
            let key = format!("p{name}").into_bytes();
            cx.memory.0.insert((PLUGINS, key), serde_json::to_vec(&row).unwrap().into());
        }
        cx.actor = Actor::Person(ANNA);
        cx.mandates.insert((ANNA, MILL));
        Self { grants: Grants::new(staging), cx }
    }

    fn offer(owner: Id, ceiling: Option<u64>, expires: Option<u64>) -> Val {
        shape::record([
            ("plugin", shape::string("shop")),
            ("provider", shape::string("counter")),
            ("kind", shape::string("spend")),
            ("thing", shape::string("purse 7")),
            ("owner", owner.to_val()),
            ("monthly-ceiling", shape::maybe(ceiling.map(Val::U64))),
            ("expires", shape::maybe(expires.map(Val::U64))),
        ])
    }

    fn call(&mut self, function: &str, argument: Val) -> Val {
        self.grants.call(&mut self.cx, function, &[argument]).unwrap()
    }

    fn give(&mut self, owner: Id, ceiling: Option<u64>) -> Id {
        let given = self.call("give", Self::offer(owner, ceiling, None));
        let Val::Result(Ok(Some(grant))) = given else { panic!("{given:?}") };
        shape::id(shape::field(&grant, "id").unwrap()).unwrap()
    }

    fn listed(&mut self, owner: Option<Id>) -> Vec<Val> {
        let list = self.call("list", shape::maybe(owner.map(Id::to_val)));
        let Val::Result(Ok(Some(list))) = list else { panic!("{list:?}") };
        let Val::List(list) = *list else { panic!() };
        list
    }

    fn month(&mut self) -> u32 {
        settings::month(&settings::zone(&mut self.cx.memory).unwrap(), self.cx.now)
    }

    fn spend(&mut self, plugin: &str, need: &Need) -> GrantUse {
        let month = self.month();
        use_up(&mut Own(&mut self.cx.memory, GRANTS), plugin, need, self.cx.now, month).unwrap()
    }
}

fn need(owner: Id, amount: Option<u64>) -> Need {
    Need {
        provider: "counter".into(),
        kind: "spend".into(),
        thing: "purse 7".into(),
        owner,
        amount,
        sentence: "spend it".into(),
    }
}

#[test]
fn w2_a_grant_covers_exactly_its_plugin_provider_kind_thing_and_owner() {
    let mut village = Village::new();
    village.give(ANNA, None);
    assert_eq!(village.spend("shop", &need(ANNA, Some(5))), GrantUse::Covered);
    assert_eq!(village.spend("shop", &need(ANNA, None)), GrantUse::Covered);
    assert_eq!(village.spend("other", &need(ANNA, Some(5))), GrantUse::None);
    let others = [
        need(BORIS, Some(5)),
        Need { provider: "shop".into(), ..need(ANNA, Some(5)) },
        Need { kind: "spen".into(), thing: "dpurse 7".into(), ..need(ANNA, Some(5)) },
        Need { thing: "purse 8".into(), ..need(ANNA, Some(5)) },
    ];
    for other in others {
        assert_eq!(village.spend("shop", &other), GrantUse::None, "{other:?}");
    }
}

#[test]
fn w2_a_monthly_ceiling_is_used_up_and_begins_anew_with_the_communitys_month() {
    let mut village = Village::new();
    let zone = br#"{"name":"x","place":"","zone":"Pacific/Auckland","language":"en"}"#;
    village.cx.memory.0.insert((SETTINGS, b"community".to_vec()), Arc::from(zone.as_slice()));
    village.cx.now = 1_767_180_600_000_000 - HOUR; // the last hour of the year in Auckland
    village.give(ANNA, Some(100));
    assert_eq!(village.spend("shop", &need(ANNA, Some(60))), GrantUse::Covered);
    assert_eq!(village.spend("shop", &need(ANNA, Some(41))), GrantUse::Ceiling(40));
    assert_eq!(village.spend("shop", &need(ANNA, Some(40))), GrantUse::Covered);
    assert_eq!(village.spend("shop", &need(ANNA, Some(1))), GrantUse::Ceiling(0));
    assert_eq!(shape::field(&village.listed(None)[0], "used").unwrap(), &Val::U64(100));
    village.cx.now += HOUR;
    assert_eq!(shape::field(&village.listed(None)[0], "used").unwrap(), &Val::U64(0));
    assert_eq!(village.spend("shop", &need(ANNA, Some(100))), GrantUse::Covered);
}

#[test]
fn w2_what_is_rolled_back_was_never_used() {
    let mut village = Village::new();
    village.give(ANNA, Some(100));
    let before: Memory = village.cx.memory.clone();
    assert_eq!(village.spend("shop", &need(ANNA, Some(100))), GrantUse::Covered);
    village.cx.memory = before;
    assert_eq!(village.spend("shop", &need(ANNA, Some(100))), GrantUse::Covered);
}

#[test]
fn w2_a_ceiling_allows_nothing_without_a_quantity_and_huge_amounts_do_not_wrap() {
    let mut village = Village::new();
    village.give(ANNA, Some(100));
    assert_eq!(village.spend("shop", &need(ANNA, None)), GrantUse::Ceiling(0));
    assert_eq!(village.spend("shop", &need(ANNA, Some(u64::MAX))), GrantUse::Ceiling(100));
    village.give(ANNA, None);
    assert_eq!(village.spend("shop", &need(ANNA, Some(u64::MAX))), GrantUse::Covered);
    assert_eq!(village.spend("shop", &need(ANNA, Some(u64::MAX))), GrantUse::Covered);
}

#[test]
fn w2_of_several_grants_any_that_has_room_covers() {
    let mut village = Village::new();
    village.give(ANNA, Some(10));
    village.give(ANNA, Some(50));
    assert_eq!(village.spend("shop", &need(ANNA, Some(45))), GrantUse::Covered);
    assert_eq!(village.spend("shop", &need(ANNA, Some(10))), GrantUse::Covered);
    assert_eq!(village.spend("shop", &need(ANNA, Some(6))), GrantUse::Ceiling(5));
}

#[test]
fn w3_a_revoked_or_expired_grant_covers_nothing_at_once() {
    let mut village = Village::new();
    let id = village.give(ANNA, None);
    assert_eq!(village.call("revoke", id.to_val()), shape::done());
    assert_eq!(village.spend("shop", &need(ANNA, Some(1))), GrantUse::None);
    assert_eq!(village.call("revoke", id.to_val()), shape::refused("no-such-grant"));
    assert!(village.cx.memory.0.keys().all(|(ns, _)| *ns != GRANTS), "no row is left");
    let end = village.cx.now + HOUR;
    village.call("give", Village::offer(ANNA, None, Some(end)));
    assert_eq!(village.spend("shop", &need(ANNA, Some(1))), GrantUse::Covered);
    village.cx.now = end;
    assert_eq!(village.spend("shop", &need(ANNA, Some(1))), GrantUse::None);
}

#[test]
fn w2_only_a_mandate_for_the_owner_gives_takes_back_and_lists() {
    let mut village = Village::new();
    assert_eq!(village.call("give", Village::offer(BORIS, None, None)), shape::refused("no-mandate"));
    let of_mill = village.give(MILL, Some(9));
    assert_eq!(village.spend("shop", &need(MILL, Some(9))), GrantUse::Covered);
    assert_eq!(village.listed(Some(MILL)).len(), 1);
    assert!(village.listed(None).is_empty());
    village.cx.actor = Actor::Person(BORIS);
    assert_eq!(village.call("revoke", of_mill.to_val()), shape::refused("no-such-grant"));
    assert_eq!(village.call("list", shape::maybe(Some(MILL.to_val()))), shape::refused("no-mandate"));
    for actor in [Actor::Console, Actor::Plugin("shop".into()), Actor::Anyone] {
        village.cx.actor = actor;
        let denied = village.grants.call(&mut village.cx, "list", &[shape::maybe(None)]);
        assert_eq!(denied.unwrap_err().code(), "denied");
    }
}

#[test]
fn w3_a_grant_needs_both_plugins_a_declared_kind_and_a_future() {
    let mut village = Village::new();
    let mut changed = |name: &str, value: Val| {
        let Val::Record(mut fields) = Village::offer(ANNA, None, None) else { panic!() };
        fields.iter_mut().find(|(field, _)| field == name).unwrap().1 = value;
        village.call("give", Val::Record(fields))
    };
    assert_eq!(changed("plugin", shape::string("nobody")), shape::refused("no-such-plugin"));
    assert_eq!(changed("provider", shape::string("nobody")), shape::refused("no-such-plugin"));
    assert_eq!(changed("provider", shape::string("shop")), shape::refused("no-such-kind"));
    assert_eq!(changed("kind", shape::string("burn")), shape::refused("no-such-kind"));
    assert_eq!(changed("expires", shape::maybe(Some(Val::U64(1)))), shape::refused("expired"));
    assert!(village.cx.memory.scan(GRANTS, all()).unwrap().is_empty());
}

fn all() -> hamlet_store::Scan<'static> {
    let direction = hamlet_store::Direction::Forward;
    hamlet_store::Scan { start: &[], end: None, direction, limit: 10, max_bytes: 1_000 }
}

#[test]
fn w1_grants_admit_only_persons_directly() {
    let village = Village::new();
    for function in ["give", "revoke", "list"] {
        assert_eq!(village.grants.rule(function).unwrap().access, [Access::Member]);
    }
}

#[test]
fn w3_a_grant_that_nobody_used_for_over_a_year_has_ended() {
    const DAY: u64 = 24 * HOUR;
    let mut village = Village::new();
    village.give(ANNA, None);
    village.cx.now += 400 * DAY;
    assert_eq!(village.spend("shop", &need(ANNA, Some(1))), GrantUse::Covered, "the last day counts");
    village.cx.now += 395 * DAY;
    assert_eq!(village.spend("shop", &need(ANNA, Some(1))), GrantUse::Covered, "it was used meanwhile");
    village.cx.now += 470 * DAY;
    assert_eq!(village.spend("shop", &need(ANNA, Some(1))), GrantUse::None);
    let listed = village.listed(None);
    assert_eq!(shape::field(&listed[0], "ended").unwrap(), &Val::Bool(true));
    village.give(ANNA, None);
    assert_eq!(village.spend("shop", &need(ANNA, Some(1))), GrantUse::Covered);
    // One that was never used ends too.
    let mut village = Village::new();
    village.give(ANNA, None);
    village.cx.now += 400 * DAY + 1;
    assert_eq!(village.spend("shop", &need(ANNA, Some(1))), GrantUse::None);
}

#[test]
fn w3_with_a_plugin_goes_what_was_granted_to_it_and_for_its_things() {
    for removed in ["shop", "counter"] {
        let mut village = Village::new();
        village.give(ANNA, None);
        village.give(MILL, Some(5));
        let rows = &mut Own(&mut village.cx.memory, GRANTS);
        assert!(!forget_plugin(rows, "another", 10).unwrap());
        assert!(forget_plugin(rows, removed, 1).unwrap());
        assert!(forget_plugin(rows, removed, 10).unwrap());
        assert!(!forget_plugin(rows, removed, 10).unwrap());
        assert!(village.cx.memory.0.keys().all(|(ns, _)| *ns != GRANTS), "no row is left");
    }
}
