//! Which refusal becomes which problem: status, type, words.
//!
//! **An `err` of a function** has the type
//! `/problems/{plugin}/{interface}@{version}/{function}/{case}`, and a status by the case's name:
//!
//! | the case's name | status |
//! |---|---|
//! | `no-such-…`, `…-not-found` | 404 |
//! | `denied`, `…-denied`, `forbidden`, `not-allowed`, `not-yours`, `no-mandate` | 403 |
//! | `…-taken`, `exists`, `exists-…`, `…-exists`, `already-…` | 409 |
//! | `confirmation-needed` | 428 |
//! | anything else | 422 |
//!
//! An error type that has no cases has the case `error`.
//!
//! **A refusal of the host** has the type `/problems/{code}` with [`CallError::code`]. 4xx: the
//! caller can do something about it. 502 and 504: a plugin failed. 503: try again. 500: the host
//! failed; its words go to the log and not on the wire.

use std::time::Duration;

use hamlet_kernel::{CallError, Callable, Need};
use hamlet_reflect::{Type, json};
use http::StatusCode;
use serde_json::{Map, Value, json};
use wasmtime::component::Val;

use crate::problem::Problem;
use crate::sentence;

/// The problem for an `err` of a function.
pub(crate) fn from_err(callable: &Callable, error: Option<&Val>) -> Problem {
    let ty = callable.function.result.as_ref().and_then(Type::error);
    let error = ty.zip(error).map_or(Value::Null, |(ty, error)| json::from_val(ty, error));
    let refusal = sentence::refusal(&callable.function, &error);
    let mut members = Map::new();
    members.insert("case".into(), refusal.case.as_str().into());
    if let Some(value) = refusal.value {
        members.insert("value".into(), value);
    }
    let kind = format!("/problems/{}/{}", path_of(callable), refusal.case);
    Problem::plugin(status_of(&refusal.case), kind, words(&refusal.case), refusal.sentence, members)
}

/// `{plugin}/{interface}@{version}/{function}`, as in the function's URL.
pub(crate) fn path_of(callable: &Callable) -> String {
    let interface = &callable.interface;
    format!("{}/{}@{}/{}", callable.plugin, interface.short, interface.version, callable.function.name)
}

/// The status for a case of a function's error (see the head of this module).
pub(crate) fn status_of(case: &str) -> StatusCode {
    let starts = |prefix: &str| case.starts_with(prefix);
    let ends = |suffix: &str| case.ends_with(suffix);
    if starts("no-such-") || ends("-not-found") || case == "not-found" {
        StatusCode::NOT_FOUND
    } else if matches!(case, "denied" | "forbidden" | "not-allowed" | "not-yours" | "no-mandate")
        || ends("-denied")
    {
        StatusCode::FORBIDDEN
    } else if case == "exists" || starts("exists-") || starts("already-") || ends("-taken") || ends("-exists")
    {
        StatusCode::CONFLICT
    } else if case == "confirmation-needed" {
        StatusCode::PRECONDITION_REQUIRED
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    }
}

