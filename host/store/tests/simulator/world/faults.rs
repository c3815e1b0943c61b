//! What may befall a simulated store: power cuts, kills, operations that fail, files that somebody wrote into, sectors
//! that cannot be read.

use std::path::Path;

use hamlet_store::disk::simulated::{Change, PowerCut};
use hamlet_store::disk::{Disk as _, Open};

use super::{DIR, World};

impl World {
    /// Opens the store again where the power went.
    pub fn settle(&mut self) {
        if self.disk.is_down() {
            self.tell("the power went");
            self.restart(true);
        }
    }

    pub fn cut_after(&mut self, changes: u64) {
        self.tell(format!("the power will go at change {changes} from now"));
        self.faulted = true;
        self.disk.cut_power_after(changes);
    }

    pub fn cut_power(&mut self) {
        self.tell("the power is cut");
        self.restart(true);
    }

    pub(super) fn kill(&mut self) {
        self.tell("the process is killed");
        self.restart(false);
    }

    /// Something else writes into the folded state while the host is stopped.
    pub(super) fn scribble(&mut self) {
        let Some((store, _)) = &self.store else { return };
        // Without the whole journal the state could not be made anew, and the history would end here.
        if store.stats().journal_oldest > 1 || self.disk.is_down() {
            return;
        }
        self.store = None;
        let Ok(state) = self.disk.open(&Path::new(DIR).join("state.redb"), Open::Write) else { return };
        let mut noise = vec![0; 200];
        self.random.fill(&mut noise);
        let (at, length) = (self.random.below(4096 - 200), state.length().unwrap_or(0));
        let done = match self.random.below(3) {
            0 => state.write_at([&noise, &[]], at).and_then(|()| state.sync_data()),
            1 => state.set_length(length / 2).and_then(|()| state.sync_data()),
            _ => state.write_at([&noise, &[]], length).and_then(|()| state.sync_data()),
        };
        self.tell(format!("somebody wrote into the state: {done:?}"));
        self.reopen();
    }

    /// A sector of some file cannot be read until it is written anew, or the disk is mended.
    pub(super) fn spoil(&mut self) {
        let files = self.disk.files();
        let file = &files[usize::try_from(self.random.below(files.len() as u64)).unwrap()];
        let offset = self.random.below(20_000);
        self.disk.spoil(file, offset);
        (self.faulted, self.spoiled) = (true, true);
        self.seen.spoiled += 1;
        self.tell(format!("{} cannot be read at {offset}", file.display()));
    }

    pub(super) fn heal(&mut self) {
        self.disk.heal();
        self.spoiled = false;
    }

    pub(super) fn fail(&mut self, change: Change) {
        self.tell(format!("the next {change:?} fails"));
        self.faulted = true;
        self.disk.fail_next(change);
    }

    pub(super) fn restart(&mut self, power: bool) {
        let ways = [PowerCut::Everything, PowerCut::Sectors, PowerCut::Sectors];
        let way = ways[usize::try_from(self.random.below(3)).unwrap()];
        let way = if power { self.way.unwrap_or(way) } else { PowerCut::Nothing };
        self.seen.cuts += u64::from(power);
        self.seen.kills += u64::from(!power);
        // Also a process that is killed closes nothing.
        self.disk.cut_power();
        self.store = None;
        self.tell(format!("restarted: {way:?}"));
        self.disk.restart(way);
        self.faulted = self.limited || self.spoiled;
        self.reopen();
    }
}
