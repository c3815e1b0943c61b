//! Values across the boundary without trees of [`Val`](wasmtime::component::Val): the canonical ABI, driven by types
//! that are known only when a plugin is installed.
//!
//! The engine's dynamic way makes a tree in which each record carries its fields' names as texts of its own; making,
//! hashing and freeing it cost a transfer more than its rules. Here
//! - arguments become an [`Image`] of what the guest's memory will hold, made on the caller's thread by the function's
//!   [`Signature`]; handing it over is a copy for each list and text;
//! - results and events come out as [`crate::binary`], which is what is hashed and kept anyway ([`Encoded`], [`Told`]).
//!
//! What is not here decides nothing: whoever has no image hands over values, and the two ways give the guest the same
//! bytes and the host the same values (`tests/abi.rs` shows it for arbitrary types).
//!
//! If this is wrong, a plugin is told other arguments than a member gave. Memory of the host cannot be reached: all
//! access to a guest's memory is through slices, and the one promise that the engine takes on trust is proved in
//! `passed.rs`.

mod image;
mod layout;
mod lift;
mod passed;

pub use image::{Image, Signature};
pub use layout::FLAT_PARAMS_MAX;
pub use passed::{Encoded, Told, call, link_told};
