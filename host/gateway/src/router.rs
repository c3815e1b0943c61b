//! Which path is answered by what.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get, post};

use crate::community::{Communities, Community};
use crate::rates::Rate;
use crate::reach::Challenges;
use crate::{batch, blobs, call, events, front, health, openapi, page, proofs, reach, stage, web};

/// Limits of requests. Those of connections are in [`crate::ServeConfig`].
#[derive(Debug, Clone)]
pub struct Config {
    /// Largest body, in bytes.
    pub body_bytes_max: usize,
    /// Largest body with a token of scope `bulk`, in bytes.
    pub bulk_body_bytes_max: usize,
    /// How long a client may take to send a body.
    pub body_timeout: Duration,
    /// How often one token may call; none: no limit. A batch counts each of its calls.
    pub token_rate: Option<Rate>,
    /// How often one address may ask without a token, or with one that is not known; none: no
    /// limit. Of IPv6 the first 64 bits count.
    pub address_rate: Option<Rate>,
    /// Answers for an authority that asks whether a name is this box's; none: it is not asked.
    pub challenges: Option<Arc<Challenges>>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            body_bytes_max: 1 << 20,
            bulk_body_bytes_max: 8 << 20,
            body_timeout: Duration::from_secs(15),
            token_rate: Some(Rate { per_second: 1_000, burst: 5_000 }),
            address_rate: Some(Rate { per_second: 50, burst: 200 }),
            challenges: None,
            trusted_proxies: Vec::new(),
        }
    }
}

/// The gateway.
#[derive(Debug, Clone, Copy)]
pub struct Gateway;

impl Gateway {
    /// The router for these communities, each known by its host names. A name that two claim goes
    /// to the first.
    ///
    /// Serve it with [`crate::serve`], or with connection info of [`std::net::SocketAddr`]:
    /// without, every client counts as one address.
    pub fn router(communities: Vec<Community>, config: Config) -> Router {
        let challenges = config.challenges.clone().unwrap_or_default();
        let communities = Arc::new(Communities::new(communities, config));
        let router = Router::new()
            .merge(web::router())
            .route("/style.css", get(page::style))
            .route("/icon.svg", get(page::icon))
            .route("/healthz", get(health::healthz))
            .route("/metrics", get(health::metrics))
            .route("/api/openapi.json", get(openapi::openapi))
            .route("/api/events", get(events::events))
            .route("/api/batch", post(batch::batch))
            .route("/api/blobs", post(blobs::put))
            .route("/api/proofs/key", get(proofs::key))
            .route("/api/proofs/checkpoint", get(proofs::checkpoint))
            .route("/api/proofs/consistency", post(proofs::consistency))
            .route("/api/proofs/receipt", get(proofs::receipt))
            .route("/api/stage/{name}", post(stage::stage))
            .route("/api/{*function}", any(call::call))
            .fallback(front::not_found)
            .method_not_allowed_fallback(front::method_not_allowed)
            .layer(axum::middleware::from_fn(web::problems_as_pages))
            .layer(from_fn_with_state(communities, front::front));
        // Outside of the front: it is asked under a name that is nobody's yet.
        let challenge = get(reach::challenge).with_state(challenges);
        router.route("/.well-known/acme-challenge/{token}", challenge)
    }
}
