//! `/rules`: the three ground texts of the community in versions, how members see a change before their next act, and
//! `/stewards/rules`, where a few answers become a first draft of them.
//!
//! A draft is a beginning to be checked for the country and changed, and says so in itself. Nobody is bound to what she
//! was never shown: `held` shows the newest version to a member who posts anything, once.

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::ask::{Refused, ask, number, text};
use super::fields::Fields;
use super::home::OrNull as _;
use super::log;
use super::prove;
use super::shell::{self, Field, Frame, field, hidden, notice};
use super::visit::{Member, Posted, Visit, redirect};

const PLACE: &str = "/rules";
const WRITE: &str = "/stewards/rules";
/// The texts, and the words for them.
const TEXTS: [(&str, &str); 3] =
    [("rules", "rules-rules"), ("privacy", "rules-privacy"), ("credit", "rules-credit")];
/// What is asked before a draft is written: the field, the words for it, and what is there to begin with.
const QUESTIONS: [(&str, &str, &str); 5] = [
    ("responsible", "rules-ask-responsible", ""),
    ("contact", "rules-ask-contact", ""),
    ("years", "rules-ask-years", "10"),
    ("age", "rules-ask-age", "16"),
    ("unit", "rules-ask-unit", ""),
];
/// The newest version as everybody reads it, members and newcomers alike.
pub(crate) async fn page(visit: Visit) -> Response {
    let say = &visit.say;
    let current = ask(&visit, "papers", "current", json!({})).await.unwrap_or_default();
    let unseen = unseen(&visit, &current).await;
    let number = number(&current, "number").unwrap_or_default();
    let body = html! {
        h1 { (say.t("rules-title")) }
        @if current.is_null() { p { (say.t("rules-none")) } }
        @else {
            p class="lead" { (which(&visit, &current)) }
            @if unseen { p class="notice" { (say.t("rules-changed")) } }
            @if unseen && visit.path.ends_with("?file") { p class="notice bad" { (say.t("rules-file")) } }
            (texts(&visit, &current))
            @if unseen {
                form method="post" action="/rules/accept" {
                    (hidden(&visit))
                    input type="hidden" name="number" value=(number);
                    button { (say.t("rules-go-on")) }
                }
                p class="soft" { (say.t("rules-or-leave")) " " a href="/me/leave" { (say.t("leave-title")) } }
            }
            p class="noprint" { button class="quiet" type="button" data-print hidden { (say.t("print")) } }
        }
        @if visit.browser.as_ref().is_some_and(|browser| browser.steward) { p { a href=(WRITE) { (say.t("rules-write")) } } }
    };
    shell::page(
        &visit,
        &Frame { title: &say.t("rules-title"), place: PLACE, scripts: &["pages"], ..Frame::default() },
        &body,
    )
}

/// The texts of a version.
pub(super) fn texts(visit: &Visit, version: &Value) -> Markup {
    html! {
        @for (name, words) in TEXTS {
            @let said = text(version.get("ground").unwrap_or_default_ref(), name);
            @if !said.is_empty() { section class="card" { h2 { (visit.say.t(words)) } (paragraphs(said)) } }
        }
    }
}

/// Which version it is, and of when.
pub(super) fn which(visit: &Visit, version: &Value) -> String {
    let day = visit.day(number(version, "at").unwrap_or_default());
    let number = number(version, "number").unwrap_or_default().to_string();
    visit.say.with("rules-version", &[("number", &number), ("day", &day)])
}

/// A text of theirs: an empty line begins a new paragraph, other line breaks stay.
fn paragraphs(text: &str) -> Markup {
    let paragraphs = text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
    html! {
        @for paragraph in paragraphs {
            p { @for (index, line) in paragraph.lines().enumerate() { @if index > 0 { br; } (line) } }
        }
    }
}

/// Whether somebody who is signed in has not gone on with this version yet.
pub(super) async fn unseen(visit: &Visit, current: &Value) -> bool {
    if visit.browser.is_none() || current.is_null() {
        return false;
    }
    let accepted = ask(visit, "papers", "accepted", json!({})).await.unwrap_or_default();
    let seen = accepted.get(0).and_then(Value::as_u64);
    seen < number(current, "number")
}

pub(crate) async fn accept(Posted { visit: member, fields }: Posted<Member>) -> Response {
    let order = json!({ "number": fields.text("number").parse::<u32>().unwrap_or_default() });
    match ask(&member.visit, "papers", "accept", order).await {
        Ok(_) => redirect("/"),
        // A newer one was published while she read: that one is shown.
        Err(_) => redirect(PLACE),
    }
}

/// A steward writes them.
pub(crate) async fn write(member: Member) -> Response {
    let current = ask(&member.visit, "papers", "current", json!({})).await.unwrap_or_default();
    let ground = current.get("ground").unwrap_or_default_ref();
    let texts = TEXTS.map(|(name, _)| text(ground, name).to_owned());
    editor(&member, StatusCode::OK, &texts, &Fields::default(), "")
}

