//! Calls with JSON in and out (C4), for tools and tests. The gateway has its own, quicker way.

use hamlet_reflect::{Type, json};
use serde_json::Value;
use wasmtime::component::Val;

use crate::call::{Actor, Answer, Call, CallError};
use crate::catalogue::Callable;
use crate::kernel::Kernel;

/// The `ok` and `err` of a function as JSON; no payload is null.
pub type JsonAnswer = Result<Value, Value>;

impl Kernel {
    /// Calls a function with an object of named arguments, and waits.
    pub fn call_json(
        &self,
        actor: Actor,
        plugin: &str,
        interface: &str,
        function: &str,
        arguments: &Value,
    ) -> Result<JsonAnswer, CallError> {
        let catalogue = self.catalogue();
        let callable = catalogue.find(plugin, interface, function)?;
        let values = json::arguments(&callable.function, arguments)
            .map_err(|error| CallError::arguments(error.to_string()))?;
        let call = Call::new(actor, plugin, &callable.interface.id, function, values);
        Ok(answer_to_json(callable, &self.call_blocking(call)?))
    }
}

/// What a function answered, by its own types.
pub fn answer_to_json(callable: &Callable, answer: &Answer) -> JsonAnswer {
    let (ok, err) = match &callable.function.result {
        Some(Type::Result { ok, err }) => (ok.as_deref(), err.as_deref()),
        other => (other.as_ref(), None),
    };
    let render = |ty: Option<&Type>, value: &Option<Val>| match (ty, value) {
        (Some(ty), Some(value)) => json::from_val(ty, value),
        _ => Value::Null,
    };
    match &answer.result {
        Ok(value) => Ok(render(ok, value)),
        Err(value) => Err(render(err, value)),
    }
}
