//! E1 to E3: told in order, exactly once, to whoever listens; limits; nothing kept that all had.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::format_push_string,
    missing_docs
)]

use super::*;
use crate::namespaces::EVENTS;
use crate::rows::fake::{Memory, Own};

const SALES: &str = "example:shop/events@0.1.0";
const PRICES: &str = "example:shop/prices@0.1.0";
const SECOND: u64 = 1_000_000;

fn manifest(name: &str, emits: &[&str], subscribes: &[&str]) -> Manifest {
    let mut text =
        format!("name = \"{name}\"\nversion = \"0.1.0\"\ntitle = \"T\"\nsubscribes = {subscribes:?}\n");
    for interface in emits {
        text += &format!("[[emits]]\ninterface = \"{interface}\"\naudience = {{ sold = \"to\" }}\n");
    }
    Manifest::parse(&text).unwrap()
}

fn village() -> Arc<Subscriptions> {
    let manifests = [
        manifest("shop", &[SALES, PRICES], &[]),
        manifest("counter", &[], &[SALES]),
        manifest("board", &[], &[SALES, PRICES]),
    ];
    Arc::new(Subscriptions::of(&manifests))
}

struct World {
    memory: Memory,
    deliveries: Deliveries,
}

impl World {
    fn new() -> Self {
        let mut deliveries = Deliveries::default();
        deliveries.follow(village());
        Self { memory: Memory::default(), deliveries }
    }

    fn emit(&mut self, interface: &str, what: u64) -> u64 {
        self.emit_at_depth(interface, what, 0).unwrap()
    }

    fn emit_at_depth(&mut self, interface: &str, what: u64, depth: u8) -> Result<u64, CallError> {
        let emitter = "shop".into();
        let arguments = [Val::U64(what)];
        let emission = Emission {
            emitter: &emitter,
            interface,
            function: "sold",
            arguments: &hamlet_reflect::binary::encode(&arguments),
            depth,
            time: 5,
        };
        let subscriptions = Arc::clone(self.deliveries.subscriptions());
        let number =
            emit(&mut Own(&mut self.memory, EVENTS), &subscriptions, &mut Emitted::default(), emission)?;
        self.deliveries.wake("shop");
        Ok(number)
    }

    fn next(&mut self, now: u64, runs: &dyn Fn(&str) -> bool) -> Option<Delivery> {
        self.deliveries.next(&mut Own(&mut self.memory, EVENTS), now, runs).unwrap()
    }

    fn advance(&mut self, delivery: &Delivery) -> bool {
        let subscriptions = Arc::clone(self.deliveries.subscriptions());
        advance(&mut Own(&mut self.memory, EVENTS), &subscriptions, delivery).unwrap()
    }

    /// Tells everything that can be told, as (subscriber, value).
    fn tell_all(&mut self, now: u64, runs: &dyn Fn(&str) -> bool) -> Vec<(String, Val)> {
        let mut told = Vec::new();
        while let Some(delivery) = self.next(now, runs) {
            assert!(self.advance(&delivery));
            self.deliveries.succeeded(&delivery);
            told.push((delivery.subscriber.to_string(), delivery.arguments[0].clone()));
        }
        told
    }

    fn events(&self) -> usize {
        self.memory.0.keys().filter(|(_, key)| key[0] == b'e').count()
    }
}

fn told_to(told: &[(String, Val)], subscriber: &str) -> Vec<Val> {
    told.iter().filter(|(name, _)| name == subscriber).map(|(_, value)| value.clone()).collect()
}

#[test]
fn e1_each_subscriber_is_told_what_it_listens_to_in_order_and_nothing_stays() {
    let mut world = World::new();
    for (interface, what) in [(SALES, 1), (PRICES, 2), (SALES, 3)] {
        world.emit(interface, what);
    }
    let told = world.tell_all(0, &|_| true);
    assert_eq!(told_to(&told, "counter"), [Val::U64(1), Val::U64(3)]);
    assert_eq!(told_to(&told, "board"), [Val::U64(1), Val::U64(2), Val::U64(3)]);
    assert_eq!(world.events(), 0, "what all had is dropped");
    assert!(!world.deliveries.pending(0));
}

