//! T8: bounds, turns, and people before background.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

fn bounds(people: usize, background: usize, per_principal: usize) -> Bounds {
    Bounds { people, background, per_principal }
}

fn names() -> [Arc<str>; 3] {
    ["counter".into(), "shop".into(), "board".into()]
}

#[test]
fn t8_people_go_before_background_when_both_wait() {
    let shop: Arc<str> = "shop".into();
    let mut queue = FairQueue::new(Bounds::default());
    queue.push(Lane::Background, &shop, 1, "event").unwrap();
    queue.push(Lane::People, &shop, 2, "person").unwrap();
    queue.push(Lane::People, &shop, 2, "person again").unwrap();
    assert_eq!(queue.pop_with_lane(), Some((Lane::People, "person")));
    assert_eq!(queue.pop_with_lane(), Some((Lane::People, "person again")));
    assert_eq!(queue.pop_with_lane(), Some((Lane::Background, "event")));
    assert_eq!(queue.pop(), None);
}

#[test]
fn t8_a_quiet_principal_is_next_but_one_when_another_floods() {
    let shop: Arc<str> = "shop".into();
    let mut queue = FairQueue::new(Bounds::default());
    for n in 0..1_000 {
        queue.push(Lane::People, &shop, 1, n).unwrap();
    }
    queue.push(Lane::People, &shop, 2, 9_999).unwrap();
    let first: Vec<i32> = (0..2).filter_map(|_| queue.pop()).collect();
    assert!(first.contains(&9_999), "{first:?}");
}

#[test]
fn t8_a_full_lane_and_a_full_principal_are_refused_at_once() {
    let shop: Arc<str> = "shop".into();
    let mut queue = FairQueue::new(bounds(3, 1, 2));
    queue.push(Lane::People, &shop, 1, 'a').unwrap();
    queue.push(Lane::People, &shop, 1, 'b').unwrap();
    assert!(matches!(queue.push(Lane::People, &shop, 1, 'c'), Err(Refused::PrincipalFull('c'))));
    queue.push(Lane::People, &shop, 2, 'd').unwrap();
    assert!(matches!(queue.push(Lane::People, &shop, 3, 'e'), Err(Refused::Full('e'))));
    queue.push(Lane::Background, &shop, 4, 'f').unwrap();
    assert!(matches!(queue.push(Lane::Background, &shop, 5, 'g'), Err(Refused::Full('g'))));
    // Room again once one is taken.
    assert_eq!(queue.pop(), Some('a'));
    queue.push(Lane::People, &shop, 1, 'h').unwrap();
}

#[test]
fn t8_a_closed_queue_refuses_but_still_hands_out_what_waits() {
    let shop: Arc<str> = "shop".into();
    let queue = SharedQueue::new(Bounds::default());
    queue.push(Lane::People, &shop, 1, 'a').unwrap();
    queue.close();
    assert!(matches!(queue.push(Lane::People, &shop, 1, 'b'), Err(Refused::Closed('b'))));
    assert_eq!(queue.pop_within(Duration::from_secs(5)), Some('a'));
    assert_eq!(queue.pop_within(Duration::from_secs(5)), None);
}

#[test]
fn t8_a_sleeping_taker_wakes_when_something_is_pushed() {
    let queue = Arc::new(SharedQueue::new(Bounds::default()));
    let taker = {
        let queue = Arc::clone(&queue);
        std::thread::spawn(move || queue.pop_within(Duration::from_secs(20)))
    };
    std::thread::sleep(Duration::from_millis(20));
    queue.push(Lane::People, &"shop".into(), 1, 'a').unwrap();
    assert_eq!(taker.join().unwrap(), Some('a'));
}

/// The target is 0.3 µs for a push and a pop; the bound here leaves room for a busy machine.
#[test]
fn t8_a_push_and_a_pop_are_cheap_when_there_is_one_principal() {
    let shop: Arc<str> = "shop".into();
    let queue = SharedQueue::new(Bounds::default());
    let rounds: u32 = 200_000;
    let begun = Instant::now();
    for n in 0..rounds {
        queue.push(Lane::People, &shop, 7_u128, n).unwrap();
        assert_eq!(queue.try_pop(), Some(n));
    }
    let each = begun.elapsed() / rounds;
    println!("push and pop: {each:?}");
    assert!(each < Duration::from_micros(3), "{each:?}");
}

#[derive(Clone, Debug)]
enum Step {
    Push { people: bool, plugin: usize, principal: u8 },
    Pop,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (any::<bool>(), 0..3_usize, 0..4_u8)
            .prop_map(|(people, plugin, principal)| Step::Push { people, plugin, principal }),
        2 => Just(Step::Pop),
    ];
    prop::collection::vec(step, 0..400)
}

/// Lane (people?), plugin, principal.
type Flow = (bool, usize, u8);

proptest! {
    /// Bounds hold, nothing is lost or doubled, each line keeps its own order, people are first,
    /// and between two services of one line every other line that waited was served (T8).
    #[test]
    fn t8_bounds_order_and_turns_hold_whatever_is_pushed(steps in steps()) {
        let names = names();
        let limits = bounds(24, 8, 6);
        let mut queue = FairQueue::new(limits);
        // The model: for each lane and line, the numbers that wait and the pops it has seen others get.
        let mut lines: BTreeMap<Flow, VecDeque<u32>> = BTreeMap::new();
        let mut passed_over: BTreeMap<Flow, BTreeMap<Flow, u32>> = BTreeMap::new();
        let mut number = 0_u32;
        for step in steps {
            match step {
                Step::Push { people, plugin, principal } => {
                    number += 1;
                    let lane = if people { Lane::People } else { Lane::Background };
                    let in_lane: usize = lines.iter().filter(|(key, _)| key.0 == people).map(|(_, line)| line.len()).sum();
                    let of_principal: usize = lines.iter().filter(|(key, _)| key.2 == principal).map(|(_, line)| line.len()).sum();
                    let room = in_lane < if people { limits.people } else { limits.background };
                    let allowed = of_principal < limits.per_principal;
                    let key = (people, plugin, principal);
                    let pushed = queue.push(lane, &names[plugin], principal, (key, number));
                    prop_assert_eq!(pushed.is_ok(), room && allowed);
                    if pushed.is_ok() {
                        lines.entry(key).or_default().push_back(number);
                    }
                }
                Step::Pop => {
                    let popped = queue.pop();
                    prop_assert_eq!(popped.is_none(), lines.values().all(VecDeque::is_empty));
                    let Some((key, number)) = popped else { continue };
                    prop_assert!(key.0 || lines.iter().all(|(other, line)| !other.0 || line.is_empty()));
                    prop_assert_eq!(lines.get_mut(&key).unwrap().pop_front(), Some(number));
                    passed_over.remove(&key);
                    for (other, line) in &lines {
                        if *other != key && other.0 == key.0 && !line.is_empty() {
                            let seen = passed_over.entry(*other).or_default().entry(key).or_default();
                            *seen += 1;
                            prop_assert!(*seen <= 1, "{:?} was served twice while {:?} waited", key, other);
                        }
                    }
                }
            }
            prop_assert_eq!(queue.len(), lines.values().map(VecDeque::len).sum::<usize>());
        }
    }
}
