//! E2, W6: dead letters keep the event, and stewards send or drop them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use super::super::{Deliveries, Emission, Emitted, RETRIES_MAX, emit};
use super::*;
use crate::namespaces::EVENTS;
use crate::rows::fake::{Context, Own};
use hamlet_bundle::Manifest;

const SALES: &str = "example:shop/events@0.1.0";

struct World {
    cx: Context,
    deliveries: Deliveries,
}

impl World {
    /// A shop that emitted events 1 to 3, and a counter that listens.
    fn new() -> Self {
        let shop = format!(
            "name = \"shop\"\nversion = \"0.1.0\"\ntitle = \"T\"\n[[emits]]\ninterface = \"{SALES}\"\n"
        );
        let counter =
            format!("name = \"counter\"\nversion = \"0.1.0\"\ntitle = \"T\"\nsubscribes = [\"{SALES}\"]\n");
        let manifests = [Manifest::parse(&shop).unwrap(), Manifest::parse(&counter).unwrap()];
        let mut deliveries = Deliveries::default();
        deliveries.follow(Arc::new(Subscriptions::of(&manifests)));
        let mut world = Self { cx: Context::new(EVENTS), deliveries };
        for what in 1..=3 {
            let (emitter, arguments) = ("shop".into(), [Val::U64(what)]);
            let (interface, function) = (SALES, "sold");
            let emission = Emission {
                emitter: &emitter,
                interface,
                function,
                arguments: &hamlet_reflect::binary::encode(&arguments),
                depth: 0,
                time: what,
            };
            let subscriptions = Arc::clone(world.deliveries.subscriptions());
            emit(&mut world.rows(), &subscriptions, &mut Emitted::default(), emission).unwrap();
        }
        world.deliveries.wake("shop");
        world
    }

    fn rows(&mut self) -> Own<'_> {
        Own(&mut self.cx.memory, EVENTS)
    }

    fn next(&mut self, now: u64) -> Option<Delivery> {
        self.deliveries.next(&mut Own(&mut self.cx.memory, EVENTS), now, &|_| true).unwrap()
    }

    /// Fails the first event until it is set aside; gives when.
    fn set_first_aside(&mut self) -> u64 {
        let mut now = 0;
        loop {
            let Some(delivery) = self.next(now) else {
                now = self.deliveries.next_try().unwrap();
                continue;
            };
            assert_eq!(delivery.number, 1, "what comes after waits");
            let failures = self.deliveries.failed(&delivery, now);
            if failures > RETRIES_MAX {
                assert_eq!(failures, RETRIES_MAX + 1);
                let subscriptions = Arc::clone(self.deliveries.subscriptions());
                let failure = Failure { failures, why: &"é".repeat(400), told: true };
                let rows = &mut self.rows();
                assert!(set_aside(rows, &subscriptions, &delivery, failure, now).unwrap());
                assert!(!set_aside(rows, &subscriptions, &delivery, failure, now).unwrap(), "once");
                self.deliveries.succeeded(&delivery);
                return now;
            }
        }
    }

    fn call(&mut self, function: &str, emitter: &str, number: u64) -> Val {
        let arguments = [shape::string(emitter), shape::string("counter"), Val::U64(number)];
        Events.call(&mut self.cx, function, &arguments).unwrap()
    }

    fn letters(&mut self) -> Vec<DeadLetter> {
        list(&mut self.rows(), LIST_MAX).unwrap()
    }
}

#[test]
fn e2_an_event_that_fails_too_often_is_set_aside_and_later_ones_go_on() {
    let mut world = World::new();
    let now = world.set_first_aside();
    assert!((4..6).contains(&(now / 3_600_000_000)), "some five hours: {now}");
    for number in [2, 3] {
        let delivery = world.next(now).unwrap();
        assert_eq!(delivery.number, number);
        let subscriptions = Arc::clone(world.deliveries.subscriptions());
        assert!(advance(&mut world.rows(), &subscriptions, &delivery).unwrap());
        world.deliveries.succeeded(&delivery);
    }
    assert!(world.next(now).is_none());
    let letters = world.letters();
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert_eq!((&*letter.emitter, &*letter.subscriber, letter.number), ("shop", "counter", 1));
    assert_eq!((&*letter.interface, &*letter.function, letter.emitted), (SALES, "sold", 1));
    assert_eq!((letter.set_aside, letter.failures, letter.told), (now, RETRIES_MAX + 1, true));
    assert_eq!(letter.why, "é".repeat(250), "shortened between letters");
}

#[test]
fn e2_a_letter_that_is_sent_again_is_told_once_and_gone() {
    let mut world = World::new();
    world.set_first_aside();
    assert!(next_marked(&mut world.rows(), &mut |_, _, _| true).unwrap().is_none(), "not by itself");
    assert_eq!(world.call("send-again", "shop", 1), shape::done());
    assert!(world.letters()[0].sending);
    assert!(
        next_marked(&mut world.rows(), &mut |_, name, _| name != "counter").unwrap().is_none(),
        "it is paused"
    );
    let delivery = next_marked(&mut world.rows(), &mut |_, _, _| true).unwrap().unwrap();
    assert_eq!((delivery.number, &delivery.arguments[0]), (1, &Val::U64(1)));
    assert!(take(&mut world.rows(), &delivery).unwrap());
    assert!(!take(&mut world.rows(), &delivery).unwrap(), "once");
    assert!(world.letters().is_empty());
}

#[test]
fn e2_a_letter_that_fails_again_stays_without_its_mark() {
    let mut world = World::new();
    world.set_first_aside();
    world.call("send-again", "shop", 1);
    let delivery = next_marked(&mut world.rows(), &mut |_, _, _| true).unwrap().unwrap();
    failed_again(&mut world.rows(), &delivery, "still broken").unwrap();
    let letters = world.letters();
    assert_eq!((&*letters[0].why, letters[0].failures), ("still broken", RETRIES_MAX + 2));
    assert!(!letters[0].sending);
    assert!(next_marked(&mut world.rows(), &mut |_, _, _| true).unwrap().is_none());
}

#[test]
fn w6_a_dropped_letter_is_gone_and_one_that_is_not_there_is_refused() {
    let mut world = World::new();
    world.set_first_aside();
    world.call("send-again", "shop", 1);
    let delivery = next_marked(&mut world.rows(), &mut |_, _, _| true).unwrap().unwrap();
    for (emitter, number) in [("shop", 2), ("sho", 1), (&*"s".repeat(5_000), 1)] {
        assert_eq!(world.call("drop", emitter, number), shape::refused("no-such-letter"));
        assert_eq!(world.call("send-again", emitter, number), shape::refused("no-such-letter"));
    }
    assert_eq!(world.call("drop", "shop", 1), shape::done());
    assert!(world.letters().is_empty());
    assert!(!take(&mut world.rows(), &delivery).unwrap(), "not even one that was to be sent");
    assert!(next_marked(&mut world.rows(), &mut |_, _, _| true).unwrap().is_none());
    assert_eq!(Events.call(&mut world.cx, "list", &[]).unwrap(), Val::List(vec![]));
}

#[test]
fn w1_no_member_and_no_plugin_sees_or_changes_dead_letters() {
    for function in ["list", "send-again", "drop"] {
        let rule = Events.rule(function).unwrap();
        assert!(!rule.access.contains(&Access::Member) && !rule.access.contains(&Access::Plugin));
        assert!(rule.access.contains(&Access::Group("stewards".into())));
        assert_eq!(rule.kind == Kind::Query, function == "list");
    }
    assert!(Events.rule("other").is_none());
}