#[test]
fn e1_nothing_is_written_when_nobody_listens() {
    let mut world = World::new();
    world.deliveries.follow(Arc::default());
    assert_eq!(world.emit(SALES, 1), 0);
    assert!(world.memory.0.is_empty());
}

#[test]
fn e1_a_subscriber_hears_what_is_emitted_from_its_subscription_on() {
    let mut world = World::new();
    let alone = [manifest("shop", &[SALES], &[]), manifest("counter", &[], &[SALES])];
    world.deliveries.follow(Arc::new(Subscriptions::of(&alone)));
    world.emit(SALES, 1);
    world.deliveries.follow(village());
    world.emit(SALES, 2);
    let told = world.tell_all(0, &|_| true);
    assert_eq!(told_to(&told, "counter"), [Val::U64(1), Val::U64(2)]);
    assert_eq!(told_to(&told, "board"), [Val::U64(2)]);
}

#[test]
fn e2_an_event_is_told_once_even_if_it_is_handed_out_again() {
    let mut world = World::new();
    world.emit(SALES, 1);
    let delivery = world.next(0, &|name| name == "counter").unwrap();
    assert!(world.advance(&delivery));
    assert!(!world.advance(&delivery));
}

#[test]
fn e2_the_next_event_waits_while_one_is_under_way_or_fails_and_order_is_kept() {
    let mut world = World::new();
    world.emit(SALES, 1);
    world.emit(SALES, 2);
    let counter = |name: &str| name == "counter";
    let first = world.next(0, &counter).unwrap();
    assert!(world.next(0, &counter).is_none(), "one at a time");
    // The handler fails twice: its transaction is rolled back, so the cursor did not move.
    for (failures, wait) in [(1, SECOND), (2, 2 * SECOND)] {
        world.deliveries.failed(&first, 0);
        assert_eq!(world.deliveries.stuck()[0].failures, failures);
        assert_eq!(world.deliveries.next_try(), Some(wait));
        assert!(world.next(wait - 1, &counter).is_none());
        let again = world.next(wait, &counter).unwrap();
        assert_eq!(again.number, first.number);
    }
    // Others are told meanwhile.
    assert_eq!(told_to(&world.tell_all(0, &|name| name == "board"), "board").len(), 2);
    world.deliveries.postponed(&first, 0);
    let told = world.tell_all(9 * SECOND, &counter);
    assert_eq!(told_to(&told, "counter"), [Val::U64(1), Val::U64(2)]);
    assert!(world.deliveries.stuck().is_empty());
}

#[test]
fn e2_waits_of_a_failing_handler_double_up_to_an_hour() {
    let mut world = World::new();
    world.emit(SALES, 1);
    let mut now = 0;
    let mut waits = Vec::new();
    for _ in 0..20 {
        let delivery = world.next(now, &|name| name == "counter").unwrap();
        world.deliveries.failed(&delivery, now);
        let next = world.deliveries.next_try().unwrap();
        waits.push((next - now) / SECOND);
        now = next;
    }
    assert_eq!(waits[..4], [1, 2, 4, 8]);
    assert_eq!(waits[19], 3_600);
}

#[test]
fn e2_events_wait_for_a_paused_subscriber_and_survive_a_restart() {
    let mut world = World::new();
    world.emit(SALES, 1);
    world.tell_all(0, &|name| name == "board");
    assert_eq!(world.events(), 1, "it waits for counter");
    // A restart: only the rows are left.
    world.deliveries = Deliveries::default();
    world.deliveries.follow(village());
    assert_eq!(world.tell_all(0, &|_| true), [("counter".to_owned(), Val::U64(1))]);
    assert_eq!(world.events(), 0);
}

#[test]
fn e2_lines_are_served_in_turn() {
    let mut world = World::new();
    for what in 0..3 {
        world.emit(SALES, what);
    }
    let told = world.tell_all(0, &|_| true);
    let order: Vec<&str> = told.iter().map(|(name, _)| &**name).collect();
    assert_eq!(order, ["board", "counter", "board", "counter", "board", "counter"]);
}

