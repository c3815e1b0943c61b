//! `/me/profile`: how to reach her, who sees it, and her picture; and the picture as others see it.

use std::io::Cursor;

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::ask::{ask, text};
use super::home::{OrNull as _, party};
use super::join::base64url;
use super::picture::{self, PICTURE_BYTES_MAX};
use super::shell::{self, Field, Frame, field, hidden, notice};
use super::upload::Uploaded;
use super::visit::{Member, Posted, Visit, redirect};

const PLACE: &str = "/me/profile";

/// The lines: their name, the words for them, what a browser fills in, and the kind of field.
const LINES: [(&str, &str, &str, &str); 3] = [
    ("phone", "profile-phone", "tel", "tel"),
    ("email", "profile-email", "email", "email"),
    ("address", "profile-address", "street-address", "text"),
];
/// Who may see a line, and the words for it.
const READERS: [(&str, &str); 3] =
    [("only-me", "readers-only-me"), ("stewards", "readers-stewards"), ("members", "readers-members")];

pub(crate) async fn page(member: Member) -> Response {
    shown(&member, StatusCode::OK, "").await
}

async fn shown(member: &Member, status: StatusCode, problem: &str) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let me = ask(visit, "members", "get", json!({ "party": party(visit) })).await.unwrap_or_default();
    let profile = of(visit, &party(visit)).await;
    let contact = profile.get("contact").unwrap_or_default_ref();
    let body = html! {
        h1 { (say.t("profile-title")) }
        p class="lead" { (say.t("profile-lead")) }
        (notice("bad", problem))
        form method="post" action=(PLACE) class="card" {
            (hidden(visit))
            @for (name, words, autocomplete, kind) in LINES {
                @let line = contact.get(name).unwrap_or_default_ref();
                div class="pair" {
                    (field(&Field { name, label: &say.t(words), kind, value: text(line, "text"), autocomplete, optional: true, ..Field::default() }))
                    (readers(visit, name, text(line, "seen-by")))
                }
            }
            button { (say.t("save")) }
        }
        section class="card" {
            h2 { (say.t("profile-picture")) }
            p { (say.t("profile-picture-about")) }
            @if has_picture(&profile) { (image(visit, text(&me, "handle"), text(&me, "name"))) }
            form method="post" action="/me/profile/picture" enctype="multipart/form-data" {
                (hidden(visit))
                div class="field" {
                    label for="picture" { (say.t("profile-picture-choose")) }
                    input type="file" id="picture" name="picture" accept="image/jpeg,image/png" required;
                }
                button { (say.t("profile-picture-send")) }
            }
            @if has_picture(&profile) {
                form method="post" action="/me/profile/picture/remove" { (hidden(visit)) button class="danger" { (say.t("profile-picture-remove")) } }
            }
        }
        p { a href="/me" { (say.t("back")) } }
    };
    let frame = Frame { title: &say.t("profile-title"), place: "/me", ..Frame::default() };
    shell::page_with(visit, status, &frame, &body)
}

fn readers(visit: &Visit, line: &str, chosen: &str) -> Markup {
    let say = &visit.say;
    let name = format!("{line}-seen-by");
    html! {
        div class="field" {
            label for=(name) { (say.t("profile-seen-by")) }
            select id=(name) name=(name) {
                @for (value, words) in READERS { option value=(value) selected[value == chosen] { (say.t(words)) } }
            }
        }
    }
}

/// A party's profile as the viewer may see it.
async fn of(visit: &Visit, party: &str) -> Value {
    ask(visit, "profiles", "get", json!({ "party": party })).await.unwrap_or_default()
}

fn has_picture(profile: &Value) -> bool {
    profile.get("picture").is_some_and(|picture| !picture.is_null())
}

fn image(visit: &Visit, handle: &str, name: &str) -> Markup {
    let words = visit.say.with("profile-picture-of", &[("name", name)]);
    html! { img class="portrait" src={ "/members/" (handle) "/picture" } alt=(words) width="160" height="160"; }
}

