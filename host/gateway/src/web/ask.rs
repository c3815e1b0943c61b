//! What pages ask of the community and do in it: calls of the host's own functions, as whoever is signed in.

use hamlet_kernel::{Actor, Call, answer_to_json};
use hamlet_reflect::json;
use serde_json::Value;

use super::visit::Visit;
use crate::sentence;

/// Why a function of the host did not do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The case of its error, or the code of the host's.
    pub case: String,
    /// In words, in the language of the contracts.
    pub sentence: String,
}

impl Refused {
    /// In her language, where the pages have words for this case.
    pub fn said(&self, visit: &Visit) -> String {
        let say = &visit.say;
        match self.case.as_str() {
            "handle-taken" => say.t("refused-handle-taken"),
            "handle-invalid" => say.t("refused-handle-invalid"),
            "name-invalid" => say.t("refused-name-invalid"),
            "year-invalid" => say.t("refused-year-invalid"),
            "expired" => say.t("refused-invitation-expired"),
            "used-up" => say.t("refused-invitation-used-up"),
            "no-such-invitation" => say.t("refused-invitation-unknown"),
            "has-credentials" => say.t("refused-has-credentials"),
            "last-way-in" => say.t("refused-last-way-in"),
            "denied" => say.t("refused-denied"),
            "busy" => say.t("refused-busy"),
            _ => self.sentence.clone(),
        }
    }
}

/// Calls a function of the host as whoever is signed in.
pub(crate) async fn ask(
    visit: &Visit,
    interface: &str,
    function: &str,
    arguments: Value,
) -> Result<Value, Refused> {
    as_actor(visit, visit.actor(), interface, function, arguments).await
}

/// Calls a function that only the host itself may call.
pub(crate) async fn as_host(
    visit: &Visit,
    interface: &str,
    function: &str,
    arguments: Value,
) -> Result<Value, Refused> {
    as_actor(visit, Actor::Console, interface, function, arguments).await
}

async fn as_actor(
    visit: &Visit,
    actor: Actor,
    interface: &str,
    function: &str,
    arguments: Value,
) -> Result<Value, Refused> {
    let kernel = &visit.here.state.kernel;
    let failed = |code: &str, sentence: String| Refused { case: code.to_owned(), sentence };
    let catalogue = kernel.catalogue();
    let callable = catalogue
        .find("host", interface, function)
        .map_err(|error| failed(error.code(), error.to_string()))?;
    let values = json::arguments(&callable.function, &arguments)
        .map_err(|error| failed("arguments", error.to_string()))?;
    let mut call = Call::new(actor, "host", &callable.interface.id, function, values);
    call.request_id = std::sync::Arc::clone(&visit.here.request_id);
    call.reason.clone_from(&visit.reason);
    let answer = kernel.call(call).await.map_err(|error| failed(error.code(), error.to_string()))?;
    answer_to_json(callable, &answer).map_err(|error| {
        let refusal = sentence::refusal(&callable.function, &error);
        Refused { case: refusal.case, sentence: refusal.sentence }
    })
}

/// A text of an answer; empty where there is none.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A number of an answer: 64-bit ones are strings (C4).
pub(crate) fn number(value: &Value, name: &str) -> Option<u64> {
    match value.get(name)? {
        Value::String(digits) => digits.parse().ok(),
        number => number.as_u64(),
    }
}

/// The items of an answer.
pub(crate) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
