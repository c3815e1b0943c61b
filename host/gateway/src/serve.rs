//! The listener: connections, their limits, and an orderly end. Not routing (`router`).
//!
//! axum's own `serve` sets no limit on headers or on how long a client may take to send them, so
//! a few thousand silent connections would be enough to keep members out. HTTP/1.1 only: newer
//! versions end at a proxy in front.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::extract::Request;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::{TlsAcceptor, rustls};
use tower::ServiceExt as _;

/// Said of a request that came over TLS to this listener.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OverTls;

/// Limits of connections.
#[derive(Debug, Clone)]
pub struct ServeConfig {
    /// Connections at once; more wait in the kernel's backlog.
    pub connections_max: usize,
    /// How long a client may take to send a request's head, and may stay silent between requests.
    pub head_timeout: Duration,
    /// Largest request head in bytes; at least 8,192.
    pub head_bytes_max: usize,
    /// Most headers a request.
    pub headers_max: usize,
    /// How long open requests may still run after the end was asked for.
    pub drain: Duration,
    /// HTTPS with this; none: plain HTTP.
    pub tls: Option<Arc<rustls::ServerConfig>>,
}

impl Default for ServeConfig {
    fn default() -> Self {
        Self {
            connections_max: 4_096,
            head_timeout: Duration::from_secs(20),
            head_bytes_max: 32 * 1024,
            headers_max: 64,
            drain: Duration::from_secs(10),
            tls: None,
        }
    }
}

/// The wait after the system refused a connection (no more file descriptors, most often).
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// Serves `router` on `listener` until `shutdown` is done; then open requests end, new ones are
/// not taken.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    config: ServeConfig,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let slots = Arc::new(Semaphore::new(config.connections_max));
    let graceful = GracefulShutdown::new();
    let tls = config.tls.map(TlsAcceptor::from);
    let head_timeout = config.head_timeout;
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(config.head_timeout)
        .max_buf_size(config.head_bytes_max.max(8_192))
        .max_headers(config.headers_max);
    // Not `pipeline_flush`: with it, hyper's buffer of answers has no limit, and a client that asks
    // or listens and does not read what it is sent would fill this box's memory.
    tokio::pin!(shutdown);
    loop {
        let slot = tokio::select! {
            slot = Arc::clone(&slots).acquire_owned() => slot.map_err(io::Error::other)?,
            () = &mut shutdown => break,
        };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_RETRY).await;
                    continue;
                }
            },
            () = &mut shutdown => break,
        };
        // Small answers must not wait for more to send.
        let _ = stream.set_nodelay(true);
        let service = service(router.clone(), peer, tls.is_some());
        let (builder, watcher, tls) = (builder.clone(), graceful.watcher(), tls.clone());
        tokio::spawn(async move {
            let ended = match tls {
                None => watcher.watch(builder.serve_connection(TokioIo::new(stream), service)).await,
                Some(tls) => match tokio::time::timeout(head_timeout, tls.accept(stream)).await {
                    Ok(Ok(stream)) => {
                        watcher.watch(builder.serve_connection(TokioIo::new(stream), service)).await
                    }
                    Ok(Err(error)) => {
                        tracing::debug!(%error, "no encrypted connection came about");
                        Ok(())
                    }
                    Err(_) => Ok(()),
                },
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(slot);
        });
    }
    drop(listener);
    if tokio::time::timeout(config.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
    Ok(())
}

/// One connection's service: the router, told who is at the other end.
fn service(
    router: Router,
    peer: SocketAddr,
    encrypted: bool,
) -> impl hyper::service::Service<
    hyper::Request<hyper::body::Incoming>,
    Response = axum::response::Response,
    Error = std::convert::Infallible,
    Future: Send,
> {
    hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut request: Request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        if encrypted {
            request.extensions_mut().insert(OverTls);
        }
        router.clone().oneshot(request)
    })
}
