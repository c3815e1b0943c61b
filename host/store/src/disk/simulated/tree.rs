//! Names: what they are now, and what they are on the disk.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{PowerCut, Random};

/// What a name is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Dir,
    /// By its place among the inodes.
    File(usize),
}

/// A change of names that was not flushed.
#[derive(Clone, Debug)]
enum Step {
    Put(PathBuf, Node),
    Rename(PathBuf, PathBuf, Node),
    Remove(PathBuf),
}

impl Step {
    fn folder(&self) -> Option<&Path> {
        match self {
            Self::Put(path, _) | Self::Rename(_, path, _) | Self::Remove(path) => path.parent(),
        }
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, Node>) {
        match self {
            Self::Put(path, node) => {
                names.insert(path.clone(), *node);
            }
            Self::Rename(from, to, node) => {
                names.remove(from);
                names.insert(to.clone(), *node);
            }
            Self::Remove(path) => {
                names.remove(path);
            }
        }
    }
}

#[derive(Debug)]
pub(super) struct Tree {
    now: BTreeMap<PathBuf, Node>,
    durable: BTreeMap<PathBuf, Node>,
    unsynced: Vec<Step>,
}

impl Default for Tree {
    fn default() -> Self {
        let root = BTreeMap::from([(PathBuf::from("/"), Node::Dir)]);
        Self { now: root.clone(), durable: root, unsynced: Vec::new() }
    }
}

impl Tree {
    pub fn get(&self, path: &Path) -> Option<Node> {
        self.now.get(path).copied()
    }

    pub fn all(&self) -> impl Iterator<Item = (&PathBuf, Node)> {
        self.now.iter().map(|(path, node)| (path, *node))
    }

    pub fn files(&self) -> impl Iterator<Item = (&PathBuf, usize)> {
        self.now.iter().filter_map(|(path, node)| match node {
            Node::File(inode) => Some((path, *inode)),
            Node::Dir => None,
        })
    }

    fn step(&mut self, step: Step) {
        step.apply(&mut self.now);
        self.unsynced.push(step);
    }

    pub fn put(&mut self, path: &Path, node: Node) {
        self.step(Step::Put(path.to_owned(), node));
    }

    pub fn rename(&mut self, from: &Path, to: &Path, node: Node) {
        self.step(Step::Rename(from.to_owned(), to.to_owned(), node));
    }

    pub fn remove(&mut self, path: &Path) {
        self.step(Step::Remove(path.to_owned()));
    }

    /// Makes the names in a folder durable.
    pub fn sync(&mut self, folder: &Path) {
        let Self { durable, unsynced, .. } = self;
        unsynced.retain(|step| {
            let here = step.folder() == Some(folder);
            if here {
                step.apply(durable);
            }
            !here
        });
    }

    /// What a restart finds.
    pub fn restart(&mut self, cut: PowerCut, random: &mut Random) {
        let steps = std::mem::take(&mut self.unsynced);
        if cut == PowerCut::Nothing {
            // What was not flushed is still on its way.
            self.unsynced = steps;
            return;
        }
        let kept = match cut {
            PowerCut::Sectors => random.below(steps.len() as u64 + 1),
            _ => 0,
        };
        for (_, step) in (0..kept).zip(&steps) {
            step.apply(&mut self.durable);
        }
        // A name whose folder is gone is gone.
        let whole = self.durable.clone();
        self.durable.retain(|path, _| path.ancestors().all(|above| whole.contains_key(above)));
        self.now = self.durable.clone();
    }
}
