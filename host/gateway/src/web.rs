//! The host's own pages for people: signing in, coming in, oneself, members, what stewards do. They work without
//! JavaScript but for passkeys, which name their other way on the same page.
//!
//! Not the interface for tools (`call`, `batch`): a page acts only for whoever is signed in, with the same rights as
//! her token would have. `shell` is the frame around every page, `visit` says who looks and guards what is posted,
//! `words` is what is said in which language. If this is wrong, a stranger's page acts with a member's rights.

pub(crate) mod shell;
pub(crate) mod visit;
pub(crate) mod words;

mod ask;
mod assets;
mod brought;
mod care;
mod catalogue;
mod demo;
mod devices;
mod export;
mod fields;
mod groups;
mod guard;
mod hand_over;
mod held;
mod home;
mod invitations;
mod join;
mod leave;
mod log;
mod mandates;
mod me;
mod members;
mod moderation;
mod move_in;
mod move_out;
mod moved;
mod multipart;
mod name;
mod newcomers;
mod passkeys;
mod phone;
mod picture;
mod plugin;
mod plugins;
mod privacy;
mod profile;
mod prove;
mod qr;
mod recoveries;
mod rules;
mod secure;
mod setup;
mod sheet;
mod sign_in;
mod start;
mod token_form;
mod tokens;
mod trust;
mod upload;
mod wards;

pub(crate) use care::carry;
pub use join::new_link;
pub use setup::{Setup, new_secrets};

use axum::Router;
use axum::extract::{FromRequestParts as _, Request};
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::{get, post};
use http::header::ACCEPT;

use crate::problem::Shown;
use visit::Visit;

