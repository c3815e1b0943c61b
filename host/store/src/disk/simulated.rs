//! A disk in memory that does what real ones do on bad days, from a seed, the same each time.
//!
//! | bad day | what it does here |
//! |---|---|
//! | power cut ([`SimulatedDisk::cut_power_after`], [`SimulatedDisk::restart`]) | each 512-byte sector that was not flushed holds what some moment since its last flush left there, whatever its neighbours hold: lost, reordered and torn writes. Names whose folder was not flushed come and go in the order in which they were made, up to some moment |
//! | process killed ([`PowerCut::Nothing`]) | everything written stays |
//! | full disk ([`SimulatedDisk::set_room`]) | what needs new room fails, after a part of it was written |
//! | failing write ([`SimulatedDisk::fail_next`]) | fails after a part of it was written |
//! | failing flush | fails once; what it should have made durable stays readable, and on the disk it is there or not, and no later flush brings it there (as Linux does) |
//! | unreadable sectors ([`SimulatedDisk::spoil`]) | reads that touch them fail until they are written anew, or [`SimulatedDisk::heal`] |
//! | slow flush ([`SimulatedDisk::set_flush_time`]) | takes real time |
//!
//! What it does not model: two disks, a lying disk (one that loses what it confirmed), and file systems that break
//! POSIX. If it is kinder than a real disk, tests pass that should not.

mod file;
mod random;
mod tree;

use std::{
    collections::BTreeSet,
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;

pub use self::random::Random;
use self::{
    file::{Inode, SimulatedFile},
    tree::{Node, Tree},
};
use super::{Disk, DiskFile, DiskLock, Open};

/// Bytes that a disk writes as a whole or not at all.
pub const SECTOR_BYTES: u64 = 512;

/// What a power cut does with what was not flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerCut {
    /// Nothing: only the process died.
    Nothing,
    /// All of it is gone.
    Everything,
    /// Each sector by itself.
    Sectors,
}

/// An operation that changes something, and can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A write, or a new length.
    Write,
    /// A flush of a file.
    Flush,
    /// A preallocation.
    Preallocate,
    /// Making, renaming or removing a name, or flushing a folder.
    Name,
}

/// A disk. Clones are the same disk.
#[derive(Clone)]
pub struct SimulatedDisk {
    world: Arc<Mutex<World>>,
}

impl fmt::Debug for SimulatedDisk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SimulatedDisk")
    }
}

struct World {
    random: Random,
    tree: Tree,
    inodes: Vec<Inode>,
    locked: BTreeSet<PathBuf>,
    /// Files opened before the last restart are dead.
    boot: u64,
    /// Changes so far.
    changes: u64,
    /// The change that the power does not outlast.
    cut_at: Option<u64>,
    down: bool,
    /// Bytes that all files together may take.
    room: u64,
    failing: Option<Change>,
    flush_time: Duration,
    /// CRC32C over every change, to tell whether two runs were the same.
    trace: u32,
}

impl SimulatedDisk {
    /// An empty disk of unlimited room. The same seed and the same operations give the same disk.
    pub fn new(seed: u64) -> Self {
        Self {
            world: Arc::new(Mutex::new(World {
                random: Random::new(seed),
                tree: Tree::default(),
                inodes: Vec::new(),
                locked: BTreeSet::new(),
                boot: 0,
                changes: 0,
                cut_at: None,
                down: false,
                room: u64::MAX,
                failing: None,
                flush_time: Duration::ZERO,
                trace: 0,
            })),
        }
    }

    /// The power goes at the so-many-th change from now (0: the next), in the middle of it.
    pub fn cut_power_after(&self, changes: u64) {
        let mut world = self.world.lock();
        world.cut_at = Some(world.changes + changes);
    }

    /// The power goes now. What was open is to be dropped, then [`Self::restart`].
    pub fn cut_power(&self) {
        self.world.lock().down = true;
    }

