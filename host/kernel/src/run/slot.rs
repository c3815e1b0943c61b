//! What a wasmtime store holds while a guest runs in it: the call's state, which comes and goes, and how much memory the
//! guest has. It is found again when a panic of the host unwinds through the guest.
//!
//! If the limiter is wrong, one plugin takes the memory of the box.

use std::cell::RefCell;

use wasmtime::component::{Func, Instance};
use wasmtime::{ResourceLimiter, Store};

use super::Running;

/// What one wasmtime store holds.
pub(crate) struct Slot {
    pub(super) running: Option<Box<Running>>,
    pub(super) memory_used: usize,
}

thread_local! {
    /// Where a call's state goes when a panic of the host unwinds through a guest.
    static LOST: RefCell<Option<Box<Running>>> = const { RefCell::new(None) };
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            LOST.with_borrow_mut(|lost| *lost = Some(running));
        }
    }
}

/// The state of a call through which a panic unwound, if there was one on this thread.
pub(crate) fn take_lost() -> Option<Box<Running>> {
    LOST.with_borrow_mut(Option::take)
}

impl Slot {
    /// The call that runs. An engine error, and so a trap, where there is none: it cannot happen while a guest runs.
    pub(crate) fn running(&mut self) -> wasmtime::Result<&mut Running> {
        match &mut self.running {
            Some(running) => Ok(running),
            None => Err(wasmtime::Error::msg("no call is running")),
        }
    }

    pub(crate) fn take(&mut self) -> wasmtime::Result<Box<Running>> {
        self.running.take().ok_or_else(|| wasmtime::Error::msg("no call is running"))
    }

    pub(crate) fn put(&mut self, running: Box<Running>) {
        self.running = Some(running);
    }
}

impl ResourceLimiter for Slot {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let grows = desired.saturating_sub(current);
        let Some(running) = &mut self.running else { return Ok(false) };
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        if grows > running.memory_left || desired > crate::engine::MEMORY_BYTES_MAX {
            running.memory_refused = true;
            return Ok(false);
        }
        running.memory_left -= grows;
        self.memory_used += grows;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // The pool's own bound holds too; this one is for a guest's own declaration.
        Ok(maximum.is_none_or(|maximum| desired <= maximum))
    }
}

/// An instance and the functions that were looked up in it.
pub(crate) struct Kept {
    pub(super) store: Store<Slot>,
    pub(super) instance: Instance,
    pub(super) functions: Vec<Option<Func>>,
    pub(super) calls: u32,
}