/// The pages.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/", get(home::page))
        .route("/developers", get(crate::page::page))
        .route("/language", post(visit::choose_language))
        .route("/demo", get(demo::page))
        .route("/demo/own", get(demo::own))
        .route("/demo/{handle}", post(demo::look_around))
        .route("/sign-in", get(sign_in::page).post(sign_in::with_password))
        .route("/sign-in/code", post(sign_in::with_code))
        .route("/sign-in/recovery", get(sign_in::recovery_page).post(sign_in::with_recovery_code))
        .route("/sign-in/passkey/options", post(passkeys::sign_in_options))
        .route("/sign-in/passkey", post(passkeys::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/prove", get(prove::page).post(prove::with_password))
        .route("/prove/passkey/options", post(passkeys::prove_options))
        .route("/prove/passkey", post(passkeys::prove))
        .route("/join/{secret}", get(join::page).post(join::join))
        .route("/setup/{secret}", get(setup::page).post(setup::begin))
        .route("/me", get(me::page))
        .route("/me/name", post(me::rename))
        .route("/me/sessions/end", post(me::end_session))
        .route("/me/sessions/end-all", post(me::end_other_sessions))
        .route("/me/profile", get(profile::page).post(profile::save))
        .route("/me/profile/picture", post(profile::send_picture))
        .route("/me/profile/picture/remove", post(profile::remove_picture))
        .route("/me/privacy", get(privacy::page))
        .route("/rules", get(rules::page))
        .route("/rules/accept", post(rules::accept))
        .route("/stewards/rules", get(rules::write).post(rules::publish))
        .route("/stewards/rules/draft", post(rules::draft))
        .route("/stewards/start", get(start::page).post(start::begin))
        .route("/stewards/hand-over", get(hand_over::page).post(hand_over::save))
        .route("/stewards/devices", get(devices::page).post(devices::create))
        .route("/stewards/devices/revoke", post(devices::revoke))
        .route("/stewards/move-in", get(move_in::page).post(move_in::read))
        .route("/stewards/move-in/people.csv", get(move_out::file))
        .route("/stewards/move-in/{id}", get(moved::one))
        .route("/stewards/move-in/{id}/undo", post(moved::undo))
        .route("/stewards/move-in/{id}/invitations", post(moved::print))
        .route("/groups", get(groups::page).post(groups::set))
        .route("/groups/{name}", get(groups::one))
        .route("/groups/{name}/join", post(groups::join))
        .route("/groups/{name}/leave", post(groups::leave))
        .route("/me/leave", get(leave::page).post(leave::leave))
        .route("/me/erase", post(leave::erase))
        .route("/me/export", get(export::page))
        .route("/me/export.json", get(export::file))
        .route("/me/tokens", get(tokens::page).post(tokens::create))
        .route("/me/tokens/revoke", post(tokens::revoke))
        .route("/me/secure", get(secure::page))
        .route("/me/secure/password", get(secure::password_page).post(secure::set_password))
        .route("/me/secure/app", get(secure::app_page).post(secure::finish_app))
        .route("/me/secure/codes", get(secure::codes_page).post(secure::new_codes))
        .route("/me/secure/passkey/options", post(passkeys::new_options))
        .route("/me/secure/passkey", post(passkeys::add))
        .route("/me/secure/passkey/remove", post(secure::remove_passkey))
        .route("/log", get(log::page))
        .route("/members", get(members::page).post(members::add))
        .route("/members/{handle}", get(members::one))
        .route("/members/{handle}/picture", get(profile::picture))
        .route("/members/{handle}/mandates", post(mandates::give))
        .route("/members/{handle}/mandates/end", post(mandates::end))
        .route("/members/{handle}/born", post(wards::set_born))
        .route("/members/{handle}/invite", post(invitations::for_person))
        .route("/members/{handle}/groups", post(members::groups))
        .route("/members/{handle}/recover", post(recoveries::begin))
        .route("/recoveries", get(recoveries::page))
        .route("/recoveries/confirm", post(recoveries::confirm))
        .route("/recoveries/cancel", post(recoveries::cancel))
        .route("/recoveries/finish", post(recoveries::finish))
        .route("/stewards/invitations", get(invitations::page).post(invitations::create))
        .route("/stewards/invitations/revoke", post(invitations::revoke))
        .merge(plugin::router())
        .merge(care::router())
        .merge(moderation::router())
        .route("/me/come-along", post(name::come_along))
        .route(phone::PLACE, get(phone::page))
        .route("/phone/pin", post(phone::set_pin))
        .route("/phone/lay-aside", post(phone::lay_aside))
        .route("/phone/take-up", post(phone::take_up))
        .route("/phone/forget", post(phone::forget))
        .route(trust::PLACE, get(trust::page))
        .route("/trust/authority.crt", get(trust::file))
        .route("/stewards/name", get(name::page).post(name::order))
        .route("/stewards/name/go-on", post(name::go_on))
        .route("/stewards/plugins", get(plugins::page))
        .route("/stewards/plugins/stage", post(plugins::stage))
        .route("/stewards/plugins/plan/{component}", get(plugins::plan))
        .route("/stewards/plugins/activate", post(plugins::activate))
        .route("/stewards/plugins/{name}", get(plugins::one))
        .route("/stewards/plugins/{name}/status", post(plugins::set_status))
        .route("/stewards/plugins/{name}/grant", post(plugins::grant))
        .route("/stewards/plugins/{name}/roll-back", post(plugins::roll_back))
        .route("/stewards/plugins/{name}/confirm", post(plugins::confirm))
        .route("/assets/{name}", get(assets::asset))
        .route("/manifest.webmanifest", get(assets::manifest))
        .layer(axum::middleware::from_fn(held::hold))
}

/// A refusal as a page, where a browser asked for one.
pub(crate) async fn problems_as_pages(request: Request, next: Next) -> Response {
    let wants_page = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok());
    let wants_page = wants_page.is_some_and(|accept| accept.contains("text/html"));
    if !wants_page || request.uri().path().starts_with("/api/") {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let mut again = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    let Some(shown) = response.extensions().get::<Shown>().cloned() else { return response };
    match Visit::from_request_parts(&mut again, &()).await {
        Ok(visit) => shell::problem(&visit, &shown),
        Err(_) => response,
    }
}
