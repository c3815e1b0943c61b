//! Who looks at a page or posts a form, and in which language.
//!
//! A cookie names the session (`__Host-`, HttpOnly, Secure, SameSite=Lax). Whether a post is hers is `guard`'s. If it
//! is wrong, somebody is taken for another.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use hamlet_bundle::Manifest;
use hamlet_identity::{Browser, SignInError, Site};
use hamlet_kernel::{Actor, Call, settings};
use http::header::{ACCEPT_LANGUAGE, COOKIE, HOST, LOCATION, SET_COOKIE, USER_AGENT};
use http::{HeaderMap, HeaderValue, StatusCode};
use wasmtime::component::Val;

use super::ask::ask;
use super::fields::Fields;
use super::guard::{CSRF, check_origin, check_token, csrf, read};
use super::words::Say;
use crate::front::Here;
use crate::problem::Problem;

/// The cookie of a session. The prefix lets no other host, no plain connection and no other path set it.
const SESSION: &str = "__Host-hamlet";
/// The cookie of a browser in which somebody was signed in before (see `hamlet_identity::Identity::mark`).
const MARK: &str = "__Host-hamlet-known";
/// The cookie of the sessions that rest on a phone that several people use (see `phone`).
const RESTING: &str = "__Host-hamlet-resting";
/// The cookie of a language that was chosen.
const LANGUAGE: &str = "hamlet-language";
/// How long cookies are kept, in seconds: as long as a session lives.
const COOKIE_SECONDS: u64 = hamlet_identity::ABSOLUTE.as_secs();
/// How long a browser's mark is kept, in seconds: 400 days, longer than which browsers keep none.
const MARK_SECONDS: u64 = 400 * 86_400;
/// A plugin that has pages.
#[derive(Debug, Clone)]
pub(crate) struct PluginPages {
    pub path: String,
    pub title: String,
}

/// Somebody looks at a page.
#[derive(Clone)]
pub(crate) struct Visit {
    pub here: Here,
    /// Who is signed in.
    pub browser: Option<Arc<Browser>>,
    pub say: Say,
    pub community: settings::Community,
    /// The path and query that were asked for.
    pub path: String,
    pub headers: HeaderMap,
    /// Why she does what she posts, in her own words, for the steward log.
    pub reason: Option<Arc<str>>,
}

/// Somebody who is signed in looks at a page; anybody else is sent to sign in first.
pub(crate) struct Member {
    pub visit: Visit,
    pub browser: Arc<Browser>,
}

/// A form that was posted from a page of this origin.
pub(crate) struct Posted<V> {
    pub visit: V,
    pub fields: Fields,
}

