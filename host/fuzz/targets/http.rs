//! The HTTP surface: any method, path, headers and body, by a steward, a stranger and nobody. An answer may be anything
//! but a failure of the host.
#![no_main]

use std::sync::{LazyLock, Mutex};

use axum::body::Body;
use hamlet_gateway::{Community, Config, Gateway};
use hamlet_identity::{Founding, Identity, Secret, found};
use hamlet_kernel::{Kernel, KernelConfig};
use http::{Method, Request};
use libfuzzer_sys::fuzz_target;
use tower::ServiceExt as _;

struct Town {
    router: axum::Router,
    token: String,
    runtime: tokio::runtime::Runtime,
}

static TOWN: LazyLock<Mutex<Town>> = LazyLock::new(|| {
    let mut config = KernelConfig::in_memory();
    let identity = Identity::new();
    identity.register(&mut config);
    let kernel = Kernel::open(config).expect("a kernel");
    let secret = Secret::new().expect("randomness");
    let founding = Founding {
        commons_handle: "commons".into(),
        commons_name: "All of us".into(),
        handle: "sol".into(),
        name: "Sol".into(),
        token: Some((secret.hash(), "first".into())),
    };
    found(&kernel, &founding).expect("founded");
    let community = Community::new("fuzz", "fuzz.test", kernel, identity);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("threads");
    let guard = runtime.enter();
    let router = Gateway::router(vec![community], Config { token_rate: None, address_rate: None, ..Config::default() });
    drop(guard);
    Mutex::new(Town { router, token: secret.reveal().to_owned(), runtime })
});

const METHODS: [&str; 8] = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "QUERY"];

// Lines: method and path; headers; then, behind an empty line, the body.
fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else { return };
    let split = rest.windows(2).position(|pair| pair == b"\n\n").unwrap_or(rest.len());
    let (head, body) = rest.split_at(split);
    let Ok(head) = std::str::from_utf8(head) else { return };
    let mut lines = head.lines();
    let path = lines.next().unwrap_or("/");
    let method = Method::from_bytes(METHODS[usize::from(*kind) % 8].as_bytes()).expect("a method");
    let mut request = Request::builder().method(method).uri(path).header("host", "fuzz.test");
    let town = TOWN.lock().expect("whole");
    if kind & 0x10 == 0 {
        request = request.header("authorization", format!("Bearer {}", town.token));
    }
    for line in lines {
        if let Some((name, value)) = line.split_once(": ") {
            request = request.header(name, value);
        }
    }
    let body = body.strip_prefix(b"\n\n").unwrap_or(body).to_vec();
    let Ok(request) = request.body(Body::from(body)) else { return };
    // An event stream has no end: it is not read.
    let answer = town.runtime.block_on(town.router.clone().oneshot(request)).expect("infallible");
    let status = answer.status().as_u16();
    assert!(status < 500 || status == 503 || status == 501, "{status} for {path:?}");
});
