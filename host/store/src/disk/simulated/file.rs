//! Content: what it is now, and what is on the disk.

use std::{collections::BTreeSet, io, sync::Arc};

use super::{Change, Fate, PowerCut, Random, SECTOR_BYTES, SimulatedDisk, World, gone};
use crate::disk::DiskFile;

/// A sector's length, for arrays.
const SECTOR_LENGTH: usize = 512;
const _: () = assert!(SECTOR_LENGTH as u64 == SECTOR_BYTES);

/// A file's content.
#[derive(Debug, Default)]
pub(super) struct Inode {
    /// What a reader sees.
    pub now: Vec<u8>,
    /// What was flushed.
    durable: Vec<u8>,
    /// What leads from the one to the other.
    unsynced: Vec<Step>,
    /// Bytes from the beginning that have their room.
    reserved: u64,
    /// Sectors that cannot be read.
    pub spoiled: BTreeSet<u64>,
}

#[derive(Debug)]
enum Step {
    Write(u64, Arc<[u8]>),
    Length(u64),
}

/// As an index; what is larger is larger than any file here.
fn at(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

impl Step {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Length(length) => bytes.resize(at(*length), 0),
            Self::Write(offset, new) => {
                let (begin, end) = (at(*offset), at(*offset) + new.len());
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                if let Some(place) = bytes.get_mut(begin..end) {
                    place.copy_from_slice(new);
                }
            }
        }
    }

    /// What of it falls into a sector.
    fn apply_within(&self, sector: u64, bytes: &mut [u8; SECTOR_LENGTH]) {
        let first = sector * SECTOR_BYTES;
        let (offset, new): (u64, &[u8]) = match self {
            Self::Length(length) => {
                let kept = at(length.saturating_sub(first)).min(bytes.len());
                bytes.iter_mut().skip(kept).for_each(|byte| *byte = 0);
                return;
            }
            Self::Write(offset, new) => (*offset, new),
        };
        for (place, byte) in (first..).zip(bytes.iter_mut()) {
            let within = place.checked_sub(offset).and_then(|within| new.get(at(within)));
            if let Some(new) = within {
                *byte = *new;
            }
        }
    }

    fn sectors(&self, length: u64) -> std::ops::RangeInclusive<u64> {
        match self {
            Self::Write(offset, new) => {
                offset / SECTOR_BYTES..=(offset + (new.len() as u64).max(1) - 1) / SECTOR_BYTES
            }
            Self::Length(cut) => cut / SECTOR_BYTES..=length.max(*cut) / SECTOR_BYTES,
        }
    }
}

impl Inode {
    /// Bytes that it takes of the disk's room.
    pub fn takes(&self) -> u64 {
        self.reserved
    }

    fn step(&mut self, step: Step) {
        if let Step::Length(length) = step {
            self.reserved = self.reserved.min(length);
        }
        if let Step::Write(offset, new) = &step {
            self.reserved = self.reserved.max(offset + new.len() as u64);
            for sector in step.sectors(0) {
                self.spoiled.remove(&sector);
            }
        }
        step.apply(&mut self.now);
        self.unsynced.push(step);
    }

    fn sync(&mut self) {
        for step in self.unsynced.drain(..) {
            step.apply(&mut self.durable);
        }
    }

    /// What is not flushed comes to the disk by chance, each sector up to some moment, and then is forgotten.
    fn scatter(&mut self, random: &mut Random) {
        let steps = std::mem::take(&mut self.unsynced);
        let moments = steps.len() as u64 + 1;
        let mut length = self.durable.len() as u64;
        let lengths = random.below(moments);
        for (_, step) in (0..lengths).zip(&steps) {
            length = match step {
                Step::Length(new) => *new,
                Step::Write(offset, new) => length.max(offset + new.len() as u64),
            };
        }
        let longest = length.max(self.now.len() as u64).max(self.durable.len() as u64);
        let touched: BTreeSet<u64> = steps.iter().flat_map(|step| step.sectors(longest)).collect();
        let mut out = self.durable.clone();
        out.resize(at(longest.next_multiple_of(SECTOR_BYTES) + SECTOR_BYTES), 0);
        for sector in touched {
            let begin = at(sector * SECTOR_BYTES);
            let Some(place) = out.get_mut(begin..).and_then(|rest| rest.first_chunk_mut()) else { continue };
            let upto = random.below(moments);
            for (_, step) in (0..upto).zip(&steps) {
                step.apply_within(sector, place);
            }
        }
        out.truncate(at(length));
        self.durable = out;
    }

    /// What a restart finds.
    pub fn restart(&mut self, cut: PowerCut, random: &mut Random) {
        match cut {
            // What was not flushed is still on its way.
            PowerCut::Nothing => return,
            PowerCut::Everything => self.unsynced.clear(),
            PowerCut::Sectors if self.unsynced.is_empty() => {}
            PowerCut::Sectors => self.scatter(random),
        }
        self.now = self.durable.clone();
        self.reserved = self.now.len() as u64;
    }
}