    /// Whether the power is gone.
    pub fn is_down(&self) -> bool {
        self.world.lock().down
    }

    /// Power comes back. The store on this disk must be dropped; its files answer no more. Faults end, the room
    /// stays as it was set.
    pub fn restart(&self, cut: PowerCut) {
        let mut world = self.world.lock();
        let world = &mut *world;
        world.tree.restart(cut, &mut world.random);
        for inode in &mut world.inodes {
            inode.restart(cut, &mut world.random);
        }
        world.boot += 1;
        (world.down, world.cut_at, world.failing) = (false, None, None);
        world.flush_time = Duration::ZERO;
        world.locked.clear();
    }

    /// How many bytes all files together may take.
    pub fn set_room(&self, bytes: u64) {
        self.world.lock().room = bytes;
    }

    /// Bytes that the files take now.
    pub fn used(&self) -> u64 {
        self.world.lock().used()
    }

    /// The next operation of a kind fails with an input/output error.
    pub fn fail_next(&self, change: Change) {
        self.world.lock().failing = Some(change);
    }

    /// How long each flush takes.
    pub fn set_flush_time(&self, time: Duration) {
        self.world.lock().flush_time = time;
    }

    /// Makes the sector at an offset of a file unreadable. False where there is no such file.
    pub fn spoil(&self, path: &Path, offset: u64) -> bool {
        let mut world = self.world.lock();
        let Some(Node::File(inode)) = world.tree.get(path) else { return false };
        let inode = world.inodes.get_mut(inode);
        inode.is_some_and(|inode| inode.spoiled.insert(offset / SECTOR_BYTES))
    }

    /// Makes every sector readable again.
    pub fn heal(&self) {
        for inode in &mut self.world.lock().inodes {
            inode.spoiled.clear();
        }
    }

    /// The files there are now.
    pub fn files(&self) -> Vec<PathBuf> {
        self.world.lock().tree.files().map(|(path, _)| path.clone()).collect()
    }

    /// Changes so far, and a checksum over all of them in order: two runs with the same were the same.
    pub fn trace(&self) -> (u64, u32) {
        let world = self.world.lock();
        (world.changes, world.trace)
    }

    /// Writes folders and files below `from` into a folder of the real disk: for programs that look at real files.
    pub fn write_out(&self, from: &Path, to: &Path) -> io::Result<()> {
        let world = self.world.lock();
        fs::create_dir_all(to)?;
        for (path, node) in world.tree.all() {
            let Ok(below) = path.strip_prefix(from) else { continue };
            match node {
                Node::Dir => fs::create_dir_all(to.join(below))?,
                Node::File(inode) => {
                    let bytes = world.inodes.get(inode).map(|inode| inode.now.as_slice());
                    fs::write(to.join(below), bytes.unwrap_or_default())?;
                }
            }
        }
        Ok(())
    }
}

impl World {
    fn used(&self) -> u64 {
        self.tree.files().filter_map(|(_, inode)| self.inodes.get(inode)).map(Inode::takes).sum()
    }

    /// Room that is left.
    fn left(&self) -> u64 {
        self.room.saturating_sub(self.used())
    }

    fn alive(&self) -> io::Result<()> {
        if self.down { Err(gone()) } else { Ok(()) }
    }

    /// Counts a change. [`Fate::Cut`] and [`Fate::Fails`] say that it does not succeed.
    fn change(&mut self, change: Change, what: &[u8]) -> io::Result<Fate> {
        self.alive()?;
        let number = self.changes;
        self.changes += 1;
        self.trace = crc32c::crc32c_append(self.trace, &[change as u8]);
        self.trace = crc32c::crc32c_append(self.trace, what);
        if self.cut_at == Some(number) {
            self.down = true;
            return Ok(Fate::Cut);
        }
        if self.failing == Some(change) {
            self.failing = None;
            return Ok(Fate::Fails);
        }
        Ok(Fate::Succeeds)
    }