fn editor(
    member: &Member,
    status: StatusCode,
    texts: &[String; 3],
    answers: &Fields,
    problem: &str,
) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let title = say.t("rules-write");
    let frame = Frame { title: &title, place: PLACE, ..Frame::default() };
    if !member.browser.steward {
        return shell::denied(visit, &frame);
    }
    let body = html! {
        h1 { (title) }
        p class="lead" { (say.t("rules-write-lead")) }
        (notice("bad", problem))
        form method="post" action={ (WRITE) "/draft" } class="card" {
            (hidden(visit))
            h2 { (say.t("rules-ask")) }
            (questions(visit, answers))
            button class="quiet" { (say.t("rules-draft")) }
        }
        form method="post" action=(WRITE) class="card" {
            (hidden(visit))
            h2 { (say.t("rules-texts")) }
            @for ((name, words), text) in TEXTS.iter().zip(texts) {
                div class="field" {
                    label for={ "text-" (name) } { (say.t(words)) }
                    textarea id={ "text-" (name) } name={ "text-" (name) } rows="14" maxlength="8000" { (text) }
                }
            }
            (log::reason(visit, "reason"))
            p { (say.t("rules-publish-about")) }
            button { (say.t("rules-publish")) }
        }
        p { a href=(PLACE) { (say.t("back")) } }
    };
    shell::page_with(visit, status, &frame, &body)
}

/// From answers to a draft, which the steward reads, changes and publishes. Nothing is kept yet.
pub(crate) async fn draft(Posted { visit: member, fields }: Posted<Member>) -> Response {
    let texts = drafted(&member.visit, &fields);
    editor(&member, StatusCode::OK, &texts, &fields, "")
}

/// The three texts that follow from the answers, each marked as a draft that is to be checked. A sentence about what was
/// not answered is left out.
fn drafted(visit: &Visit, answers: &Fields) -> [String; 3] {
    let say = &visit.say;
    // The texts end their sentences themselves.
    let typed = |name: &str| answers.text(name).trim_end_matches('.');
    let about = |name: &str, words: &dyn Fn(&str) -> String| match typed(name) {
        "" => String::new(),
        typed => words(typed),
    };
    let reach =
        about("contact", &|typed| format!(" {}", say.with("rules-draft-contact", &[("contact", typed)])));
    let young = about("age", &|typed| format!("{}\n\n", say.with("rules-draft-age", &[("age", typed)])));
    let books = about("years", &|typed| format!("{} ", say.with("rules-draft-years", &[("years", typed)])));
    let unit = match typed("unit") {
        "" => say.t("rules-draft-unit"),
        typed => typed.to_owned(),
    };
    let responsible = match typed("responsible") {
        "" => "…",
        typed => typed,
    };
    let community = visit.community.name.as_str();
    let rules = say.with("rules-draft-rules", &[("community", community), ("young", &young)]);
    let privacy = [("responsible", responsible), ("reach", &reach), ("books", &books)];
    let privacy = say.with("rules-draft-privacy", &privacy);
    let credit = say.with("rules-draft-credit", &[("unit", &unit)]);
    let check = say.t("rules-check");
    [rules, privacy, credit].map(|text| format!("{text}\n\n{check}"))
}

/// The questions from which a draft is written.
pub(super) fn questions(visit: &Visit, answers: &Fields) -> Markup {
    let answer = |name: &str, before: &'static str| match answers.text(name) {
        "" => before.to_owned(),
        typed => typed.to_owned(),
    };
    html! {
        @for (name, words, before) in QUESTIONS {
            (field(&Field { name, label: &visit.say.t(words), value: &answer(name, before), autocomplete: "off", optional: true, ..Field::default() }))
        }
    }
}

/// Publishes what follows from the answers as the next version, which who answered has seen. The error is in words.
pub(super) async fn publish_draft(visit: &Visit, answers: &Fields) -> Result<(), String> {
    publish_texts(visit, &drafted(visit, answers)).await.map_err(|refused| said(visit, &refused))
}

async fn publish_texts(visit: &Visit, [rules, privacy, credit]: &[String; 3]) -> Result<(), Refused> {
    let order = json!({ "ground": { "rules": rules, "privacy": privacy, "credit": credit } });
    let number = ask(visit, "papers", "publish", order).await?;
    // Who wrote it has seen it.
    let _seen = ask(visit, "papers", "accept", json!({ "number": number })).await;
    Ok(())
}

fn said(visit: &Visit, refused: &Refused) -> String {
    match refused.case.as_str() {
        "text-invalid" => visit.say.t("rules-too-long"),
        _ => refused.said(visit),
    }
}

pub(crate) async fn publish(Posted { visit: member, fields }: Posted<Member>) -> Response {
    if let Some(response) = prove::first_from(&member, WRITE).await {
        return response;
    }
    let visit = &member.visit;
    // Browsers send line breaks as two.
    let texts = TEXTS.map(|(name, _)| fields.text(&format!("text-{name}")).replace("\r\n", "\n"));
    match publish_texts(visit, &texts).await {
        Ok(()) => redirect(PLACE),
        Err(refused) => {
            let words = said(visit, &refused);
            editor(&member, StatusCode::UNPROCESSABLE_ENTITY, &texts, &fields, &words).into_response()
        }
    }
}