/// An open file.
#[derive(Debug)]
pub(super) struct SimulatedFile {
    pub disk: SimulatedDisk,
    pub inode: usize,
    pub boot: u64,
    pub writable: bool,
}

impl SimulatedFile {
    fn with<T>(&self, act: impl FnOnce(&mut World, usize) -> io::Result<T>) -> io::Result<T> {
        let mut world = self.disk.world.lock();
        world.alive()?;
        if world.boot != self.boot {
            return Err(gone());
        }
        act(&mut world, self.inode)
    }

    fn change(
        &self,
        change: Change,
        what: &[u8],
        mut act: impl FnMut(&mut World, Fate) -> io::Result<()>,
    ) -> io::Result<()> {
        if !self.writable && change != Change::Flush {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        self.with(|world, inode| {
            world.trace = crc32c::crc32c_append(world.trace, &inode.to_le_bytes());
            let fate = world.change(change, what)?;
            act(world, fate)?;
            match fate {
                Fate::Succeeds => Ok(()),
                Fate::Fails => Err(io::Error::other("a simulated fault")),
                Fate::Cut => Err(gone()),
            }
        })
    }

    fn step(world: &mut World, inode: usize, step: Step) {
        if let Some(inode) = world.inodes.get_mut(inode) {
            inode.step(step);
        }
    }
}

impl DiskFile for SimulatedFile {
    fn length(&self) -> io::Result<u64> {
        self.with(|world, inode| Ok(world.inodes.get(inode).map_or(0, |inode| inode.now.len() as u64)))
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.with(|world, inode| {
            let Some(inode) = world.inodes.get(inode) else { return Err(gone()) };
            let end = at(offset).saturating_add(bytes.len());
            let Some(found) = inode.now.get(at(offset)..end) else {
                return Err(io::ErrorKind::UnexpectedEof.into());
            };
            let sectors = offset / SECTOR_BYTES..=(end as u64).saturating_sub(1) / SECTOR_BYTES;
            if inode.spoiled.range(sectors).next().is_some() {
                return Err(io::Error::other("an unreadable sector (simulated)"));
            }
            bytes.copy_from_slice(found);
            Ok(())
        })
    }

    fn write_at(&self, parts: [&[u8]; 2], offset: u64) -> io::Result<()> {
        let whole = parts.concat();
        self.change(Change::Write, &[&offset.to_le_bytes(), &*whole].concat(), |world, fate| {
            let end = offset + whole.len() as u64;
            let before = world.inodes.get(self.inode).map_or(0, Inode::takes);
            let lacks = end.saturating_sub(before).saturating_sub(world.left());
            // A write that fails writes some of it, but not all; one that the power ends may be whole.
            let most = match fate {
                Fate::Succeeds => whole.len() as u64 - lacks.min(whole.len() as u64),
                Fate::Fails => world.random.below(whole.len() as u64),
                Fate::Cut => world.random.below(whole.len() as u64 + 1),
            };
            let written = whole.get(..at(most)).unwrap_or_default();
            if !written.is_empty() {
                Self::step(world, self.inode, Step::Write(offset, written.into()));
            }
            if lacks > 0 && fate == Fate::Succeeds {
                return Err(io::ErrorKind::StorageFull.into());
            }
            Ok(())
        })
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.change(Change::Write, &length.to_le_bytes(), |world, fate| {
            if fate != Fate::Fails {
                Self::step(world, self.inode, Step::Length(length));
            }
            Ok(())
        })
    }

    fn preallocate(&self, length: u64) -> io::Result<()> {
        self.change(Change::Preallocate, &length.to_le_bytes(), |world, fate| {
            let before = world.inodes.get(self.inode).map_or(0, Inode::takes);
            if fate == Fate::Fails {
                return Ok(());
            }
            if length.saturating_sub(before) > world.left() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let now = world.inodes.get(self.inode).map_or(0, |inode| inode.now.len() as u64);
            Self::step(world, self.inode, Step::Length(length.max(now)));
            if let Some(inode) = world.inodes.get_mut(self.inode) {
                inode.reserved = inode.reserved.max(length);
            }
            Ok(())
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        let time = self.with(|world, _| Ok(world.flush_time))?;
        if !time.is_zero() {
            std::thread::sleep(time);
        }
        self.change(Change::Flush, &[], |world, fate| {
            let Some(inode) = world.inodes.get_mut(self.inode) else { return Ok(()) };
            match fate {
                Fate::Succeeds => inode.sync(),
                Fate::Fails => inode.scatter(&mut world.random),
                // What of it came to the disk is decided when power returns.
                Fate::Cut => {}
            }
            Ok(())
        })
    }
}
