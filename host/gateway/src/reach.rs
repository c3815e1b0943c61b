//! How a box is reached: its name, its certificate, and how it gets one from an authority (ACME, RFC 8555).
//!
//! The gateway shows it to stewards and answers the authority's question over HTTP; the program around it keeps the
//! certificate and speaks with the authority ([`Reach`]).

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use parking_lot::Mutex;

/// How the box is reached now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// The name that its certificate is for; its first, where there are several.
    pub name: String,
    /// Where browsers find it: `https://` with the name, and the port where it is not 443.
    pub url: String,
    /// Who vouches for it.
    pub vouched: Vouched,
    /// When it ends, in microseconds since 1970.
    pub ends: u64,
    /// SHA-256 of it, as browsers show it.
    pub fingerprint: String,
    /// Whether it is renewed without anybody's doing.
    pub renewed: bool,
}

/// Who says that a certificate's name is this box's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vouched {
    /// Nobody: browsers warn each one.
    No,
    /// The box's own authority for this one name, which each phone is told once to believe.
    ByItself,
    /// An authority that browsers know, or one that somebody brought.
    ByAuthority,
}

/// The certificate of the box's own authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// As phones take it (DER, RFC 5280).
    pub der: Vec<u8>,
    /// SHA-256 of it, as phones show it.
    pub fingerprint: String,
}

/// How the authority is shown that the name is this box's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It asks the box over plain HTTP on port 80 of the name (RFC 8555, 8.3).
    Http,
    /// It reads a record that somebody puts into the name's zone (8.4): for a box that the internet cannot reach.
    Dns,
    /// No authority is asked: the box's own vouches, on a network that may have no internet at all.
    House,
}

/// A name that a steward wants.
#[derive(Debug, Clone)]
pub struct NameOrder {
    /// The name, in lower case, with a dot.
    pub name: String,
    /// Where the authority writes to; empty: nowhere.
    pub contact: String,
    /// How it is shown.
    pub way: Way,
}

/// What came of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The certificate is there and in use.
    Done,
    /// A TXT record is to be made, and then [`Reach::go_on`].
    Record {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
}

/// Why there is no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReachError {
    /// The authority did not see that the name is this box's; in its words.
    #[error("the authority could not see that this name is this box's: {0}")]
    NotShown(String),
    /// The authority refuses, or cannot be reached; in its words.
    #[error("the authority refused: {0}")]
    Authority(String),
    /// Nothing was begun, or the host was started anew in between.
    #[error("nothing was begun")]
    NothingBegun,
    /// The certificate cannot be kept on this box.
    #[error("the certificate cannot be kept: {0}")]
    Kept(String),
}

/// An answer that takes its time.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What the program around the gateway can do about names.
pub trait Reach: fmt::Debug + Send + Sync {
    /// How the box is reached now; none: without encryption.
    fn now(&self) -> Option<Reached>;

    /// Orders a certificate for a name.
    fn order(&self, order: NameOrder) -> Later<'_, Result<Step, ReachError>>;

    /// The record is made: goes on with what was begun.
    fn go_on(&self) -> Later<'_, Result<Step, ReachError>>;

    /// The box's own authority, while it is the one that vouches.
    fn root(&self) -> Option<Root>;
}

/// Answers to an authority that asks over HTTP, by token.
#[derive(Debug, Default)]
pub struct Challenges(Mutex<HashMap<String, String>>);

impl Challenges {
    /// Answers a token from now on.
    pub fn put(&self, token: &str, answer: &str) {
        self.0.lock().insert(token.to_owned(), answer.to_owned());
    }

    /// Answers it no longer.
    pub fn remove(&self, token: &str) {
        self.0.lock().remove(token);
    }
}

/// `/.well-known/acme-challenge/TOKEN`, of any host name: the name that is asked for is not ours yet.
pub(crate) async fn challenge(
    Path(token): Path<String>,
    State(challenges): State<std::sync::Arc<Challenges>>,
) -> Response {
    let answer = challenges.0.lock().get(&token).cloned();
    match answer {
        Some(answer) => ([(CONTENT_TYPE, "application/octet-stream")], answer).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
