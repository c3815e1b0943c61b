//! What every request goes through: a request id, the community by host name, headers of the
//! answer, counters, one line of the log.
//!
//! A request for a host name that nobody has is answered here; nothing behind this module ever
//! looks at the `Host` header again.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tracing::Instrument as _;

use crate::community::{Communities, State};
use crate::problem::Problem;
use crate::serve::OverTls;

/// A community's state, handed to handlers as an extension of the request.
#[derive(Clone)]
pub(crate) struct Here {
    pub state: Arc<State>,
    pub request_id: Arc<str>,
    /// Where the request comes from, behind trusted proxies.
    pub address: IpAddr,
    /// It comes from this very box, through no proxy.
    pub local: bool,
    /// It comes over HTTPS, to this host or to a trusted proxy.
    pub secure: bool,
}

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Headers that a proxy adds: with any of them, loopback is not the box itself.
const PROXY_HEADERS: [&str; 5] = ["x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded", "via"];

/// Longest request id that is taken over.
const REQUEST_ID_LENGTH_MAX: usize = 64;

/// Nothing but our own style sheet, and no frame around us.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

pub(crate) async fn front(
    Shared(communities): Shared<Arc<Communities>>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let request_id = request_id(request.headers());
    let state = match community(&communities, &request) {
        Ok(state) => Arc::clone(state),
        Err(problem) => return finish(problem.into_response(), &request_id),
    };
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ip| ip.to_canonical());
    let through_proxy = PROXY_HEADERS.iter().any(|name| request.headers().contains_key(*name));
    let here = Here {
        address: client(peer, request.headers(), &state.config.trusted_proxies),
        local: peer.is_loopback() && !through_proxy,
        secure: secure(&request, peer, &state.config.trusted_proxies),
        request_id: Arc::clone(&request_id),
        state: Arc::clone(&state),
    };
    // The path only: a query string may hold what is personal.
    let span = tracing::info_span!(
        "request",
        id = %request_id,
        community = %state.name,
        method = %request.method(),
        path = request.uri().path(),
    );
    request.extensions_mut().insert(here);
    let response = next.run(request).instrument(span.clone()).await;
    let took = started.elapsed();
    state.counters.observe(response.status(), took);
    if response.status().is_server_error() {
        tracing::warn!(parent: &span, status = response.status().as_u16(), ?took, "answered");
    } else {
        tracing::debug!(parent: &span, status = response.status().as_u16(), ?took, "answered");
    }
    finish(response, &request_id)
}

pub(crate) async fn not_found() -> Problem {
    Problem::host(
        StatusCode::NOT_FOUND,
        "not-found",
        "Nothing is here",
        "Nothing is here. `/` shows what there is.",
    )
}

pub(crate) async fn method_not_allowed() -> Problem {
    Problem::host(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "Another method",
        "This is not answered to this method.",
    )
}

fn finish(mut response: Response, request_id: &str) -> Response {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(X_REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(POLICY);
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The community that the request names. The authority of an absolute URL and the `Host` header
/// must agree, or two programs on the way would see two communities.
fn community<'a>(communities: &'a Communities, request: &Request) -> Result<&'a Arc<State>, Problem> {
    let mut named = request.headers().get_all(HOST).iter();
    let header = named.next().and_then(|host| host.to_str().ok());
    let url = request.uri().authority().map(http::uri::Authority::as_str);
    let host = match (url, header) {
        _ if named.next().is_some() => None,
        (Some(url), Some(header)) if !url.eq_ignore_ascii_case(header) => None,
        (url, header) => url.or(header),
    };
    let Some(host) = host else {
        let detail = "A request names one host, in one `Host` header.";
        return Err(Problem::bad_request("host-invalid", detail));
    };
    communities.find(host).ok_or_else(|| {
        Problem::host(
            StatusCode::MISDIRECTED_REQUEST,
            "unknown-host",
            "No such community",
            "No community is reached by this host name here.",
        )
    })
}

/// Whether the client's connection is encrypted: our own listener says so, or a trusted proxy.
fn secure(request: &Request, peer: IpAddr, trusted: &[IpAddr]) -> bool {
    if request.extensions().get::<OverTls>().is_some() {
        return true;
    }
    let proto = request.headers().get("x-forwarded-proto").and_then(|proto| proto.to_str().ok());
    trusted.contains(&peer) && proto == Some("https")
}

/// The client's own request id, or a new one.
fn request_id(headers: &HeaderMap) -> Arc<str> {
    static START: LazyLock<u32> = LazyLock::new(|| {
        let mut start = [0; 4];
        // Only to tell runs of the host apart in a log; zero does no harm.
        let _ = getrandom::fill(&mut start);
        u32::from_be_bytes(start)
    });
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let given = headers.get(X_REQUEST_ID).and_then(|id| id.to_str().ok()).filter(|id| {
        (1..=REQUEST_ID_LENGTH_MAX).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    });
    match given {
        Some(id) => id.into(),
        None => format!("{:08x}-{:x}", *START, NEXT.fetch_add(1, Ordering::Relaxed)).into(),
    }
}

/// Whose address counts: the peer's, or behind a trusted proxy the last one that it did not vouch
/// for. Of IPv6 the first 64 bits, which is what one household has.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let mut address = peer;
    if trusted.contains(&peer) {
        let hops = headers.get_all(X_FORWARDED_FOR).iter().filter_map(|hops| hops.to_str().ok());
        let hops: Vec<&str> = hops.flat_map(|hops| hops.split(',')).map(str::trim).collect();
        for hop in hops.into_iter().rev() {
            let Ok(hop) = hop.parse::<IpAddr>() else { break };
            address = hop.to_canonical();
            if !trusted.contains(&address) {
                break;
            }
        }
    }
    match address {
        IpAddr::V6(address) => {
            let network = u128::from(address) & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from(network))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))])
    }

    #[test]
    fn an_address_is_taken_from_a_header_when_the_proxy_is_trusted() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let proxy = [ip("10.0.0.1"), ip("10.0.0.2")];
        let rows = [
            ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
            ("10.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
            ("10.0.0.1", "203.0.113.7, 10.0.0.2", "203.0.113.7"),
            ("10.0.0.1", "nonsense", "10.0.0.1"),
            ("192.0.2.9", "203.0.113.7", "192.0.2.9"),
        ];
        for (peer, header, expected) in rows {
            let got = client(ip(peer), &headers("x-forwarded-for", header), &proxy);
            assert_eq!(got, ip(expected), "{peer} {header}");
        }
        let six = client(ip("2001:db8:1:2:3:4:5:6"), &HeaderMap::new(), &[]);
        assert_eq!(six, ip("2001:db8:1:2::"));
    }

    #[test]
    fn a_request_id_is_kept_when_it_is_plain() {
        assert_eq!(&*request_id(&headers("x-request-id", "abc-1_2.3")), "abc-1_2.3");
        for bad in
            ["", "a b", "<script>", "0123456789012345678901234567890123456789012345678901234567890123456789"]
        {
            assert_ne!(&*request_id(&headers("x-request-id", bad)), bad);
        }
        assert_ne!(request_id(&HeaderMap::new()), request_id(&HeaderMap::new()));
    }
}
