//! How much of a core a thread gets where there are not cores enough for all.
//!
//! Only the order of threads is concerned, nothing else: if it is wrong, the box is slower for some.

/// For the threads behind the writer: folding, merging, and the log of proofs. Whoever sent a command waits for none of
/// them, so where cores are short they take their turn behind the writer and those who send: a third of what these get.
/// No less, since what they do has to be done once for each command, and they must not fall behind for good.
pub(crate) const BEHIND: i32 = 5;

/// Steps back by so many steps of `nice`, the calling thread alone and for good. On Linux; elsewhere nothing is done.
pub fn step_back(steps: i32) {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(steps) {
        tracing::debug!(%error, "a thread keeps the priority of the host");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = steps;
}
