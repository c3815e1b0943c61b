//! Who calls: from the `Authorization` header to an actor, within the limits of how often.

use std::sync::Arc;

use hamlet_identity::{Session, TokenError};
use hamlet_kernel::{Actor, Callable};
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};

use crate::front::Here;
use crate::problem::Problem;

/// Who calls.
pub(crate) struct Caller {
    pub actor: Actor,
    /// None: nobody showed a token.
    pub session: Option<Arc<Session>>,
}

impl Caller {
    /// Finds who calls and takes `calls` from her rate.
    ///
    /// Without a token, or with one that is not known, the address pays: so guessing is slow.
    pub fn find(here: &Here, headers: &HeaderMap, calls: u32) -> Result<Self, Problem> {
        let session = match bearer(headers) {
            Ok(None) => None,
            Ok(Some(text)) => {
                let found = here.state.identity.session(&here.state.kernel, text);
                Some(found.map_err(|error| refused_token(&error)))
            }
            Err(problem) => Some(Err(problem)),
        };
        let (session, taken) = match session {
            Some(Ok(session)) => {
                let taken = here.state.token_rates.take(session.token, calls);
                (Ok(Some(session)), taken)
            }
            Some(Err(problem)) => (Err(problem), here.state.address_rates.take(here.address, calls)),
            None => (Ok(None), here.state.address_rates.take(here.address, calls)),
        };
        if let Err(wait) = taken {
            here.state.counters.count_limited();
            let problem = Problem::host(
                StatusCode::TOO_MANY_REQUESTS,
                "too-many-requests",
                "Too many requests",
                "This is more than one token or address may ask at once. Try again a little later.",
            );
            return Err(problem.retry_after(wait));
        }
        let session = session?;
        let actor = session.as_ref().map_or(Actor::Anyone, |session| session.actor.clone());
        Ok(Self { actor, session })
    }

    /// Whether her token admits this function. Whether she may call it is the kernel's to say.
    pub fn admit(&self, callable: &Callable) -> Result<(), Problem> {
        let Some(session) = &self.session else { return Ok(()) };
        let (plugin, interface) = (callable.plugin.as_ref(), callable.interface.short.as_str());
        if session.scope.admits(plugin, interface, &callable.function.name, callable.rule.kind) {
            return Ok(());
        }
        Err(Problem::host(
            StatusCode::FORBIDDEN,
            "scope",
            "Not in the token's scope",
            format!(
                "This token may not call `{}` of `{plugin}`. A wider one would do.",
                callable.function.name
            ),
        ))
    }

    /// The largest body that she may send, in bytes.
    pub fn body_bytes_max(&self, here: &Here) -> usize {
        let bulk = self.session.as_ref().is_some_and(|session| session.scope.bulk);
        if bulk { here.state.config.bulk_body_bytes_max } else { here.state.config.body_bytes_max }
    }

    pub fn is_steward(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.steward)
    }
}

/// The token in the header, if there is one.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = given.next() else { return Ok(None) };
    let token = value.to_str().ok().and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    match token {
        Some(token) if given.next().is_none() => Ok(Some(token)),
        _ => {
            Err(unauthorized("token-invalid", "`Authorization: Bearer TOKEN`, once, is what is understood."))
        }
    }
}

fn refused_token(error: &TokenError) -> Problem {
    match error {
        TokenError::Expired => unauthorized("token-expired", "This token has expired."),
        TokenError::Store(error) => {
            tracing::error!(%error, "a token could not be looked up");
            Problem::host(
                StatusCode::INTERNAL_SERVER_ERROR,
                "store",
                "The host failed",
                "The host could not look up the token. Its log says more.",
            )
        }
        TokenError::Unknown => unauthorized(
            "token-unknown",
            "This token is not known here: it was revoked, or belongs to another community.",
        ),
    }
}

fn unauthorized(code: &'static str, detail: &str) -> Problem {
    let mut problem = Problem::host(StatusCode::UNAUTHORIZED, code, "Who is calling?", detail);
    problem.challenge = Some(r#"Bearer error="invalid_token""#);
    problem
}
