//! The Merkle tree of RFC 6962 (2.1) and RFC 9162 (2.1): heads, proofs, and their checks.
//!
//! Leaves are numbered from 0. The node at (level, n) stands over the 2^level leaves from n·2^level on; it
//! exists once all of these do and then never changes. All existing nodes form one list, in the order in
//! which they come to be:
//!
//! ```text
//! leaf 0, leaf 1, (1,0), leaf 2, leaf 3, (1,1), (2,0), leaf 4, …       2·size − popcount(size) of them
//! ```
//!
//! so a tree is kept as one append-only file of 32-byte hashes. Appending n leaves costs O(n) hashes,
//! a proof or a head O(log n) reads, reopening O(log n).

use crate::hash::Hash;

/// More levels than numbers can count leaves for.
const LEVELS_MAX: u32 = 64;

/// Why a proof does not hold, or cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// There is no such leaf in a tree of that size.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    OutOfTree {
        /// The leaf that was asked for.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// A tree does not shrink.
    #[error("a tree of {old} leaves cannot have grown into one of {new}")]
    Shrunk {
        /// The earlier size.
        old: u64,
        /// The later one.
        new: u64,
    },
    /// The proof has too many or too few hashes for these sizes.
    #[error("the proof has {found} hashes, which does not fit the sizes")]
    WrongLength {
        /// How many there are.
        found: usize,
    },
    /// The proof leads elsewhere: something in it, or in what it proves, was altered.
    #[error("the proof leads to the tree head {computed}, not to {expected}")]
    OtherHead {
        /// Where it leads.
        computed: Hash,
        /// Where it should.
        expected: Hash,
    },
    /// The past that the old head stands for was changed, or the proof was.
    #[error(
        "history was rewritten, or the proof altered: it does not show the later tree to hold the earlier one \
         (it leads to {computed}, not to {expected})"
    )]
    OtherPast {
        /// Where it leads.
        computed: Hash,
        /// The head, of either tree, to which it should.
        expected: Hash,
    },
    /// A tree holds at most 2^62 leaves.
    #[error("a tree of {0} leaves is too large")]
    TooLarge(u64),
}

/// The largest tree: sizes beyond it would overflow the arithmetic of positions.
pub const SIZE_MAX: u64 = 1 << 62;

/// How many nodes a tree of so many leaves has. At most [`SIZE_MAX`] leaves.
pub fn node_count(size: u64) -> u64 {
    2 * size - u64::from(size.count_ones())
}

/// Where the node (level, n) stands in the list of all nodes.
pub fn node_position(level: u32, n: u64) -> u64 {
    let last_leaf = ((n + 1) << level) - 1;
    node_count(last_leaf) + u64::from(level)
}

/// Where nodes are read from.
pub trait Nodes {
    /// Why reading may fail.
    type Error: From<ProofError>;

    /// The node (level, n); asked for only when it exists in a tree of the size that was given.
    fn node(&self, level: u32, n: u64) -> Result<Hash, Self::Error>;
}

/// All leaves in memory, as tests and small trees have them. A node costs hashing its leaves.
impl Nodes for [Hash] {
    type Error = ProofError;

    fn node(&self, level: u32, n: u64) -> Result<Hash, ProofError> {
        let outside = || ProofError::OutOfTree { index: n << level, size: self.len() as u64 };
        let start = usize::try_from(n << level).map_err(|_| outside())?;
        let leaves = self.get(start..start + (1 << level)).ok_or_else(outside)?;
        Ok(head(leaves))
    }
}

/// The head of a tree with these leaves (RFC 6962, 2.1: MTH). O(n).
pub fn head(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        frontier.push(*leaf, |_| {});
    }
    frontier.root()
}

/// The right edge of a growing tree: its size and the complete subtrees that it falls into, at most 64
/// hashes. All that is needed to append and to know the head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The edge of a tree that exists already. O(log size) reads.
    pub fn load<N: Nodes + ?Sized>(nodes: &N, size: u64) -> Result<Self, N::Error> {
        check_size(size)?;
        let mut peaks = Vec::new();
        let mut start = 0;
        for level in (0..LEVELS_MAX).rev().filter(|level| (size >> level) & 1 == 1) {
            peaks.push(nodes.node(level, start >> level)?);
            start += 1 << level;
        }
        Ok(Self { size, peaks })
    }

    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf's hash. `made` gets every node that now exists, in the list's order: the leaf first.
    /// One node hash on average.
    pub fn push(&mut self, leaf: Hash, mut made: impl FnMut(Hash)) {
        let mut node = leaf;
        made(node);
        // As many subtrees are completed as the old size ends in ones.
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            node = Hash::of_node(left, node);
            made(node);
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// The tree head. O(log size).
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return Hash::of_nothing() };
        peaks.fold(*last, |right, left| Hash::of_node(*left, right))
    }

    /// Back to an empty tree, keeping its memory.
    pub fn clear(&mut self) {
        self.size = 0;
        self.peaks.clear();
    }
}

/// The head that a tree had at `size`. O(log size) reads.
pub fn head_at<N: Nodes + ?Sized>(nodes: &N, size: u64) -> Result<Hash, N::Error> {
    Ok(Frontier::load(nodes, size)?.root())
}

