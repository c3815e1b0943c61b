//! The simulator: the whole store (journal, state, proofs) on a disk that loses power, tears writes, fills up and
//! fails, checked against a model after each restart. Everything follows from a seed.
//!
//! `HAMLET_SEEDS` says how many seeds (default 150), `HAMLET_SEED` runs one and prints its story. A failing run
//! prints the command that runs it again, exactly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../common/mod.rs"]
mod common;
mod world;

use hamlet_store::disk::simulated::PowerCut;
use world::World;

/// Steps of one run.
const STEPS: u64 = 120;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

fn seeds() -> std::ops::Range<u64> {
    match (number("HAMLET_SEED"), number("HAMLET_SEEDS")) {
        (Some(seed), _) => seed..seed + 1,
        (None, seeds) => 0..seeds.unwrap_or(150),
    }
}

#[test]
fn j1_acknowledged_survives_and_the_rest_is_all_or_nothing_whatever_the_disk_does() {
    let mut seen = world::Seen::default();
    for seed in seeds() {
        let mut world = World::new(seed);
        for _ in 0..STEPS {
            world.step();
        }
        world.end(seed % 10 == 0);
        seen.add(&world.seen);
    }
    println!("{seen:?}");
    // A simulator in which nothing happens proves nothing.
    if seeds().count() >= 100 {
        assert!(seen.commits > 1000 && seen.refused > 20 && seen.cuts > 100 && seen.kills > 20, "{seen:?}");
        assert!(seen.sealed > 1000 && seen.fallen > 20, "{seen:?}");
        assert!(seen.rebuilt > 5 && seen.spoiled > 100, "{seen:?}");
        assert!(seen.unknown_kept > 0 && seen.unknown_lost > 0 && seen.full > 5, "{seen:?}");
    }
}

#[test]
fn a_seed_gives_the_same_run_each_time() {
    let run = |seed| {
        let mut world = World::new(seed);
        for _ in 0..STEPS {
            world.step();
        }
        (world.trace(), world.story())
    };
    for seed in [1, 7, 42] {
        assert_eq!(run(seed), run(seed), "seed {seed}");
    }
    assert_ne!(run(1).0, run(2).0);
}

/// One small history, and the power cut at each single change of it, in each way.
#[test]
fn j1_nothing_is_lost_or_half_there_when_the_power_goes_at_any_single_write() {
    let changes = {
        let mut world = World::new(5);
        let before = world.trace().0;
        world.short_history();
        world.trace().0 - before
    };
    assert!(changes > 100, "{changes} changes");
    for cut in 0..changes {
        for (way, seed) in [
            (PowerCut::Everything, 5),
            (PowerCut::Sectors, 5),
            (PowerCut::Sectors, 6),
            (PowerCut::Nothing, 5),
        ] {
            let mut world = World::new(seed);
            world.way = Some(way);
            world.cut_after(cut);
            world.short_history();
            world.settle();
            world.end(cut % 40 == 0);
        }
    }
}

/// The power goes while the store is opened after a power cut, again and again.
#[test]
fn j1_nothing_is_lost_when_the_power_goes_during_recovery() {
    for seed in seeds().take(60) {
        let mut world = World::new(seed);
        world.short_history();
        for cut in 0..30 {
            world.cut_power();
            world.cut_after(cut);
            world.reopen();
        }
        world.end(false);
    }
}
