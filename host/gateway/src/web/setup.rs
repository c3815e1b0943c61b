//! `/setup/SECRET`: a community is founded by whoever started the host. The link and the code are printed once on its
//! console; both are worth nothing as soon as there is a first steward.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use hamlet_identity::Founding;
use hamlet_kernel::Kernel;
use http::StatusCode;
use maud::html;
use serde_json::json;

use super::ask::as_host;
use super::fields::Fields;
use super::shell::{self, Field, Frame, field, notice};
use super::visit::{Posted, Visit, failed};

/// A community that waits to be founded.
#[derive(Debug)]
pub struct Setup {
    /// Hash of the link's secret and of the code that is typed.
    link: blake3::Hash,
    code: blake3::Hash,
    /// There is a steward now: never again.
    founded: AtomicBool,
}

impl Setup {
    /// With the secret of the link, and the code that is asked for.
    pub fn new(link: &str, code: &str) -> Self {
        Self { link: hash(link), code: hash(&normal(code)), founded: AtomicBool::new(false) }
    }

    /// Whether there is no steward yet.
    pub(crate) fn is_open(&self, kernel: &Kernel) -> bool {
        if self.founded.load(Ordering::Relaxed) {
            return false;
        }
        let founded = hamlet_identity::is_founded(kernel).unwrap_or(true);
        self.founded.store(founded, Ordering::Relaxed);
        !founded
    }
}

fn hash(text: &str) -> blake3::Hash {
    blake3::hash(text.as_bytes())
}

/// A code as it was meant: people type spaces, hyphens and capitals.
fn normal(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

pub(crate) async fn page(Path(secret): Path<String>, visit: Visit) -> Response {
    if !is_right(&visit, &secret) {
        return crate::front::not_found().await.into_response();
    }
    shown(&visit, StatusCode::OK, &secret, &Fields::default(), None)
}

fn is_right(visit: &Visit, secret: &str) -> bool {
    let state = &visit.here.state;
    // Equality of BLAKE3 hashes takes constant time.
    state.setup.as_ref().is_some_and(|setup| setup.is_open(&state.kernel) && hash(secret) == setup.link)
}

fn shown(
    visit: &Visit,
    status: StatusCode,
    secret: &str,
    typed: &Fields,
    problem: Option<&(&str, String)>,
) -> Response {
    let say = &visit.say;
    let wrong = |name: &str| problem.filter(|(field, _)| *field == name).map(|(_, words)| words.as_str());
    let zone = if typed.text("zone").is_empty() { &visit.community.zone } else { typed.text("zone") };
    let body = html! {
        h1 { (say.t("setup-title")) }
        p class="lead" { (say.t("setup-lead")) }
        (notice("bad", wrong("").unwrap_or_default()))
        form method="post" action={ "/setup/" (secret) } {
            (field(&Field { name: "code", label: &say.t("setup-code"), help: &say.t("setup-code-help"), value: typed.text("code"), autocomplete: "off", error: wrong("code"), ..Field::default() }))
            (field(&Field { name: "community", label: &say.t("setup-community"), help: &say.t("setup-community-help"), value: typed.text("community"), autocomplete: "off", error: wrong("community"), ..Field::default() }))
            (field(&Field { name: "place", label: &say.t("setup-place"), value: typed.text("place"), autocomplete: "off", optional: true, ..Field::default() }))
            (field(&Field { name: "zone", label: &say.t("setup-zone"), help: &say.t("setup-zone-help"), value: zone, autocomplete: "off", error: wrong("zone"), ..Field::default() }))
            h2 { (say.t("setup-you")) }
            (field(&Field { name: "name", label: &say.t("your-name"), value: typed.text("name"), autocomplete: "name", error: wrong("name"), ..Field::default() }))
            (field(&Field { name: "handle", label: &say.t("handle"), help: &say.t("handle-help"), value: typed.text("handle"), autocomplete: "username", error: wrong("handle"), ..Field::default() }))
            button { (say.t("setup-begin")) }
        }
    };
    let frame = Frame { title: &say.t("setup-title"), narrow: true, ..Frame::default() };
    shell::page_with(visit, status, &frame, &body)
}

pub(crate) async fn begin(Path(secret): Path<String>, Posted { visit, fields }: Posted<Visit>) -> Response {
    if !is_right(&visit, &secret) {
        return crate::front::not_found().await.into_response();
    }
    let again = |problem: (&str, String)| {
        shown(&visit, StatusCode::UNPROCESSABLE_ENTITY, &secret, &fields, Some(&problem))
    };
    let state = &visit.here.state;
    if state.address_rates.take(visit.here.address, 10).is_err() {
        return again(("", visit.say.t("refused-busy")));
    }
    let right = state.setup.as_ref().is_some_and(|setup| hash(&normal(fields.text("code"))) == setup.code);
    if !right {
        return again(("code", visit.say.t("code-wrong")));
    }
    // Settings first: the steward is what ends the set-up.
    let language = visit.say.tag();
    let community = json!({ "community": {
        "name": fields.text("community"), "place": fields.text("place"), "zone": fields.text("zone"), "language": language,
    } });
    if let Err(refused) = as_host(&visit, "settings", "set", community).await {
        let place = if refused.case == "zone-unknown" { "zone" } else { "community" };
        return again((place, refused.said(&visit)));
    }
    let founding = Founding {
        commons_handle: "commons".to_owned(),
        commons_name: fields.text("community").to_owned(),
        handle: fields.text("handle").to_lowercase(),
        name: fields.text("name").to_owned(),
        token: None,
    };
    let kernel = state.kernel.clone();
    let founded = tokio::task::spawn_blocking(move || hamlet_identity::found(&kernel, &founding)).await;
    match founded {
        Ok(Ok(founded)) => {
            super::start::prepare(&visit);
            let signed_in = visit.signed_in(founded.steward, "/me/secure").await;
            signed_in.unwrap_or_else(|error| failed(&error).into_response())
        }
        Ok(Err(hamlet_identity::FoundError::Refused { case, .. })) => {
            let (place, id) = match case.as_str() {
                "handle-taken" => ("handle", "refused-handle-taken"),
                "handle-invalid" => ("handle", "refused-handle-invalid"),
                "name-invalid" => ("name", "refused-name-invalid"),
                _ => ("", "host-failed"),
            };
            again((place, visit.say.t(id)))
        }
        _ => again(("", visit.say.t("host-failed"))),
    }
}

/// The secret of a set-up link and the code that goes with it, to be printed.
///
/// # Errors
/// There is no randomness.
pub fn new_secrets() -> Result<(String, String), getrandom::Error> {
    let link = super::join::new_link()?;
    let mut digits = [0; 8];
    getrandom::fill(&mut digits)?;
    let number = u64::from_be_bytes(digits) % 100_000_000;
    Ok((link, format!("{:04} {:04}", number / 10_000, number % 10_000)))
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn a_code_is_read_as_it_was_meant() {
        assert_eq!(normal(" 1234-5678 "), "12345678");
        assert_eq!(normal("AB cd"), "abcd");
    }
}
