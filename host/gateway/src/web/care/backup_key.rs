//! `/stewards/backups/key`: a steward makes the key that opens copies, and prints it. It is shown once and kept nowhere.

use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::json;

use super::super::ask::ask;
use super::super::prove;
use super::super::qr;
use super::super::shell::{self, Frame, hidden, notice};
use super::super::visit::{Member, Posted, Visit};
use super::{beside, denied, frame};

const PATH: &str = "/stewards/backups/key";

pub(super) async fn page(member: Member) -> Response {
    if !member.browser.steward {
        return denied(&member.visit, &member.visit.say.t("backups"));
    }
    if let Some(response) = prove::first(&member).await {
        return response;
    }
    asked(&member.visit, StatusCode::OK, "")
}

fn asked(visit: &Visit, status: StatusCode, problem: &str) -> Response {
    let say = &visit.say;
    let title = say.t("backup-key");
    let body = html! {
        h1 { (title) }
        (notice("bad", problem))
        p { (say.t("backup-key-lead")) }
        ul { li { (say.t("backup-key-once")) } li { (say.t("backup-key-two")) } li { (say.t("backup-key-lost")) } }
        form method="post" action=(PATH) { (hidden(visit)) button { (say.t("backup-key-make")) } }
        p { a href="/stewards/backups" { (say.t("back")) } }
    };
    shell::page_with(visit, status, &Frame { narrow: true, ..frame(&title) }, &body)
}

pub(super) async fn make(Posted { visit: member, .. }: Posted<Member>) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    if !member.browser.steward {
        return denied(visit, &say.t("backups"));
    }
    if let Some(response) = prove::first_from(&member, PATH).await {
        return response;
    }
    let sheet = match sheet(&member).await {
        Ok(sheet) => sheet,
        Err(why) => return asked(visit, StatusCode::UNPROCESSABLE_ENTITY, &why),
    };
    let title = say.t("backup-sheet");
    let body = html! {
        h1 { (title) }
        h2 { (say.t("backup-key")) }
        (sheet)
        p class="noprint" {
            button class="quiet" type="button" data-print hidden { (say.t("print")) } " "
            a class="button" href="/stewards/backups" { (say.t("backup-sheet-kept")) }
        }
    };
    let frame = Frame { narrow: true, scripts: &["pages"], ..frame(&title) };
    shell::page_with(visit, StatusCode::OK, &frame, &body)
}

/// Makes her key and writes the sheet that is printed: the only time that it is seen. On a narrow page only, which no
/// browser keeps. The error is in words.
pub(crate) async fn sheet(member: &Member) -> Result<Markup, String> {
    let visit = &member.visit;
    let say = &visit.say;
    let caretaker = visit.here.state.caretaker.clone().ok_or_else(|| say.t("backups-not-here"))?;
    let key = beside(move || caretaker.new_key()).await.ok_or_else(|| say.t("host-failed"))??;
    let order = json!({ "recipient": key.recipient });
    ask(visit, "backups", "set-key", order).await.map_err(|refused| refused.said(visit))?;
    let day = visit.day(visit.here.state.kernel.now());
    let about =
        [("community", visit.community.name.as_str()), ("handle", &member.browser.handle), ("day", &day)];
    Ok(html! {
        p { (say.with("backup-sheet-lead", &about)) }
        section class="card" {
            h3 { (say.t("backup-sheet-secret")) }
            p class="code" id="secret" { (key.secret) }
            (qr::code(&key.secret, &say.t("backup-sheet-secret")))
            h3 { (say.t("backup-sheet-public")) }
            p class="code" { (key.recipient) }
        }
        h3 { (say.t("backup-sheet-how")) }
        ol { li { (say.t("backup-sheet-step-1")) } li { (say.t("backup-sheet-step-2")) } li { (say.t("backup-sheet-step-3")) } }
    })
}
