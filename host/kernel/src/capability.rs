//! What a service may import of the host itself (`wit/host`): storage, sealed values, identity, consent, time,
//! randomness, log, schedules, blobs.
//!
//! Each function works on the [`Running`](crate::run::Running) call of the guest that calls it, and so on its rows, its
//! rights and its limits. A function that goes past a limit dooms the transaction (T3); what a plugin can do something
//! about is an `error` of the interface.
//!
//! What is not added to this linker does not exist for a plugin: no WASI, no network, no clock of the box (T9).

mod acting;
mod blobs;
mod storage;

use wasmtime::component::{HasSelf, Linker};

use crate::run::Slot;

/// Generated from `wit/host`: the types and traits of the host's interfaces.
#[allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated")]
pub(crate) mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit/host",
        world: "hamlet:host/service",
        imports: { default: trappable },
    });
}

use bindings::hamlet::host as wit;

/// The interfaces that [`add_to_linker`] provides.
pub(crate) const PROVIDED: [&str; 9] = [
    "hamlet:host/storage@0.1.0",
    "hamlet:host/sealed@0.1.0",
    "hamlet:host/identity@0.1.0",
    "hamlet:host/consent@0.1.0",
    "hamlet:host/clock@0.1.0",
    "hamlet:host/random@0.1.0",
    "hamlet:host/log@0.1.0",
    "hamlet:host/schedule@0.1.0",
    "hamlet:host/blobs@0.1.0",
];

/// Defines all of [`PROVIDED`].
pub(crate) fn add_to_linker(linker: &mut Linker<Slot>) -> wasmtime::Result<()> {
    storage::add_to_linker(linker)?;
    wit::sealed::add_to_linker::<Slot, HasSelf<Slot>>(linker, |slot| slot)?;
    wit::identity::add_to_linker::<Slot, HasSelf<Slot>>(linker, |slot| slot)?;
    wit::consent::add_to_linker::<Slot, HasSelf<Slot>>(linker, |slot| slot)?;
    wit::clock::add_to_linker::<Slot, HasSelf<Slot>>(linker, |slot| slot)?;
    wit::random::add_to_linker::<Slot, HasSelf<Slot>>(linker, |slot| slot)?;
    wit::log::add_to_linker::<Slot, HasSelf<Slot>>(linker, |slot| slot)?;
    wit::schedule::add_to_linker::<Slot, HasSelf<Slot>>(linker, |slot| slot)?;
    wit::blobs::add_to_linker::<Slot, HasSelf<Slot>>(linker, |slot| slot)
}
