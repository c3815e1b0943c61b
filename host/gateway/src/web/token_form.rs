//! What the pages of tokens have in common, whether a member's (`tokens`) or a device's (`devices`): the fields of a
//! new one, its text, shown once, and a row of the list.

use hamlet_identity::Secret;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::ask::{items, number, text};
use super::fields::Fields;
use super::home::OrNull as _;
use super::join::base64url;
use super::shell::{Field, field, hidden};
use super::visit::Visit;

/// For how many days a token is good where nothing is said.
const DAYS: u64 = 365;
/// Longest that a token made on a page may be good, in days.
const DAYS_MAX: u64 = 3_650;
const DAY_MICROS: u64 = 86_400 * 1_000_000;

/// A token that is to be made: what of it is shown once, and what is kept.
pub(super) struct NewToken {
    pub secret: Secret,
    pub hash: String,
    /// Patterns of functions; empty: all.
    pub functions: Value,
    /// When it ends, in microseconds since 1970.
    pub expires: String,
}

impl NewToken {
    /// From a form with `functions` and `days`. `None`: the system has no randomness.
    pub fn read(visit: &Visit, fields: &Fields) -> Option<Self> {
        let secret = Secret::new().ok()?;
        let functions: Vec<&str> =
            fields.text("functions").split([',', ' ']).filter(|part| !part.is_empty()).collect();
        let days = fields.text("days").parse().unwrap_or(DAYS).clamp(1, DAYS_MAX);
        let expires = visit.here.state.kernel.now().saturating_add(days * DAY_MICROS);
        Some(Self {
            hash: base64url(&secret.hash()),
            functions: json!(functions),
            expires: expires.to_string(),
            secret,
        })
    }

    /// Its text, under `title`: this once.
    pub fn shown(&self, visit: &Visit, title: &str) -> Markup {
        let say = &visit.say;
        let secret = self.secret.reveal();
        html! {
            section class="card" {
                h2 { (say.t(title)) }
                p { (say.t("token-made-lead")) }
                p class="code" { (secret) }
                button class="quiet" type="button" data-copy=(secret) data-copied=(say.t("copied")) hidden { (say.t("copy")) }
            }
        }
    }
}

/// The fields that `NewToken::read` reads. `help` and whether functions may be left out differ.
pub(super) fn asked(visit: &Visit, help: &str, functions_optional: bool) -> Markup {
    let say = &visit.say;
    html! {
        (field(&Field {
            name: "functions", label: &say.t("token-functions"), help: &say.t(help), autocomplete: "off",
            optional: functions_optional, ..Field::default()
        }))
        (field(&Field {
            name: "days", label: &say.t("token-days"), kind: "number", value: &DAYS.to_string(), ..Field::default()
        }))
    }
}

/// One of a list.
pub(super) struct Row<'a> {
    /// Where it is taken back: this with `/revoke`, and the field that names it.
    pub place: &'a str,
    pub field: &'a str,
    pub label: &'a str,
    /// Its patterns of functions, or what it says where there are none.
    pub functions: String,
    pub read_only: bool,
    /// What is said of one that was never used; empty: nothing.
    pub never_used: &'a str,
}

impl Row<'_> {
    pub fn drawn(&self, visit: &Visit, token: &Value) -> Markup {
        let say = &visit.say;
        let day = |name: &str| number(token, name).map(|time| visit.day(time));
        html! {
            li {
                span class="grow" {
                    (self.label) br;
                    span class="soft" {
                        (self.functions)
                        @if self.read_only { " · " (say.t("token-read-only")) }
                        @if let Some(day) = day("expires") { " · " (say.with("token-expires", &[("day", &day)])) }
                        @match day("last-used") {
                            Some(day) => { " · " (say.with("session-used", &[("day", &day)])) }
                            None if self.never_used.is_empty() => {}
                            None => { " · " (say.t(self.never_used)) }
                        }
                    }
                }
                form method="post" action={ (self.place) "/revoke" } {
                    (hidden(visit))
                    input type="hidden" name=(self.field) value=(text(token, "id"));
                    button class="danger" { (say.t("take-back")) }
                }
            }
        }
    }
}

/// The patterns of functions of a device or of a token's scope, as one line.
pub(super) fn functions(scope: &Value) -> String {
    let functions = items(scope.get("functions").unwrap_or_default_ref());
    functions.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}