/// What a party says about herself, on the page where others see her.
pub(crate) async fn card(visit: &Visit, handle: &str, shown: &Value) -> Markup {
    let say = &visit.say;
    let profile = of(visit, text(shown, "id")).await;
    let contact = profile.get("contact").unwrap_or_default_ref();
    let lines = LINES.iter().filter_map(|(name, words, ..)| {
        let said = text(contact.get(*name).unwrap_or_default_ref(), "text");
        (!said.is_empty()).then_some((*words, said))
    });
    let lines: Vec<_> = lines.collect();
    html! {
        @if has_picture(&profile) { p { (image(visit, handle, text(shown, "name"))) } }
        @if !lines.is_empty() {
            dl { @for (words, said) in lines { dt { (say.t(words)) } dd { (said) } } }
        }
    }
}

pub(crate) async fn save(Posted { visit: member, fields }: Posted<Member>) -> Response {
    let visit = &member.visit;
    let mut contact = serde_json::Map::new();
    for (name, ..) in LINES {
        let seen_by = match fields.text(&format!("{name}-seen-by")) {
            "" => "only-me",
            chosen => chosen,
        };
        contact.insert(name.to_owned(), json!({ "text": fields.text(name), "seen-by": seen_by }));
    }
    match ask(visit, "profiles", "set-contact", json!({ "party": party(visit), "contact": contact })).await {
        Ok(_) => redirect(PLACE),
        Err(refused) if refused.case == "text-invalid" => {
            shown(&member, StatusCode::UNPROCESSABLE_ENTITY, &visit.say.t("profile-line-invalid")).await
        }
        Err(refused) => shown(&member, StatusCode::UNPROCESSABLE_ENTITY, &refused.said(visit)).await,
    }
}

/// Checks what was sent, cleans it, and keeps it sealed under her key.
pub(crate) async fn send_picture(uploaded: Uploaded) -> Response {
    let member = &uploaded.visit;
    let visit = &member.visit;
    let Some((kind, clean)) = uploaded.file("picture").and_then(|file| picture::cleaned(file)) else {
        let megabytes = (PICTURE_BYTES_MAX >> 20).to_string();
        let words = visit.say.with("profile-picture-refused", &[("megabytes", &megabytes)]);
        return shown(member, StatusCode::UNPROCESSABLE_ENTITY, &words).await;
    };
    let (kernel, person) = (visit.here.state.kernel.clone(), member.browser.person);
    let put = tokio::task::spawn_blocking(move || kernel.put_blob_for(person, &mut Cursor::new(clean))).await;
    let Ok(Ok((hash, _))) = put else {
        return shown(member, StatusCode::INTERNAL_SERVER_ERROR, &visit.say.t("host-failed")).await;
    };
    let picture = json!({ "hash": base64url(&hash), "kind": kind.label() });
    match ask(visit, "profiles", "set-picture", json!({ "party": party(visit), "picture": picture })).await {
        Ok(_) => redirect(PLACE),
        Err(refused) => shown(member, StatusCode::UNPROCESSABLE_ENTITY, &refused.said(visit)).await,
    }
}

pub(crate) async fn remove_picture(Posted { visit: member, .. }: Posted<Member>) -> Response {
    // One that is gone already is no mistake of hers.
    let _gone = ask(&member.visit, "profiles", "set-picture", json!({ "party": party(&member.visit) })).await;
    redirect(PLACE)
}

/// A picture, for members: of a fixed type, and nothing in it is run.
pub(crate) async fn picture(Path(handle): Path<String>, member: Member) -> Response {
    let visit = &member.visit;
    match bytes_of(visit, &handle).await {
        Some((kind, bytes)) => {
            let headers = [
                (CONTENT_TYPE, HeaderValue::from_static(kind)),
                (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
                (CACHE_CONTROL, HeaderValue::from_static("no-store")),
            ];
            (headers, bytes).into_response()
        }
        None => crate::front::not_found().await.into_response(),
    }
}

async fn bytes_of(visit: &Visit, handle: &str) -> Option<(&'static str, Vec<u8>)> {
    let party = ask(visit, "members", "find", json!({ "handle": handle })).await.ok()?;
    let profile = of(visit, text(&party, "id")).await;
    let picture = profile.get("picture")?;
    let kind = picture::Kind::media_type(text(picture, "kind"))?;
    let hash = super::join::from_base64url(text(picture, "hash"))?;
    let kernel = visit.here.state.kernel.clone();
    let read = move || kernel.blob(&<[u8; 32]>::try_from(hash).ok()?, PICTURE_BYTES_MAX).ok();
    let bytes = tokio::task::spawn_blocking(read).await.ok()??;
    Some((kind, bytes))
}
