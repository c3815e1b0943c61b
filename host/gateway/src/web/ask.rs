//! What pages ask of the community and do in it: calls of the host's own functions, and of plugins' where the host knows
//! the interface, as whoever is signed in.

use std::sync::Arc;

use hamlet_kernel::{Actor, BatchError, BatchFailure, Call, CallError, Callable, answer_to_json};
use hamlet_reflect::{Type, json};
use serde_json::Value;
use wasmtime::component::Val;

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

/// Calls a function of a plugin as whoever is signed in.
pub(crate) async fn ask_plugin(visit: &Visit, order: Order<'_>) -> Result<Value, Refused> {
    one(visit, visit.actor(), order).await
}

/// A function to be called, with its arguments as JSON.
pub(crate) struct Order<'a> {
    /// Whose it is: `host`, or a plugin's name.
    pub plugin: &'a str,
    pub interface: &'a str,
    pub function: &'a str,
    pub arguments: Value,
}

/// Calls functions as whoever is signed in, in one transaction: all of them or none. What is refused comes with its place
/// in the list.
pub(crate) async fn all(visit: &Visit, orders: Vec<Order<'_>>) -> Result<(), (usize, Refused)> {
    let mut calls = Vec::with_capacity(orders.len());
    let mut callables = Vec::with_capacity(orders.len());
    for (place, order) in orders.into_iter().enumerate() {
        let (call, callable) = call_of(visit, visit.actor(), order).map_err(|refused| (place, refused))?;
        calls.push(call);
        callables.push(callable);
    }
    let done = visit.here.state.kernel.call_all(calls).await;
    done.map(drop).map_err(|BatchError { index, error }| {
        let refused = match (error, callables.get(index)) {
            (BatchFailure::Call(error), _) => failed(&error),
            (BatchFailure::Err(value), Some(callable)) => {
                refused(callable, &error_to_json(callable, value.as_ref()))
            }
            (BatchFailure::Err(_), None) => failed(&CallError::internal("a call that is not of the batch")),
        };
        (index, refused)
    })
}

async fn as_actor(
    visit: &Visit,
    actor: Actor,
    interface: &str,
    function: &str,
    arguments: Value,
) -> Result<Value, Refused> {
    one(visit, actor, Order { plugin: "host", interface, function, arguments }).await
}

async fn one(visit: &Visit, actor: Actor, order: Order<'_>) -> Result<Value, Refused> {
    let (call, callable) = call_of(visit, actor, order)?;
    let answer = visit.here.state.kernel.call(call).await.map_err(|error| failed(&error))?;
    answer_to_json(&callable, &answer).map_err(|error| refused(&callable, &error))
}

/// The call that an order means, if there is such a function and the arguments are its.
fn call_of(visit: &Visit, actor: Actor, order: Order<'_>) -> Result<(Call, Arc<Callable>), Refused> {
    let Order { plugin, interface, function, arguments } = order;
    let catalogue = visit.here.state.kernel.catalogue();
    let callable = catalogue.find(plugin, interface, function).map_err(|error| failed(&error))?;
    let values = json::arguments(&callable.function, &arguments)
        .map_err(|error| Refused { case: "arguments".to_owned(), sentence: error.to_string() })?;
    let mut call = Call::new(actor, plugin, &callable.interface.id, function, values);
    call.request_id = Arc::clone(&visit.here.request_id);
    call.reason.clone_from(&visit.reason);
    Ok((call, Arc::clone(callable)))
}

fn failed(error: &CallError) -> Refused {
    Refused { case: error.code().to_owned(), sentence: error.to_string() }
}

fn refused(callable: &Callable, error: &Value) -> Refused {
    let refusal = sentence::refusal(&callable.function, error);
    Refused { case: refusal.case, sentence: refusal.sentence }
}

/// The `err` of a function as JSON.
pub(crate) fn error_to_json(callable: &Callable, value: Option<&Val>) -> Value {
    match (&callable.function.result, value) {
        (Some(Type::Result { err: Some(ty), .. }), Some(value)) => json::from_val(ty, value),
        _ => Value::Null,
    }
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
