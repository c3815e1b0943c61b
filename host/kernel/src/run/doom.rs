//! How a transaction is doomed (T3): by whom, why, and what an error of the engine is called.

use std::sync::Arc;

use wasmtime::Trap;
use wasmtime::component::Val;

use super::{Running, Tx};
use crate::call::CallError;
use crate::metrics::Metrics;

/// What a function gave, or that the transaction is doomed: [`Running::doom`] says why.
pub(crate) type Ended = Result<Option<Val>, Doomed>;

/// The transaction is doomed (T3).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Doomed;

impl Running {
    /// Dooms the transaction; the first reason stays.
    pub(crate) fn doom(&mut self, why: CallError) -> Doomed {
        self.doom.get_or_insert(why);
        Doomed
    }

    /// Dooms it from a host function: the engine error unwinds the guest.
    pub(crate) fn trap(&mut self, why: impl Into<CallError>) -> wasmtime::Error {
        self.doom(why.into());
        wasmtime::Error::msg("the transaction is doomed")
    }

    /// Why the transaction is doomed.
    pub(crate) fn take_doom(&mut self) -> CallError {
        self.doom.take().unwrap_or_else(|| CallError::internal("doomed without a reason"))
    }

    pub(super) fn deadline_error(&self) -> CallError {
        let plugin = self.frames.last().map_or_else(|| Arc::from(""), |frame| Arc::clone(&frame.name));
        let time = match self.tx {
            Tx::Command(_) => self.shared.limits.command_time,
            Tx::Beside(_) => self.shared.limits.beside_time,
            Tx::Query(_) | Tx::Nothing => self.shared.limits.query_time,
        };
        CallError::Deadline { plugin, milliseconds: u64::try_from(time.as_millis()).unwrap_or(u64::MAX) }
    }

    /// Names what an engine error was (T3).
    pub(super) fn name_failure(&mut self, error: &wasmtime::Error) -> Doomed {
        if self.doom.is_some() {
            return Doomed;
        }
        let (plugin, function) = self.frames.last().map_or_else(
            || (Arc::from(""), Arc::from("")),
            |frame| (Arc::clone(&frame.name), Arc::clone(&frame.function)),
        );
        let why = match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => self.deadline_error(),
            _ if self.memory_refused => CallError::Quota {
                plugin,
                what: format!("{} MiB of memory a call", self.shared.limits.memory_bytes >> 20),
            },
            Some(trap) => CallError::Trapped { plugin, function, message: trap.to_string() },
            // The engine has no type for it.
            None if error.root_cause().to_string().contains("fuel allocated for hostcalls") => {
                let most = crate::engine::HANDED_OVER_BYTES_MAX >> 20;
                CallError::Quota { plugin, what: format!("{most} MiB handed over at once") }
            }
            None if error.is::<wasmtime::PoolConcurrencyLimitError>() => CallError::Busy,
            None => CallError::Trapped { plugin, function, message: format!("{error:#}") },
        };
        match &why {
            CallError::Deadline { .. } => Metrics::count(&self.shared.metrics.deadlines),
            _ => Metrics::count(&self.shared.metrics.traps),
        }
        self.doom(why)
    }
}
