//! A store on a simulated disk, the model beside it, and what may happen to them.

mod check;
mod commit;
mod faults;

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use hamlet_store::{
    Background, Batch, Config, Entropy, STATE_REFUSED_FILE, Store, StoreError, Work,
    disk::Disk as _,
    disk::simulated::{Change, PowerCut, Random, SimulatedDisk},
};
use parking_lot::Mutex;

use crate::common::signer;

const DIR: &str = "/village/data";

type Map = BTreeMap<Vec<u8>, Vec<u8>>;
/// What each command of a batch writes.
type Commands = Vec<BTreeMap<Vec<u8>, Option<Vec<u8>>>>;

/// What happened, so that a run in which little happens is seen.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub commits: u64,
    pub refused: u64,
    /// Batches on top of which others were begun before they were flushed.
    pub sealed: u64,
    /// The same that failed, with what was on top.
    pub fallen: u64,
    pub full: u64,
    pub unknown_kept: u64,
    pub unknown_lost: u64,
    pub cuts: u64,
    pub kills: u64,
    pub opens: u64,
    pub dropped: u64,
    /// States that redb refused and that were made anew.
    pub rebuilt: u64,
    /// Sectors that could not be read.
    pub spoiled: u64,
}

impl Seen {
    pub fn add(&mut self, other: &Self) {
        self.commits += other.commits;
        self.refused += other.refused;
        self.sealed += other.sealed;
        self.fallen += other.fallen;
        self.full += other.full;
        self.unknown_kept += other.unknown_kept;
        self.unknown_lost += other.unknown_lost;
        self.cuts += other.cuts;
        self.kills += other.kills;
        self.opens += other.opens;
        self.dropped += other.dropped;
        self.rebuilt += other.rebuilt;
        self.spoiled += other.spoiled;
    }
}