/// `exceeds-limit` as `Exceeds limit`.
pub(crate) fn words(case: &str) -> String {
    let mut words = case.replace('-', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

/// The problem for a call that gave no result of its own.
pub(crate) fn from_call_error(error: &CallError, signed_in: bool) -> Problem {
    let (status, title) = status_of_error(error);
    let detail = if status == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(%error, code = error.code(), "a call failed inside the host");
        "The host failed. Its log says more under this request's id. A command that was sent with an \
         idempotency key can be tried again with the same key."
            .to_owned()
    } else {
        match error {
            // What an engine says of a guest's insides is for the log.
            CallError::Trapped { plugin, function, message } => {
                tracing::warn!(%plugin, %function, message, "a plugin failed");
                format!("`{plugin}` failed in `{function}`, and all that the call did is undone.")
            }
            error => capital(&format!("{error}.")),
        }
    };
    let mut problem = Problem::host(status, error.code(), title, detail);
    match error {
        CallError::Denied { .. } if !signed_in => {
            problem.status = StatusCode::UNAUTHORIZED;
            problem.challenge = Some("Bearer");
        }
        CallError::ConfirmationNeeded { needs, code } => {
            problem.members = confirmation(needs, code);
        }
        CallError::Busy | CallError::Contended { .. } | CallError::SequenceTimeout { .. } => {
            problem.retry_after = Some(Duration::from_secs(1));
        }
        CallError::ShuttingDown => problem.retry_after = Some(Duration::from_secs(5)),
        CallError::Unavailable { .. } => problem.retry_after = Some(Duration::from_mins(1)),
        _ => {}
    }
    problem
}

fn status_of_error(error: &CallError) -> (StatusCode, &'static str) {
    use StatusCode as S;
    match error {
        CallError::NoSuchPlugin { .. } => (S::NOT_FOUND, "No such plugin"),
        CallError::NoSuchFunction { .. } => (S::NOT_FOUND, "No such function"),
        CallError::Ambiguous { .. } => (S::BAD_REQUEST, "More than one function"),
        CallError::WrongKind { .. } => (S::UNPROCESSABLE_ENTITY, "Wrong kind of function"),
        CallError::ArgumentsInvalid { .. } => (S::BAD_REQUEST, "The arguments do not fit"),
        CallError::Denied { .. } => (S::FORBIDDEN, "Not allowed"),
        CallError::Unavailable { .. } => (S::SERVICE_UNAVAILABLE, "A plugin does not answer"),
        CallError::Busy => (S::SERVICE_UNAVAILABLE, "Busy"),
        CallError::Contended { .. } => (S::SERVICE_UNAVAILABLE, "Too much changed meanwhile"),
        CallError::Deadline { .. } => (S::GATEWAY_TIMEOUT, "A plugin took too long"),
        CallError::Trapped { .. }
        | CallError::Reentered { .. }
        | CallError::TooDeep { .. }
        | CallError::WriteInQuery { .. } => (S::BAD_GATEWAY, "A plugin failed"),
        CallError::Quota { .. } => (S::INSUFFICIENT_STORAGE, "Past a limit"),
        CallError::KeyReused => (S::CONFLICT, "The key was used before"),
        CallError::KeyTooOld => (S::BAD_REQUEST, "The key is too old"),
        CallError::KeyInvalid => (S::BAD_REQUEST, "The key is not valid"),
        CallError::ConfirmationNeeded { .. } => (S::PRECONDITION_REQUIRED, "A confirmation is needed"),
        CallError::ConfirmationDiffers => (S::CONFLICT, "Not what was confirmed"),
        CallError::ConfirmationUnknown => (S::CONFLICT, "The confirmation is not known"),
        // The host is well: what was asked for has not been done yet, and may never be.
        CallError::SequenceTimeout { .. } => (S::CONFLICT, "Not there yet"),
        CallError::SequenceUnknown { .. } => (S::CONFLICT, "There is no such sequence"),
        CallError::ShuttingDown => (S::SERVICE_UNAVAILABLE, "Shutting down"),
        _ => (S::INTERNAL_SERVER_ERROR, "The host failed"),
    }
}

fn confirmation(needs: &[Need], code: &str) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("needs".into(), needs.iter().map(need).collect());
    if !code.is_empty() {
        members.insert("code".into(), code.into());
    }
    members
}

/// A need as JSON, by C4.
pub(crate) fn need(need: &Need) -> Value {
    let mut members = json!({
        "provider": need.provider.as_ref(),
        "kind": need.kind,
        "thing": need.thing,
        "owner": need.owner.to_string(),
    });
    if let Some(members) = members.as_object_mut() {
        if let Some(amount) = need.amount {
            members.insert("amount".into(), amount.to_string().into());
        }
        members.insert("sentence".into(), need.sentence.as_str().into());
    }
    members
}