impl Visit {
    async fn of(parts: &mut Parts) -> Result<Self, Response> {
        let Extension(here) = Extension::<Here>::from_request_parts(parts, &())
            .await
            .map_err(axum::response::IntoResponse::into_response)?;
        let state = &here.state;
        let cookie = cookie(&parts.headers, SESSION);
        let browser = match cookie {
            Some(cookie) => {
                let found = state.identity.browser(&state.kernel, cookie).await;
                found.map_err(|error| failed(&error).into_response())?
            }
            None => None,
        };
        let community = state.kernel.read(|snapshot| settings::community(snapshot)).unwrap_or_default();
        let accepted = parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let say = state.words.say(self::cookie(&parts.headers, LANGUAGE), accepted, &community.language);
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { browser, say, community, path, headers: parts.headers.clone(), reason: None, here })
    }

    /// Her browser as it is now; none: its session has ended, or cannot be looked up.
    pub async fn still_signed_in(&self) -> Option<Arc<Browser>> {
        let state = &self.here.state;
        let found = state.identity.browser(&state.kernel, cookie(&self.headers, SESSION)?).await;
        found.ok().flatten()
    }

    /// As whom she calls.
    pub fn actor(&self) -> Actor {
        self.browser.as_ref().map_or(Actor::Anyone, |browser| browser.actor())
    }

    /// A call of hers, under this request's id.
    pub fn call(&self, plugin: &str, interface: &str, function: &str, arguments: Vec<Val>) -> Call {
        let mut call = Call::new(self.actor(), plugin, interface, function, arguments);
        call.request_id = Arc::clone(&self.here.request_id);
        call
    }

    /// A new id, a UUIDv7 of the community's own time, which a test or a wrong clock may have set.
    pub fn new_id(&self) -> hamlet_reflect::Id {
        let micros = self.here.state.kernel.now();
        let nanos = u32::try_from(micros % 1_000_000 * 1_000).unwrap_or_default();
        let time = uuid::Timestamp::from_unix(uuid::NoContext, micros / 1_000_000, nanos);
        hamlet_reflect::Id(uuid::Uuid::new_v7(time).as_u128())
    }

    /// What the forms of her pages carry; empty for who is not signed in.
    pub fn csrf(&self) -> String {
        self.browser.as_ref().map_or_else(String::new, |browser| csrf(&browser.hash))
    }

    /// Where her browser believes to be; what WebAuthn binds passkeys to.
    pub fn site(&self) -> Site {
        let host = self.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|digit| digit.is_ascii_digit()));
        let name = name.map_or(host, |(name, _)| name).to_ascii_lowercase();
        let scheme = if self.is_secure() { "https" } else { "http" };
        Site { origin: format!("{scheme}://{}", host.to_ascii_lowercase()), name }
    }

    /// Whether she comes over HTTPS, to this host or to a proxy that is believed.
    pub fn is_secure(&self) -> bool {
        self.here.secure
    }

    /// Her browser, as she knows it, for the list of her sessions.
    pub fn label(&self) -> String {
        let agent = self.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        label(agent)
    }

    /// The mark of her browser.
    pub fn mark(&self) -> Option<&str> {
        cookie(&self.headers, MARK)
    }

    /// The text of her session's cookie.
    pub fn session_cookie(&self) -> Option<&str> {
        cookie(&self.headers, SESSION)
    }

    /// The cookies of the sessions that rest in this browser.
    pub fn resting(&self) -> Vec<&str> {
        let kept = cookie(&self.headers, RESTING).unwrap_or_default();
        kept.split('.').filter(|secret| !secret.is_empty()).collect()
    }

    /// A cookie that she sent.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        cookie(&self.headers, name)
    }

    /// The plugins that have pages, by name.
    pub fn plugins_with_pages(&self) -> Vec<PluginPages> {
        let catalogue = self.here.state.kernel.catalogue();
        let with_pages = catalogue.plugins.values().filter(|plugin| {
            plugin.active && plugin.interfaces.iter().any(|interface| interface.id == super::plugin::PAGES)
        });
        with_pages
            .map(|plugin| PluginPages {
                path: format!("/p/{}/", plugin.name),
                title: self.title_of(plugin).to_owned(),
            })
            .collect()
    }

    /// What the plugin of this name is called in her language; its name where there is none such.
    pub fn plugin_title(&self, name: &str) -> String {
        let catalogue = self.here.state.kernel.catalogue();
        catalogue.plugins.get(name).map_or(name, |info| self.title_of(info)).to_owned()
    }

    /// What a plugin is called in her language.
    pub fn title_of<'a>(&self, plugin: &'a hamlet_kernel::catalogue::PluginInfo) -> &'a str {
        plugin.manifest.as_ref().map_or(&plugin.title, |manifest| self.in_words(manifest))
    }

    /// What a plugin that is not installed yet is called in her language.
    pub fn in_words<'a>(&self, manifest: &'a Manifest) -> &'a str {
        manifest.title_in(&self.say.tag())
    }

    /// The calendar day of a time in the community's zone, as ISO 8601 has it: the same in all languages.
    pub fn day(&self, micros: u64) -> String {
        let zone = jiff::tz::TimeZone::get(&self.community.zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let time =
            i64::try_from(micros).ok().and_then(|micros| jiff::Timestamp::from_microsecond(micros).ok());
        time.map_or_else(String::new, |time| zone.to_datetime(time).date().to_string())
    }

    /// The day and the minute of a time in the community's zone.
    pub fn moment(&self, micros: u64) -> String {
        let zone = jiff::tz::TimeZone::get(&self.community.zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let time =
            i64::try_from(micros).ok().and_then(|micros| jiff::Timestamp::from_microsecond(micros).ok());
        time.map_or_else(String::new, |time| {
            let time = zone.to_datetime(time);
            format!("{} {:02}:{:02}", time.date(), time.hour(), time.minute())
        })
    }

    /// Signs somebody in: begins her session and sends her on.
    pub async fn signed_in(&self, person: hamlet_reflect::Id, to: &str) -> Result<Response, SignInError> {
        let state = &self.here.state;
        // Whoever proves again that it is she gets a new cookie for the same session; somebody else's ends here, for
        // its cookie is overwritten and nobody could end it in this browser any more.
        let (replaces, other) = match &self.browser {
            Some(browser) if browser.person == person => (Some(browser.hash), None),
            browser => (None, browser.as_ref()),
        };
        if let Some(other) = other {
            let order = serde_json::json!({ "session": other.session.to_string() });
            ask(self, "sessions", "end", order)
                .await
                .map_err(|refused| SignInError::Refused(refused.case))?;
        }
        let label = self.label();
        let browser = (label.as_str(), self.mark());
        let session = state.identity.begin_session_in(&state.kernel, person, browser, replaces).await?;
        super::wards::review(self, person).await;
        let mark = state.identity.mark(&state.kernel, person, self.mark())?;
        let mut response = redirect(to);
        set_cookie(&mut response, SESSION, session.reveal(), COOKIE_SECONDS);
        set_cookie(&mut response, MARK, &mark, MARK_SECONDS);
        Ok(response)
    }
}

/// Makes another session of this browser the one that is used, and others those that rest.
pub(crate) fn change_sessions(response: &mut Response, used: Option<&str>, resting: &[&str]) {
    match used {
        Some(secret) => set_cookie(response, SESSION, secret, COOKIE_SECONDS),
        None => forget_session(response),
    }
    let seconds = if resting.is_empty() { 0 } else { COOKIE_SECONDS };
    set_cookie(response, RESTING, &resting.join("."), seconds);
    // What the browser kept of one person's pages is not the next one's.
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\""));
}

