//! The board: where neighbours find each other.
//!
//! Everything on it is a **post**: an offer, a want, a topic or an event, of a party, for an audience. This crate is also
//! the house's example of a whole plugin: it uses nothing but the public SDK, its core is pure and tested natively, and
//! the WebAssembly adapter decides nothing.
//!
//! Where to read:
//!
//! | module | what |
//! |---|---|
//! | [`post`], [`audience`] | what a post is, and the one place that decides who sees it |
//! | [`market`], [`favourites`] | putting up, changing, closing; lists, paying; what people mark |
//! | [`price`], [`categories`], [`searches`] | what offers and wants need |
//! | [`exchange`] | lists in and out, as comma-separated values |
//! | [`search`] | full-text search with word forms |
//! | [`topics`], [`drafts`], [`markup`] | what people say, and how it is written |
//! | [`events`] | times, guests, tasks, the calendar's feed |
//! | [`directory`] | who is here, and what they can do |
//! | [`moderated`] | what stewards hid, for whom it is still there |
//! | [`pages`] | what members see, in English and Spanish |
//! | [`about`] | what is held about a party |
//! | [`world`] | the one trait through which all of it meets the community |

pub mod about;
pub mod audience;
pub mod categories;
#[cfg(target_family = "wasm")]
mod component;
pub mod directory;
pub mod drafts;
pub mod error;
pub mod events;
pub mod exchange;
pub mod favourites;
pub mod market;
pub mod markup;
pub mod moderated;
pub mod pages;
pub mod post;
pub mod price;
mod rights;
pub mod search;
pub mod searches;
pub mod topics;
pub mod world;