/// The audit path of a leaf in a tree of `size` leaves (RFC 6962, 2.1.1), lowest first. O(log² size) reads
/// at worst, O(log size) where the tree is complete.
pub fn inclusion_proof<N: Nodes + ?Sized>(nodes: &N, index: u64, size: u64) -> Result<Vec<Hash>, N::Error> {
    check_size(size)?;
    if index >= size {
        return Err(ProofError::OutOfTree { index, size }.into());
    }
    let mut path = Vec::new();
    let (mut start, mut end) = (0, size);
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(subtree(nodes, middle, end)?);
            end = middle;
        } else {
            path.push(subtree(nodes, start, middle)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that a tree of `new` leaves grew out of one of `old` (RFC 6962, 2.1.2). Empty for an empty
/// old tree, which everything grew out of, and for equal sizes.
pub fn consistency_proof<N: Nodes + ?Sized>(nodes: &N, old: u64, new: u64) -> Result<Vec<Hash>, N::Error> {
    check_size(new)?;
    if old > new {
        return Err(ProofError::Shrunk { old, new }.into());
    }
    let mut path = Vec::new();
    if old == 0 || old == new {
        return Ok(path);
    }
    let (mut start, mut end) = (0, new);
    // Until the old tree's end is this subtree's: then its head is known to the one who asks, or not.
    let mut known = true;
    while end != old {
        let middle = start + split(end - start);
        if old <= middle {
            path.push(subtree(nodes, middle, end)?);
            end = middle;
        } else {
            path.push(subtree(nodes, start, middle)?);
            start = middle;
            known = false;
        }
    }
    if !known {
        path.push(subtree(nodes, start, end)?);
    }
    path.reverse();
    Ok(path)
}

/// Where an audit path leads (RFC 9162, 2.1.3.2).
pub fn head_from_inclusion(leaf: Hash, index: u64, size: u64, path: &[Hash]) -> Result<Hash, ProofError> {
    check_size(size)?;
    if index >= size {
        return Err(ProofError::OutOfTree { index, size });
    }
    let wrong_length = ProofError::WrongLength { found: path.len() };
    let (mut number, mut last) = (index, size - 1);
    let mut node = leaf;
    for sibling in path {
        if last == 0 {
            return Err(wrong_length);
        }
        if number & 1 == 1 || number == last {
            node = Hash::of_node(*sibling, node);
            while number & 1 == 0 && number != 0 {
                number >>= 1;
                last >>= 1;
            }
        } else {
            node = Hash::of_node(node, *sibling);
        }
        number >>= 1;
        last >>= 1;
    }
    if last == 0 { Ok(node) } else { Err(wrong_length) }
}

/// Checks that a leaf is in the tree with this head. At most 64 hashes.
pub fn verify_inclusion(
    leaf: Hash,
    index: u64,
    size: u64,
    path: &[Hash],
    head: Hash,
) -> Result<(), ProofError> {
    let computed = head_from_inclusion(leaf, index, size, path)?;
    if computed == head { Ok(()) } else { Err(ProofError::OtherHead { computed, expected: head }) }
}

/// Checks that the tree (`new`, `new_head`) grew out of (`old`, `old_head`) (RFC 9162, 2.1.4.2): that all
/// that the old head stands for is in the new tree, unchanged, in its place.
pub fn verify_consistency(
    old: u64,
    old_head: Hash,
    new: u64,
    new_head: Hash,
    path: &[Hash],
) -> Result<(), ProofError> {
    check_size(new)?;
    if old > new {
        return Err(ProofError::Shrunk { old, new });
    }
    let wrong_length = ProofError::WrongLength { found: path.len() };
    if old == 0 || old == new {
        let expected = if old == 0 { Hash::of_nothing() } else { new_head };
        if !path.is_empty() {
            return Err(wrong_length);
        }
        let same = old_head == expected;
        return if same {
            Ok(())
        } else {
            Err(ProofError::OtherPast { computed: expected, expected: old_head })
        };
    }
    let mut rest = path.iter();
    // The largest subtree that both trees end in together: a power of two is the old tree itself.
    let first = if old.is_power_of_two() { old_head } else { *rest.next().ok_or(wrong_length)? };
    let shift = (old - 1).trailing_ones();
    let (mut number, mut last) = ((old - 1) >> shift, (new - 1) >> shift);
    let (mut old_node, mut new_node) = (first, first);
    for sibling in rest {
        if last == 0 {
            return Err(wrong_length);
        }
        if number & 1 == 1 || number == last {
            old_node = Hash::of_node(*sibling, old_node);
            new_node = Hash::of_node(*sibling, new_node);
            while number & 1 == 0 && number != 0 {
                number >>= 1;
                last >>= 1;
            }
        } else {
            new_node = Hash::of_node(new_node, *sibling);
        }
        number >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(wrong_length);
    }
    if old_node != old_head {
        return Err(ProofError::OtherPast { computed: old_node, expected: old_head });
    }
    // With an old size that is a power of two, a changed past shows here only.
    if new_node == new_head {
        Ok(())
    } else {
        Err(ProofError::OtherPast { computed: new_node, expected: new_head })
    }
}

/// The head of the leaves from `start` to `end`, a subtree as RFC 6962 splits them.
fn subtree<N: Nodes + ?Sized>(nodes: &N, start: u64, end: u64) -> Result<Hash, N::Error> {
    let (mut start, mut lefts) = (start, Vec::new());
    loop {
        let length = end - start;
        if length.is_power_of_two() {
            let level = length.trailing_zeros();
            let last = nodes.node(level, start >> level)?;
            return Ok(lefts.into_iter().rev().fold(last, |right, left| Hash::of_node(left, right)));
        }
        let left = split(length);
        lefts.push(nodes.node(left.trailing_zeros(), start >> left.trailing_zeros())?);
        start += left;
    }
}

/// The largest power of two below `length`, which is at least 2.
fn split(length: u64) -> u64 {
    1 << (length - 1).ilog2()
}

fn check_size(size: u64) -> Result<(), ProofError> {
    if size > SIZE_MAX { Err(ProofError::TooLarge(size)) } else { Ok(()) }
}