fn capital(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_case_has_the_status_that_its_name_says() {
        for (case, status) in [
            ("no-such-party", 404),
            ("account-not-found", 404),
            ("no-mandate", 403),
            ("denied", 403),
            ("handle-taken", 409),
            ("exists-different", 409),
            ("already-sold", 409),
            ("confirmation-needed", 428),
            ("exceeds-limit", 422),
            ("not-foundling", 422),
            ("error", 422),
        ] {
            assert_eq!(status_of(case).as_u16(), status, "{case}");
        }
    }

    /// Every refusal of the host: its status, and whether trying again is suggested. A new case of
    /// `CallError` that is not here is answered as a failure of the host, and found by review.
    #[test]
    fn a_refusal_of_the_host_has_its_own_type_and_status() {
        let name = || Arc::<str>::from("shop");
        let need = Need {
            provider: name(),
            kind: "spend".into(),
            thing: "purse".into(),
            owner: hamlet_reflect::Id(7),
            amount: Some(1_250),
            sentence: "pay 12.50 to the shop".into(),
        };
        let rows: Vec<(CallError, u16, bool)> = vec![
            (CallError::NoSuchPlugin { plugin: "shop".into() }, 404, false),
            (CallError::NoSuchFunction { plugin: "shop".into(), function: "sell".into() }, 404, false),
            (
                CallError::Ambiguous {
                    plugin: "shop".into(),
                    function: "sell".into(),
                    interfaces: "a, b".into(),
                },
                400,
                false,
            ),
            (
                CallError::WrongKind { plugin: name(), function: name(), is: "command", needed: "query" },
                422,
                false,
            ),
            (CallError::arguments("x"), 400, false),
            (CallError::denied("members only"), 403, false),
            (CallError::Unavailable { plugin: name(), why: name() }, 503, true),
            (CallError::Busy, 503, true),
            (CallError::Contended { conflicts: 3 }, 503, true),
            (CallError::Deadline { plugin: name(), milliseconds: 50 }, 504, false),
            (CallError::Trapped { plugin: name(), function: name(), message: "insides".into() }, 502, false),
            (CallError::Quota { plugin: name(), what: "storage".into() }, 507, false),
            (CallError::Reentered { plugin: name() }, 502, false),
            (CallError::TooDeep { most: 16 }, 502, false),
            (CallError::WriteInQuery { plugin: name() }, 502, false),
            (CallError::KeyReused, 409, false),
            (CallError::KeyTooOld, 400, false),
            (CallError::KeyInvalid, 400, false),
            (CallError::ConfirmationNeeded { needs: vec![need], code: "abc".into() }, 428, false),
            (CallError::ConfirmationDiffers, 409, false),
            (CallError::ConfirmationUnknown, 409, false),
            (CallError::SequenceTimeout { sequence: 9 }, 409, true),
            (CallError::SequenceUnknown { sequence: 90_000, newest: 9 }, 409, false),
            (CallError::ShuttingDown, 503, true),
            (CallError::Commit("disk secret".into()), 500, false),
            (CallError::internal("a path of the host"), 500, false),
        ];
        for (error, status, retry) in rows {
            let problem = from_call_error(&error, true);
            assert_eq!(problem.status.as_u16(), status, "{error}");
            assert_eq!(problem.kind, format!("/problems/{}", error.code()));
            assert_eq!(problem.retry_after.is_some(), retry, "{error}");
            for inside in ["insides", "disk secret", "a path of the host"] {
                assert!(!problem.document().to_string().contains(inside), "{error}");
            }
        }
    }

    #[test]
    fn a_needed_confirmation_shows_needs_and_code() {
        let need = Need {
            provider: "purse".into(),
            kind: "spend".into(),
            thing: "x".into(),
            owner: hamlet_reflect::Id(7),
            amount: Some(1_250),
            sentence: "pay 12.50".into(),
        };
        let error = CallError::ConfirmationNeeded { needs: vec![need], code: "abc".into() };
        let document = from_call_error(&error, true).document();
        assert_eq!(document["code"], "abc");
        assert_eq!(document["needs"][0]["amount"], "1250");
        assert_eq!(document["needs"][0]["owner"], format!("{:032x}", 7));
        assert_eq!(document["status"], 428);
    }

    #[test]
    fn a_stranger_is_asked_for_a_token_when_denied() {
        let problem = from_call_error(&CallError::denied("members only"), false);
        assert_eq!(problem.status, StatusCode::UNAUTHORIZED);
        assert_eq!(problem.challenge, Some("Bearer"));
    }
}
