//! An event's row, and its way to one subscriber.
//!
//! ```text
//! format (1 byte, now 1) | depth (1) | time (8, big end first)
//! | length (2) and interface | length (2) and function | arguments (hamlet_reflect::binary)
//! ```

use std::sync::Arc;

use hamlet_reflect::binary;
use wasmtime::component::Val;

use super::Emission;

const FORMAT: u8 = 1;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// How far it is from a call without events; at least 1.
    pub(super) depth: u8,
    pub(super) time: u64,
    pub(super) interface: String,
    pub(super) function: String,
    /// In binary.
    pub(super) arguments: Vec<u8>,
}

impl Event {
    pub(super) fn of(emission: &Emission<'_>) -> Self {
        Self {
            depth: emission.depth.saturating_add(1),
            time: emission.time,
            interface: emission.interface.to_owned(),
            function: emission.function.to_owned(),
            arguments: emission.arguments.to_vec(),
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut row =
            Vec::with_capacity(14 + self.interface.len() + self.function.len() + self.arguments.len());
        row.extend_from_slice(&[FORMAT, self.depth]);
        row.extend_from_slice(&self.time.to_be_bytes());
        for text in [&self.interface, &self.function] {
            // WIT names are far shorter; the length would saturate and the row fail to decode.
            row.extend_from_slice(&u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
            row.extend_from_slice(text.as_bytes());
        }
        row.extend_from_slice(&self.arguments);
        row
    }

    pub(super) fn decode(row: &[u8]) -> Option<Self> {
        let ([format, depth], rest) = row.split_first_chunk::<2>()?;
        if *format != FORMAT {
            return None;
        }
        let (time, rest) = rest.split_first_chunk::<8>()?;
        let (interface, rest) = split_text(rest)?;
        let (function, arguments) = split_text(rest)?;
        let time = u64::from_be_bytes(*time);
        Some(Self { depth: *depth, time, interface, function, arguments: arguments.to_vec() })
    }
}

fn split_text(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    let (text, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((std::str::from_utf8(text).ok()?.to_owned(), rest))
}

/// An event on its way to one subscriber.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Who emitted it.
    pub emitter: Arc<str>,
    /// Who is to be told.
    pub subscriber: Arc<str>,
    /// The emitter's number of it.
    pub number: u64,
    /// The event interface, whole: the subscriber exports it.
    pub interface: Arc<str>,
    /// The function to call.
    pub function: Arc<str>,
    /// One value per parameter.
    pub arguments: Vec<Val>,
    /// The depth of the handler's transaction ([`Emission::depth`]).
    pub depth: u8,
    /// When it was emitted, in microseconds.
    pub time: u64,
}

impl Delivery {
    pub(super) fn of(event: Event, number: u64, emitter: Arc<str>, subscriber: Arc<str>) -> Option<Self> {
        Some(Self {
            emitter,
            subscriber,
            number,
            interface: event.interface.into(),
            function: event.function.into(),
            arguments: binary::decode(&event.arguments).ok()?,
            depth: event.depth,
            time: event.time,
        })
    }
}
