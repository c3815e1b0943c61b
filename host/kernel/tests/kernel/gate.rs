//! A disk whose writes to the journal wait for a sign, and fail if that says so: so that a test knows what runs while
//! a batch is on its way.
#![allow(dead_code)]

use std::io;
use std::sync::Arc;

use hamlet_store::journal::{DiskFault, DiskOperation};
use parking_lot::{Condvar, Mutex};

#[derive(Default)]
pub struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    shut: bool,
    /// So many writes pass although it is shut.
    passes: usize,
    /// Writes that wait.
    waiting: usize,
    fails: Option<DiskOperation>,
}

impl Gate {
    /// For a store's configuration.
    pub fn fault(self: &Arc<Self>) -> DiskFault {
        let gate = Arc::clone(self);
        DiskFault(Arc::new(move |operation| gate.pass(operation)))
    }

    fn pass(&self, operation: DiskOperation) -> Option<io::Error> {
        let mut state = self.state.lock();
        if operation == DiskOperation::Write {
            state.waiting += 1;
            while state.shut && state.passes == 0 {
                self.changed.wait(&mut state);
            }
            state.passes = state.passes.saturating_sub(1);
            state.waiting -= 1;
        }
        (state.fails == Some(operation)).then(|| {
            state.fails = None;
            io::Error::other("on purpose")
        })
    }

    pub fn shut(&self) {
        self.state.lock().shut = true;
    }

    /// Lets the one write through that waits, and returns when it is.
    pub fn let_one_through(&self) {
        self.state.lock().passes = 1;
        self.changed.notify_all();
        while self.state.lock().passes > 0 {
            std::thread::yield_now();
        }
    }

    /// Lets everything through; the next operation of the kind fails.
    pub fn open(&self, fails: Option<DiskOperation>) {
        let mut state = self.state.lock();
        (state.shut, state.passes, state.fails) = (false, 0, fails);
        self.changed.notify_all();
    }

    pub fn is_waited_for(&self) -> bool {
        self.state.lock().waiting > 0
    }
}
