//! `/journal/{sequence}/{command}`: one thing that was done, its receipt to take home, and the check of it.
//!
//! The host checks its own receipt here, which shows that nothing is broken; only somebody else's check shows that
//! nobody cheated, so the page says how to do that too.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use hamlet_kernel::{ReceiptError, ReceiptFor};
use hamlet_proof::{Checkpoint, Leaf, Receipt};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use maud::html;

use super::super::shell::{self, Frame, notice};
use super::super::visit::Member;
use super::{beside, journal};
use crate::front;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A receipt, and what checking it said.
struct Checked {
    receipt: Receipt,
    outcome: Result<Checkpoint, String>,
    key: String,
}

/// Hers, or a steward's bare one; none: there is no such command, or it is not shown to her.
async fn receipt_of(member: &Member, sequence: u64, command: u32) -> Option<Receipt> {
    let kernel = member.visit.here.state.kernel.clone();
    let (actor, steward) = (member.visit.actor(), member.browser.steward);
    let made = beside(move || match kernel.receipt(sequence, command, ReceiptFor::Caller(&actor)) {
        Err(ReceiptError::NotYours { .. }) if steward => {
            kernel.receipt(sequence, command, ReceiptFor::Steward)
        }
        own => own,
    });
    made.await?.inspect_err(|error| tracing::debug!(%error, "no receipt")).ok()
}

pub(super) async fn page(Path((sequence, command)): Path<(u64, u32)>, member: Member) -> Response {
    let Some(receipt) = receipt_of(&member, sequence, command).await else {
        return front::not_found().await.into_response();
    };
    let visit = &member.visit;
    let say = &visit.say;
    let verifier = visit.here.state.kernel.log_verifier();
    let outcome = receipt.verify(&verifier).map_err(|error| error.to_string());
    let checked = Checked { receipt, outcome, key: verifier.to_string() };
    let known = journal::people(visit, member.browser.steward).await;
    let leaf: &Leaf = &checked.receipt.leaf;
    let catalogue = visit.here.state.kernel.catalogue();
    let title = say.t("journal-entry");
    let path = format!("/journal/{sequence}/{command}/receipt");
    let body = html! {
        h1 { (title) }
        p class="lead" { (journal::what(&catalogue, leaf)) }
        table { tbody {
            tr { th scope="row" { (say.t("journal-when")) } td { (visit.moment(leaf.time)) } }
            tr { th scope="row" { (say.t("journal-who")) } td { (journal::who(&known, leaf).said(visit)) } }
            tr { th scope="row" { (say.t("journal-where")) } td { (journal::plugin_title(visit, leaf)) " " span class="soft" { (leaf.version) " · " (leaf.function) } } }
            tr { th scope="row" { (say.t("journal-number")) } td { (leaf.sequence) "/" (leaf.index) } }
        } }
        section class="card" {
            h2 { (say.t("journal-check")) }
            @match &checked.outcome {
                Ok(checkpoint) => {
                    (notice("good", &say.t("journal-checked")))
                    p { (say.with("journal-checked-against", &[("number", &checked.receipt.number.to_string()), ("size", &checkpoint.size.to_string())])) }
                    p class="soft" { (say.t("journal-root")) br; code { (checkpoint.root) } }
                }
                Err(error) => {
                    (notice("bad", &say.t("journal-check-failed")))
                    p { code { (error) } }
                }
            }
            p { a class="button" href=(path) download={ "receipt-" (sequence) "-" (command) ".json" } { (say.t("journal-download")) } }
            details {
                summary { (say.t("journal-elsewhere")) }
                p { (say.t("journal-elsewhere-about")) }
                p { code { "hamlet verify receipt-" (sequence) "-" (command) ".json --key " (checked.key) } }
            }
        }
        p { a href="/journal" { (say.t("journal")) } }
    };
    shell::page_with(visit, StatusCode::OK, &Frame { title: &title, place: "/me", ..Frame::default() }, &body)
}

/// The receipt as a file.
pub(super) async fn receipt(Path((sequence, command)): Path<(u64, u32)>, member: Member) -> Response {
    let Some(receipt) = receipt_of(&member, sequence, command).await else {
        return front::not_found().await.into_response();
    };
    let name = format!("attachment; filename=\"receipt-{sequence}-{command}.json\"");
    let name = HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment"));
    ([(CONTENT_TYPE, JSON), (CONTENT_DISPOSITION, name)], receipt.to_json()).into_response()
}
