//! The gateway: HTTP for people's tools, for one or more communities in one process.
//!
//! [`Gateway::router`] gives an axum router, [`serve`] a listener with limits. A request is taken by
//! `front` (community by host name, request id, headers, counters), its caller is found by `caller`,
//! and `call`, `batch`, `blobs`, `openapi`, `health` answer it; `web` holds the pages for people, `page` the one for developers. What is refused is a problem document
//! (RFC 9457): `problem` is the document, `refusal` says which refusal has which status and type, `sentence` its words.
//!
//! It knows no redb, no wasm and no pillar: what can be called comes from the kernel's catalogue.
//! Each community has its own state, caches, counters and limits; only the listener is shared. If
//! it is wrong, somebody reads what is another's, or a fault of one plugin looks like a fault of
//! the host.

mod batch;
mod blobs;
mod call;
mod caller;
mod caretaker;
mod community;
mod events;
mod example;
mod front;
mod health;
mod html;
mod metrics;
mod openapi;
mod package;
mod page;
mod problem;
mod proofs;
mod rates;
mod reach;
mod refusal;
mod router;
mod sentence;
mod serve;
mod stage;
mod web;

pub use caretaker::{BoxState, Caretaker, Copies, Copy, NewKey};
pub use community::{Community, Persona, Told, TourCard};
pub use rates::Rate;
pub use reach::{Challenges, Later, NameOrder, Reach, ReachError, Reached, Root, Step, Vouched, Way};
pub use router::{Config, Gateway};
pub use sentence::{Refusal, refusal};
pub use serve::{ServeConfig, serve};
pub use stage::HANDED_BUNDLE;
pub use web::{Setup, new_link, new_secrets};