    fn change_name(&mut self, path: &Path) -> io::Result<()> {
        match self.change(Change::Name, path.as_os_str().as_encoded_bytes())? {
            Fate::Succeeds => Ok(()),
            Fate::Fails => Err(io::Error::other("a simulated fault")),
            // Whether the name has changed is decided when power returns: it was not flushed.
            Fate::Cut => Err(gone()),
        }
    }
}

/// What becomes of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Succeeds,
    Fails,
    Cut,
}

fn gone() -> io::Error {
    io::Error::other("the power is gone (simulated)")
}

fn missing(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("{} is not there", path.display()))
}

impl Disk for SimulatedDisk {
    fn make_dir(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world.lock();
        world.alive()?;
        let mut above: Vec<&Path> = path.ancestors().collect();
        above.reverse();
        for dir in above {
            match world.tree.get(dir) {
                Some(Node::Dir) => {}
                Some(Node::File(_)) => return Err(io::ErrorKind::NotADirectory.into()),
                None => {
                    world.change_name(dir)?;
                    world.tree.put(dir, Node::Dir);
                }
            }
        }
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<(String, u64)>> {
        let world = self.world.lock();
        world.alive()?;
        if world.tree.get(path) != Some(Node::Dir) {
            return Err(missing(path));
        }
        let files = world.tree.files().filter(|(file, _)| file.parent() == Some(path));
        let named = files.filter_map(|(file, inode)| {
            let length = world.inodes.get(inode)?.now.len() as u64;
            Some((file.file_name()?.to_string_lossy().into_owned(), length))
        });
        Ok(named.collect())
    }

    fn exists(&self, path: &Path) -> bool {
        self.world.lock().tree.get(path).is_some()
    }

    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>> {
        let mut world = self.world.lock();
        world.alive()?;
        let inode = match world.tree.get(path) {
            Some(Node::Dir) => return Err(io::ErrorKind::IsADirectory.into()),
            Some(Node::File(inode)) => inode,
            None if matches!(how, Open::Read | Open::Write) => return Err(missing(path)),
            None => {
                if path.parent().is_none_or(|parent| world.tree.get(parent) != Some(Node::Dir)) {
                    return Err(missing(path));
                }
                world.change_name(path)?;
                let inode = world.inodes.len();
                world.inodes.push(Inode::default());
                world.tree.put(path, Node::File(inode));
                inode
            }
        };
        let file = SimulatedFile { disk: self.clone(), inode, boot: world.boot, writable: how != Open::Read };
        drop(world);
        if how == Open::Replace && file.length()? > 0 {
            file.set_length(0)?;
        }
        Ok(Arc::new(file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.world.lock();
        world.alive()?;
        let Some(node @ Node::File(_)) = world.tree.get(from) else { return Err(missing(from)) };
        world.change_name(to)?;
        world.tree.rename(from, to, node);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world.lock();
        world.alive()?;
        let Some(Node::File(_)) = world.tree.get(path) else { return Err(missing(path)) };
        world.change_name(path)?;
        world.tree.remove(path);
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world.lock();
        world.alive()?;
        if world.tree.get(path) != Some(Node::Dir) {
            return Err(missing(path));
        }
        world.change_name(path)?;
        world.tree.sync(path);
        Ok(())
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<DiskLock>> {
        self.open(path, Open::Create)?;
        let mut world = self.world.lock();
        if !world.locked.insert(path.to_owned()) {
            return Ok(None);
        }
        let lock = Lock { disk: self.clone(), path: path.to_owned(), boot: world.boot };
        Ok(Some(Box::new(lock)))
    }
}

struct Lock {
    disk: SimulatedDisk,
    path: PathBuf,
    boot: u64,
}

impl Drop for Lock {
    fn drop(&mut self) {
        let mut world = self.disk.world.lock();
        if world.boot == self.boot {
            world.locked.remove(&self.path);
        }
    }
}
