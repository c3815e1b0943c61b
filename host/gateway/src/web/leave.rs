//! `/me/leave` and `/me/erase`: how a member goes, and how what is about her goes with her.
//!
//! Leaving ends what she may do at once, her sessions too; what she owns and what she decided stays under her name, for
//! the others' books. Erasing destroys the key under which everything about her is sealed. Both say so before they do it.

use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::json;

use super::ask::ask;
use super::home::party;
use super::prove;
use super::shell::{self, Frame, hidden, notice};
use super::visit::{Member, Posted, Visit, forget_session, redirect};

const LEAVE: &str = "/me/leave";
const ERASE: &str = "/me/erase";

pub(crate) async fn page(member: Member) -> Response {
    shown(&member, StatusCode::OK, "", "")
}

fn shown(member: &Member, status: StatusCode, problem_leaving: &str, problem_erasing: &str) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let body = html! {
        h1 { (say.t("leave-title")) }
        p class="lead" { (say.t("leave-lead")) }
        p { a class="button quiet" href="/me/export" { (say.t("export-title")) } }
        section class="card" {
            h2 { (say.t("leave-leave")) }
            (notice("bad", problem_leaving))
            ul { li { (say.t("leave-ends")) } li { (say.t("leave-stays")) } li { (say.t("leave-back")) } }
            (sure(visit, LEAVE, &say.t("leave-sure"), &say.t("leave-do")))
        }
        section class="card" {
            h2 { (say.t("erase-title")) }
            (notice("bad", problem_erasing))
            ul { li { (say.t("erase-goes")) } li { (say.t("erase-stays")) } li { (say.t("erase-for-good")) } }
            (sure(visit, ERASE, &say.t("erase-sure"), &say.t("erase-do")))
        }
        p { a href="/me" { (say.t("back")) } }
    };
    let frame = Frame { title: &say.t("leave-title"), place: "/me", ..Frame::default() };
    shell::page_with(visit, status, &frame, &body)
}

/// A form that does what it is named for, once she has ticked that she is sure.
fn sure(visit: &Visit, place: &str, sure: &str, go: &str) -> Markup {
    html! {
        form method="post" action=(place) {
            (hidden(visit))
            div class="field tick" {
                input type="checkbox" id={ (place) "-sure" } name="sure" value="yes" required;
                label for={ (place) "-sure" } { (sure) }
            }
            button class="danger" { (go) }
        }
    }
}

pub(crate) async fn leave(Posted { visit: member, fields }: Posted<Member>) -> Response {
    go(&member, fields.text("sure") == "yes", "leave").await
}

pub(crate) async fn erase(Posted { visit: member, fields }: Posted<Member>) -> Response {
    go(&member, fields.text("sure") == "yes", "erase").await
}

async fn go(member: &Member, sure: bool, function: &str) -> Response {
    let visit = &member.visit;
    if let Some(response) = prove::first_from(member, LEAVE).await {
        return response;
    }
    let refusal = if sure {
        match ask(visit, "members", function, json!({ "party": party(visit) })).await {
            Ok(_) => {
                let mut response = redirect("/");
                forget_session(&mut response);
                return response;
            }
            Err(refused) if refused.case == "last-steward" => visit.say.t("leave-last-steward"),
            Err(refused) => refused.said(visit),
        }
    } else {
        visit.say.t("leave-not-sure")
    };
    let (leaving, erasing) = if function == "leave" { (&*refusal, "") } else { ("", &*refusal) };
    shown(member, StatusCode::UNPROCESSABLE_ENTITY, leaving, erasing)
}