pub struct World {
    seed: u64,
    random: Random,
    disk: SimulatedDisk,
    config: Config,
    store: Option<(Store, Batch)>,
    /// The rows after each batch; the first is before any.
    states: Vec<Map>,
    batches: Vec<Commands>,
    /// A batch of which nobody can say whether it is on disk.
    maybe: Option<(Map, Commands)>,
    /// A fault was made since the store was opened: errors are to be expected, wrong answers are not.
    faulted: bool,
    /// The disk's room is limited.
    limited: bool,
    /// Sectors cannot be read.
    spoiled: bool,
    checkpoints: Vec<String>,
    /// The oldest batch that the journal may have dropped its segments up to.
    oldest: u64,
    /// What a power cut does; none: by chance.
    pub way: Option<PowerCut>,
    pub seen: Seen,
    story: Vec<String>,
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the story of seed {}:", self.seed);
            self.story.iter().for_each(|line| println!("  {line}"));
            println!(
                "run it again: HAMLET_SEED={} cargo nextest run --release -p hamlet-store --test simulator",
                self.seed
            );
        }
    }
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let disk = SimulatedDisk::new(random.number());
        disk.make_dir(Path::new("/village")).unwrap();
        disk.sync_dir(Path::new("/")).unwrap();
        let entropy = Mutex::new(Random::new(random.number()));
        let config = Config {
            segment_bytes: [1500, 4096, 20_000][usize::try_from(random.below(3)).unwrap()],
            fold_bytes: usize::MAX,
            fold_interval: Duration::from_hours(1),
            overlay_bytes_max: [3_000, 40_000][usize::from(random.one_in(2))],
            writer_cache_bytes: 2048,
            state_cache_bytes: 1 << 20,
            entropy: Entropy(Arc::new(move |bytes| {
                entropy.lock().fill(bytes);
                Ok(())
            })),
            disk: Arc::new(disk.clone()),
            background: Background::ByHand,
            ..Config::default()
        };
        let mut world = Self {
            seed,
            random,
            disk,
            config,
            store: None,
            states: vec![Map::new()],
            batches: Vec::new(),
            maybe: None,
            faulted: false,
            limited: false,
            spoiled: false,
            checkpoints: Vec::new(),
            oldest: 1,
            way: None,
            seen: Seen::default(),
            story: Vec::new(),
        };
        world.reopen();
        world
    }

    pub fn trace(&self) -> (u64, u32) {
        self.disk.trace()
    }

    pub fn story(&self) -> Vec<String> {
        self.story.clone()
    }

    fn tell(&mut self, what: impl Into<String>) {
        self.story.push(what.into());
    }

    fn head(&self) -> u64 {
        self.batches.len() as u64
    }

    /// Something happens.
    pub fn step(&mut self) {
        // Some worlds have a worse disk.
        match self.seed % 4 {
            1 if self.random.one_in(30) => self.scribble(),
            2 if self.random.one_in(15) => self.spoil(),
            _ => {}
        }
        match self.random.below(100) {
            0..52 => self.commit(true),
            52..60 => self.work(Work::Fold),
            60..65 => self.work(Work::Merge),
            65..71 => self.work(Work::Prove),
            71..77 => self.work(Work::SaveProofs),
            77..80 => {
                self.tell("closed and opened");
                self.reopen();
            }
            80..84 => {
                let after = self.random.below(40);
                self.cut_after(after);
            }
            84..86 => self.cut_power(),
            86..88 => self.kill(),
            88..90 => {
                let room = self.disk.used() + self.random.below(6000);
                self.tell(format!("the disk has room for {room} bytes"));
                self.disk.set_room(room);
                (self.faulted, self.limited) = (true, true);
            }
            90..93 => {
                self.tell("the disk has room");
                self.disk.set_room(u64::MAX);
                self.limited = false;
            }
            93..95 => self.fail(Change::Write),
            95..97 => self.fail(Change::Flush),
            97 => self.fail(Change::Preallocate),
            98 => self.drop_before(),
            _ => self.checkpoint(),
        }
        self.settle();
    }

    /// A few of everything, without faults of its own.
    pub fn short_history(&mut self) {
        for round in 0..14 {
            self.commit(false);
            match round % 5 {
                1 => self.work(Work::Fold),
                2 => self.work(Work::SaveProofs),
                3 => self.checkpoint(),
                4 => self.drop_before(),
                _ => {}
            }
            if self.disk.is_down() {
                return;
            }
        }
    }

    /// Opens the store, which must work as soon as the disk does, and checks everything.
    pub fn reopen(&mut self) {
        self.store = None;
        for attempt in 0.. {
            match Store::open(Path::new(DIR), self.config.clone()) {
                Ok(opened) => {
                    self.seen.opens += 1;
                    self.store = Some(opened);
                    let refused = Path::new(DIR).join(STATE_REFUSED_FILE);
                    if self.disk.exists(&refused) {
                        self.tell("the state was refused and made anew");
                        self.seen.rebuilt += 1;
                        let _ = self.disk.remove(&refused);
                    }
                    if !self.disk.is_down() {
                        break;
                    }
                    self.store = None;
                }
                Err(error) => {
                    self.tell(format!("opening failed: {error}"));
                    assert!(self.faulted, "the store cannot be opened: {error}");
                    assert!(
                        matches!(error, StoreError::Io { .. } | StoreError::State(_)),
                        "a failing disk is no damage: {error}"
                    );
                }
            }
            assert!(attempt < 4, "the store does not open on a disk that works");
            if self.disk.is_down() {
                let way = if self.random.one_in(2) { PowerCut::Everything } else { PowerCut::Sectors };
                self.disk.restart(self.way.unwrap_or(way));
            } else {
                self.disk.set_room(u64::MAX);
                self.heal();
                self.limited = false;
            }
        }
        // What cannot be read now fails what is checked: that is known by now.
        self.heal();
        self.check();
    }

    fn work(&mut self, work: Work) {
        let Some((store, _)) = &self.store else { return };
        let done = store.work(work);
        assert!(done.is_ok() || self.faulted, "{done:?}");
        self.tell(format!("{work:?}: {}", done.map_or_else(|error| error.to_string(), |()| "done".into())));
    }

    fn drop_before(&mut self) {
        let Some((store, _)) = &self.store else { return };
        let wanted = self.random.below(self.head() + 1);
        match store.drop_before(wanted) {
            Ok(oldest) => {
                assert!(oldest <= wanted.max(self.oldest), "{oldest} of {wanted}");
                self.oldest = oldest;
                self.seen.dropped += u64::from(oldest > 1);
                self.tell(format!("dropped what is before {wanted}: {oldest} is the oldest"));
            }
            Err(error) => {
                assert!(self.faulted, "{error}");
                self.tell(format!("dropping failed: {error}"));
            }
        }
    }

    fn checkpoint(&mut self) {
        let Some((store, _)) = &self.store else { return };
        match store.proofs().unwrap().checkpoint(&signer()) {
            Ok(note) => {
                self.tell(format!("gave out a checkpoint at {}", store.head()));
                self.checkpoints.push(note);
            }
            Err(error) => assert!(self.faulted, "{error}"),
        }
    }
}
