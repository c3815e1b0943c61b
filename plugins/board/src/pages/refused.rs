//! What the board refuses, in the viewer's words (`hamlet:host/refusals`).

use super::Request;
use super::sheet::Sheet;
use crate::world::World;

/// What was refused, of what the host tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The case.
    pub case: String,
    /// What it carries, in order.
    pub carried: Vec<String>,
    /// BCP 47.
    pub locale: String,
}

/// One or two sentences; none: the host says it.
#[must_use]
pub fn said(world: &impl World, refusal: &Refusal) -> Option<String> {
    let request = Request { locale: refusal.locale.clone(), ..Request::default() };
    let words = Sheet::new(world, &request).words;
    let id = format!("refused-{}", refusal.case);
    let carried = |at: usize| refusal.carried.get(at).map_or("", String::as_str);
    words.has(&id).then(|| words.with(&id, &[("first", carried(0)), ("second", carried(1))]))
}
