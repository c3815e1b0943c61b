//! How much of a core a thread gets where there are not cores enough for all.
//!
//! The sequencer is everybody's: a member waits for it with whatever she does. So those who do what can wait (long
//! commands, T7; then queries) step back behind it, and a plugin that uses up all the time that it may have beside the
//! sequencer takes it from its like. Only the order of threads is concerned, nothing else: if it is wrong, the box is
//! slower for some.

/// For queries: somebody waits, but a command may be waited for by more.
pub(crate) const QUERY: i32 = 2;
/// For commands that take their time: a tenth of a core for certain, and whatever is left.
pub(crate) const BESIDE: i32 = 10;

pub(crate) use hamlet_store::step_back;