/// Takes the cookie of the session away.
pub(crate) fn forget_session(response: &mut Response) {
    add_cookie(response, &format!("{SESSION}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"));
}

fn set_cookie(response: &mut Response, name: &str, value: &str, seconds: u64) {
    add_cookie(
        response,
        &format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}"),
    );
}

fn add_cookie(response: &mut Response, cookie: &str) {
    // Cookies are made of hex digits and our own words.
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}

/// See other: what was posted is done, or is to be looked at elsewhere. Only inside this origin.
pub(crate) fn redirect(to: &str) -> Response {
    let to = HeaderValue::from_str(inside(to)).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response()
}

/// A path of this origin as it is, anything else as the home page: `//evil.example` and `/\evil.example` are others.
pub(crate) fn inside(path: &str) -> &str {
    let bytes = path.as_bytes();
    let leaves = matches!(bytes.get(1), Some(b'/' | b'\\'));
    let plain = bytes.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'\\');
    if bytes.first() == Some(&b'/') && !leaves && plain { path } else { "/" }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// What a host says of itself when a ceremony fails for its own reasons.
pub(crate) fn failed(error: &SignInError) -> Problem {
    tracing::error!(%error, "a page could not be made");
    let detail = "The host failed. Its log says more.";
    Problem::host(StatusCode::INTERNAL_SERVER_ERROR, "host", "The host failed", detail)
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        Self::of(parts).await
    }
}

impl<S: Sync> FromRequestParts<S> for Member {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let visit = Visit::of(parts).await?;
        match visit.browser.clone() {
            Some(browser) => Ok(Self { visit, browser }),
            None => Err(redirect(&format!("/sign-in?to={}", escaped(&visit.path)))),
        }
    }
}

/// A path as the value of a query.
pub(crate) fn escaped(path: &str) -> String {
    form_urlencoded::byte_serialize(path.as_bytes()).collect()
}

impl AsRef<Visit> for Visit {
    fn as_ref(&self) -> &Visit {
        self
    }
}

impl AsMut<Visit> for Visit {
    fn as_mut(&mut self) -> &mut Visit {
        self
    }
}

impl AsMut<Visit> for Member {
    fn as_mut(&mut self) -> &mut Visit {
        &mut self.visit
    }
}

impl AsRef<Visit> for Member {
    fn as_ref(&self) -> &Visit {
        &self.visit
    }
}

impl<V: FromRequestParts<(), Rejection = Response> + AsRef<Visit> + AsMut<Visit> + Send + Sync> FromRequest<()>
    for Posted<V>
{
    type Rejection = Response;
    async fn from_request(request: Request, (): &()) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        check_origin(&parts.headers).map_err(axum::response::IntoResponse::into_response)?;
        let mut visit = V::from_request_parts(&mut parts, &()).await?;
        let body = read(body).await.map_err(axum::response::IntoResponse::into_response)?;
        let fields = Fields::parse(&body).map_err(axum::response::IntoResponse::into_response)?;
        check_token(visit.as_ref(), fields.exact(CSRF))
            .map_err(axum::response::IntoResponse::into_response)?;
        visit.as_mut().reason =
            Some(fields.text("reason")).filter(|reason| !reason.is_empty()).map(Arc::from);
        Ok(Self { visit, fields })
    }
}

/// Keeps the language that somebody chose.
pub(crate) async fn choose_language(Posted { visit, fields }: Posted<Visit>) -> Response {
    let mut response = redirect(fields.text("to"));
    let tag = fields.text("language");
    if visit.here.state.words.has(tag) {
        let secure = if visit.is_secure() { "; Secure" } else { "" };
        add_cookie(
            &mut response,
            &format!("{LANGUAGE}={tag}; Path=/; SameSite=Lax{secure}; Max-Age=31536000"),
        );
    }
    response
}

/// A browser and what it runs on, from its own word for itself.
fn label(agent: &str) -> String {
    let find = |known: &[(&str, &'static str)]| {
        known.iter().find(|(part, _)| agent.contains(part)).map(|(_, name)| *name)
    };
    let browser = find(&[
        ("Firefox", "Firefox"),
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Chrom", "Chrome"),
        ("Safari", "Safari"),
    ]);
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} · {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "—".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::guard::tests::headers;
    use super::*;

    #[test]
    fn a_way_on_stays_inside() {
        for path in ["/", "/me?x=1", "/p/shop/pay#a"] {
            assert_eq!(inside(path), path);
        }
        for path in
            ["", "https://evil.example", "//evil.example", "/\\evil.example", "/a b", "/a\nb", "javascript:x"]
        {
            assert_eq!(inside(path), "/", "{path}");
        }
    }

    #[test]
    fn a_browser_is_named_as_people_know_it() {
        let agent = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36";
        assert_eq!(label(agent), "Chrome · Android");
        assert_eq!(label("curl/8"), "—");
        assert_eq!(cookie(&headers(&[("cookie", "a=1; __Host-hamlet=x; b=2")]), SESSION), Some("x"));
    }
}