#[test]
fn e3_too_deep_a_chain_of_causes_dooms_and_a_handlers_depth_grows() {
    let mut world = World::new();
    world.emit(SALES, 1);
    assert_eq!(world.next(0, &|_| true).unwrap().depth, 1);
    assert!(world.emit_at_depth(SALES, 2, CAUSALITY_DEPTH_MAX - 1).is_ok());
    assert_eq!(world.emit_at_depth(SALES, 3, CAUSALITY_DEPTH_MAX).unwrap_err().code(), "quota");
}

#[test]
fn e3_too_many_or_too_large_events_doom_the_transaction() {
    let mut memory = Memory::default();
    let (subscriptions, emitter) = (village(), "shop".into());
    let mut count = Emitted(EVENTS_PER_TRANSACTION_MAX - 1);
    let emission =
        Emission { emitter: &emitter, interface: SALES, function: "sold", arguments: &[], depth: 0, time: 0 };
    let rows = &mut Own(&mut memory, EVENTS);
    emit(rows, &subscriptions, &mut count, emission).unwrap();
    assert_eq!(emit(rows, &subscriptions, &mut count, emission).unwrap_err().code(), "quota");
    let large = hamlet_reflect::binary::encode(&[Val::String("x".repeat(ARGUMENT_BYTES_MAX + 1))]);
    let emission = Emission { arguments: &large, ..emission };
    assert_eq!(emit(rows, &subscriptions, &mut Emitted::default(), emission).unwrap_err().code(), "quota");
}

#[test]
fn e1_tidying_drops_what_only_former_subscribers_waited_for() {
    let mut world = World::new();
    world.emit(SALES, 1);
    world.emit(SALES, 2);
    world.tell_all(0, &|name| name == "counter");
    assert_eq!(world.events(), 2);
    let left = [manifest("shop", &[SALES], &[]), manifest("counter", &[], &[SALES])];
    let left = Arc::new(Subscriptions::of(&left));
    assert_eq!(tidy(&mut Own(&mut world.memory, EVENTS), &left, &[]).unwrap(), None);
    assert_eq!(world.events(), 0);
    assert_eq!(world.memory.0.keys().filter(|(_, key)| key[0] == b'c').count(), 1);
}

#[test]
fn e1_a_damaged_row_stops_its_line_and_not_the_host() {
    let mut world = World::new();
    let number = world.emit(SALES, 1);
    world.memory.0.insert((EVENTS, event_key("shop", number)), Arc::from(b"\x09rubbish".as_slice()));
    assert!(world.next(0, &|_| true).is_none());
    assert_eq!(world.deliveries.stuck().len(), 2);
}

#[test]
fn e1_the_audience_is_the_parameter_that_the_manifest_names() {
    let manifest = manifest("shop", &[SALES], &[]);
    let param = |name: &str| hamlet_reflect::Param { name: name.into(), ty: hamlet_reflect::Type::U64 };
    let mut function = Function {
        name: "sold".into(),
        docs: String::new(),
        params: vec![param("what"), param("to")],
        result: None,
    };
    let arguments = [Val::U64(1), Val::List(vec![Id(7).to_val(), Id(9).to_val()])];
    assert_eq!(audience(&manifest, SALES, &function, &arguments), [Id(7), Id(9)]);
    assert!(audience(&manifest, PRICES, &function, &arguments).is_empty());
    function.name = "other".into();
    assert!(audience(&manifest, SALES, &function, &arguments).is_empty());
}

#[test]
fn e1_an_events_row_is_read_as_it_was_written_and_anything_else_is_refused() {
    let event = Event {
        depth: 3,
        time: 77,
        interface: SALES.into(),
        function: "sold".into(),
        arguments: vec![1, 2, 3],
    };
    let row = event.encode();
    assert_eq!(Event::decode(&row), Some(event));
    for cut in 0..row.len() - 3 {
        assert_eq!(Event::decode(&row[..cut]), None);
    }
}
