//! `/stewards/move-in/ID`: what can be done with people who were brought in: print each one's invitation, or take it all
//! back while nobody has signed in, paid or been paid.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use maud::html;
use serde_json::{Value, json};

use super::ask::{self, Order, Refused, ask, items, number, text};
use super::brought;
use super::home::OrNull as _;
use super::invitations;
use super::log::{self, Names};
use super::move_in::{PLACE, denied, frame, said};
use super::prove;
use super::qr;
use super::shell::{self, hidden, notice};
use super::visit::{Member, Posted, Visit, redirect};

/// For how long the invitations that are printed are good, in days.
const DAYS: u64 = 60;

/// One move: who came, and what can be done with it.
pub(crate) async fn one(Path(id): Path<String>, member: Member) -> Response {
    moved(&member, &id, StatusCode::OK, "").await
}

async fn moved(member: &Member, id: &str, status: StatusCode, problem: &str) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let moved = match ask(visit, "moves", "get", json!({ "move": id })).await {
        Ok(moved) => moved,
        Err(refused) if refused.case == "denied" => return denied(visit),
        Err(_) => return crate::front::not_found().await.into_response(),
    };
    let arrivals = items(moved.get("arrivals").unwrap_or_default_ref());
    let came = arrivals.iter().any(|arrival| arrival.get("came") == Some(&Value::Bool(true)));
    let mut names = Names::default();
    let mut rows = Vec::with_capacity(arrivals.len());
    for arrival in arrivals {
        rows.push((
            names.of(visit, text(arrival, "party")).await,
            arrival.get("came") == Some(&Value::Bool(true)),
        ));
    }
    let place = format!("{PLACE}/{id}");
    let body = html! {
        h1 { (say.count("move-count", rows.len().try_into().unwrap_or(u64::MAX))) }
        p class="lead" { (visit.moment(number(&moved, "at").unwrap_or_default())) }
        (notice("bad", problem))
        form method="post" action={ (place) "/invitations" } class="card" {
            (hidden(visit))
            p { (say.with("move-print-about", &[("days", &DAYS.to_string())])) }
            button { (say.t("move-print")) }
        }
        ul class="rows" {
            @for (name, came) in &rows { li { span class="grow" { (name) } @if *came { span class="soft" { (say.t("move-came")) } } } }
        }
        section class="card" {
            h2 { (say.t("move-undo")) }
            @if came { p { (say.t("move-somebody-came")) } }
            @else {
                form method="post" action={ (place) "/undo" } {
                    (hidden(visit))
                    p { (say.t("move-undo-about")) }
                    (log::reason(visit, "reason"))
                    button class="danger" { (say.t("move-undo")) }
                }
            }
        }
        p { a href=(PLACE) { (say.t("back")) } }
    };
    shell::page_with(visit, status, &frame(&say.t("move-title")), &body)
}

pub(crate) async fn undo(Path(id): Path<String>, Posted { visit: member, .. }: Posted<Member>) -> Response {
    if let Some(response) = prove::first_from(&member, &format!("{PLACE}/{id}")).await {
        return response;
    }
    match take_back(&member.visit, &id).await {
        Ok(()) => redirect(PLACE),
        Err(refused) => {
            let words = said(&member.visit, &refused);
            moved(&member, &id, StatusCode::UNPROCESSABLE_ENTITY, &words).await
        }
    }
}

/// Takes the people out again and what they brought along, in one transaction.
async fn take_back(visit: &Visit, id: &str) -> Result<(), Refused> {
    let moved = ask(visit, "moves", "get", json!({ "move": id })).await?;
    let arrivals = items(moved.get("arrivals").unwrap_or_default_ref());
    let parties: Vec<&str> = arrivals.iter().map(|arrival| text(arrival, "party")).collect();
    let takers = brought::takers(visit);
    let people = json!({ "move": id });
    let mut orders = vec![Order { plugin: "host", interface: "moves", function: "undo", arguments: people }];
    let back = |taker| brought::order(taker, "undo", json!({ "move": id, "parties": parties }));
    orders.extend(takers.iter().map(back));
    ask::all(visit, orders).await.map_err(|(_, refused)| refused)
}

/// An invitation for each person who has not signed in yet, to be printed and cut apart. Shown once.
pub(crate) async fn print(Path(id): Path<String>, Posted { visit: member, .. }: Posted<Member>) -> Response {
    if let Some(response) = prove::first_from(&member, &format!("{PLACE}/{id}")).await {
        return response;
    }
    let visit = &member.visit;
    let say = &visit.say;
    let Ok(moved) = ask(visit, "moves", "get", json!({ "move": id })).await else { return denied(visit) };
    let mut names = Names::default();
    let mut cards = Vec::new();
    for arrival in items(moved.get("arrivals").unwrap_or_default_ref()) {
        if text(arrival, "kind") != "person" || arrival.get("came") == Some(&Value::Bool(true)) {
            continue;
        }
        let party = text(arrival, "party");
        let name = names.of(visit, party).await;
        match invitations::for_party(visit, party, DAYS).await {
            Ok(link) => cards.push((name, link)),
            Err(words) => return self::moved(&member, &id, StatusCode::UNPROCESSABLE_ENTITY, &words).await,
        }
    }
    let body = html! {
        h1 class="noprint" { (say.t("move-print")) }
        p class="noprint" { (say.t("invite-made-lead")) " " button class="quiet" type="button" data-print hidden { (say.t("print")) } }
        @for (name, link) in cards {
            section class="card slip" {
                h2 { (name) }
                p { (say.with("move-slip", &[("community", &visit.community.name)])) }
                (qr::code(&link, &say.t("invite-qr")))
                p class="code" { (link) }
            }
        }
        p class="noprint" { a href={ (PLACE) "/" (id) } { (say.t("back")) } }
    };
    shell::page(visit, &frame(&say.t("move-print")), &body)
}
