//! A gateway on a real listener with real kernels, and a client that can also misbehave.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    dead_code
)]

mod purse;
pub mod stream;

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hamlet_gateway::{Community, Config, Gateway, ServeConfig, serve};
use hamlet_identity::{Founded, Founding, Identity, Secret, found};
use hamlet_kernel::{Clock, Kernel, KernelConfig};
use hamlet_reflect::Id;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

#[allow(unused_imports)]
pub use purse::FIRST;

/// 2026-01-01T00:00:00Z in microseconds.
pub const NEW_YEAR: u64 = 1_767_225_600_000_000;

/// A clock that a test moves.
#[derive(Debug, Clone)]
pub struct TestClock(pub Arc<AtomicU64>);

impl TestClock {
    pub fn new() -> Self {
        Self(Arc::new(AtomicU64::new(NEW_YEAR)))
    }

    pub fn forward(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// One community of a test.
pub struct Town {
    pub host: String,
    pub kernel: Kernel,
    pub identity: Identity,
    pub founded: Founded,
    /// The first steward's token.
    pub steward: String,
    pub clock: TestClock,
    /// Where built plugins are handed over.
    pub incoming: Option<std::path::PathBuf>,
    /// Where plugins lie that stewards are offered.
    pub catalogue: Vec<std::path::PathBuf>,
}

impl Town {
    /// The cookie of a browser in which a person has just signed in.
    pub fn session(&self, person: Id, label: &str) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let begun = self.identity.begin_session(&self.kernel, person, label, None);
        format!("__Host-hamlet={}", runtime.block_on(begun).unwrap().reveal())
    }

    pub fn new(host: &str) -> Self {
        let clock = TestClock::new();
        let mut config = KernelConfig::in_memory();
        config.clock = Arc::new(clock.clone());
        Self::open(host, config, clock)
    }

    pub fn open(host: &str, mut config: KernelConfig, clock: TestClock) -> Self {
        let identity = Identity::new();
        identity.register(&mut config);
        config.natives.push(Arc::new(purse::Purse));
        let kernel = Kernel::open(config).unwrap();
        let secret = Secret::new().unwrap();
        let founding = Founding {
            commons_handle: "commons".into(),
            commons_name: "All of us".into(),
            handle: "sol".into(),
            name: "Sol".into(),
            token: Some((secret.hash(), "first".into())),
        };
        let founded = found(&kernel, &founding).unwrap();
        // A crash may fall anywhere: founding again goes on where it ended.
        let again = found(&kernel, &founding);
        assert!(again.unwrap_err().to_string().contains("hash-taken"));
        let steward = secret.reveal().to_owned();
        Self {
            host: host.into(),
            kernel,
            identity,
            founded,
            steward,
            clock,
            incoming: None,
            catalogue: Vec::new(),
        }
    }

    fn community(&self) -> Community {
        let name = self.host.split('.').next().unwrap();
        let community = Community::new(name, &self.host, self.kernel.clone(), self.identity.clone());
        let (incoming, catalogue) = (self.incoming.clone(), self.catalogue.clone());
        Community { incoming, catalogue, ..community }
    }
}

/// A running gateway.
pub struct Server {
    pub address: SocketAddr,
    _runtime: Runtime,
}

/// Limits that no ordinary test meets.
pub fn unlimited() -> Config {
    Config { token_rate: None, address_rate: None, ..Config::default() }
}

impl Server {
    pub fn start(towns: &[&Town], config: Config) -> Self {
        Self::start_with(towns, config, ServeConfig::default())
    }

    pub fn start_with(towns: &[&Town], config: Config, limits: ServeConfig) -> Self {
        Self::start_sending(towns, config, limits, None)
    }

    /// With this many bytes that the system keeps of what a client has not read yet.
    pub fn start_sending(
        towns: &[&Town],
        config: Config,
        limits: ServeConfig,
        kept_bytes: Option<u32>,
    ) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let communities = towns.iter().map(|town| town.community()).collect();
        let router = Gateway::router(communities, config);
        let listener = runtime.block_on(async {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            if let Some(bytes) = kept_bytes {
                // Connections have what their listener has.
                socket.set_send_buffer_size(bytes).unwrap();
            }
            socket.bind((std::net::Ipv4Addr::LOCALHOST, 0).into()).unwrap();
            socket.listen(1_024).unwrap()
        });
        let address = listener.local_addr().unwrap();
        runtime.spawn(serve(listener, router, limits, std::future::pending()));
        Self { address, _runtime: runtime }
    }

    /// Sends these bytes and reads one answer; none when the connection is closed without one.
    pub fn raw(&self, bytes: &[u8]) -> Option<Reply> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // The server may answer and close before it has read everything.
        let _ = stream.write_all(bytes);
        Reply::read(&mut stream)
    }

    pub fn send(&self, request: &Request<'_>) -> Reply {
        self.raw(&request.bytes()).expect("an answer")
    }
}

/// A request that is well made.
#[derive(Clone, Default)]
pub struct Request<'a> {
    pub method: &'a str,
    pub path: String,
    pub host: &'a str,
    pub token: Option<&'a str>,
    pub headers: Vec<(&'a str, String)>,
    pub body: Option<Vec<u8>>,
}

impl<'a> Request<'a> {
    pub fn get(host: &'a str, path: &str) -> Self {
        Self { method: "GET", path: path.into(), host, ..Self::default() }
    }

    pub fn post(host: &'a str, path: &str, body: &Value) -> Self {
        let body = Some(body.to_string().into_bytes());
        Self { method: "POST", path: path.into(), host, body, ..Self::default() }
    }

    /// A form as a browser posts it; from which site is not said yet.
    pub fn form(host: &'a str, path: &str, fields: &[(impl AsRef<str>, impl AsRef<str>)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields.iter().map(|(k, v)| (k, v)))
            .finish();
        Self { method: "POST", path: path.into(), host, body: Some(body.into_bytes()), ..Self::default() }
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Accept", "text/html")
    }

    pub fn token(mut self, token: &'a str) -> Self {
        self.token = Some(token);
        self
    }

    pub fn header(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut head =
            format!("{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.method, self.path, self.host);
        if let Some(token) = self.token {
            write!(head, "Authorization: Bearer {token}\r\n").unwrap();
        }
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        if let Some(body) = &self.body {
            if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                head.push_str("Content-Type: application/json\r\n");
            }
            write!(head, "Content-Length: {}\r\n", body.len()).unwrap();
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        bytes
    }
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    fn read(stream: &mut TcpStream) -> Option<Self> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 16 * 1024];
        let (head_end, length) = loop {
            let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
                let length =
                    head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                break (end, length.unwrap_or(0usize));
            }
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => return None,
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            }
        };
        while bytes.len() < head_end + 4 + length {
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => break,
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            }
        }
        let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        Some(Self { status, headers, body: bytes[head_end + 4..].to_vec() })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The problem's document, after a look at its form.
    pub fn problem(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let document = self.json();
        assert_eq!(document["status"], self.status, "{document}");
        for member in ["type", "title", "detail"] {
            assert!(document[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {document}");
        }
        document
    }

    /// The last part of the problem's type.
    pub fn case(&self) -> String {
        let document = self.problem();
        document["type"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
    }
}

/// Where a host function is called.
pub fn members(function: &str) -> String {
    format!("/api/host/members@0.1.0/{function}")
}

pub fn purses(function: &str) -> String {
    format!("/api/host/purses@0.1.0/{function}")
}

pub fn tokens(function: &str) -> String {
    format!("/api/host/tokens@0.1.0/{function}")
}

/// Adds a party and gives its id.
pub fn add(server: &Server, town: &Town, kind: &str, handle: &str) -> String {
    let body = json!({ "kind": kind, "handle": handle, "name": handle });
    let reply = server.send(&Request::post(&town.host, &members("add"), &body).token(&town.steward));
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json().as_str().unwrap().to_owned()
}

/// A person with a token of this scope, made by the steward: her id and the token.
pub fn person(server: &Server, town: &Town, handle: &str, scope: &Value) -> (String, String) {
    let id = add(server, town, "person", handle);
    let secret = Secret::new().unwrap();
    let order = order(Some(&id), &secret, scope, None);
    let reply = server.send(&Request::post(&town.host, &tokens("create"), &order).token(&town.steward));
    assert_eq!(reply.status, 200, "{reply:?}");
    (id, secret.reveal().to_owned())
}

pub fn order(owner: Option<&str>, secret: &Secret, scope: &Value, expires: Option<u64>) -> Value {
    json!({ "order": {
        "owner": owner, "hash": base64url(&secret.hash()), "label": "a tool", "scope": scope,
        "expires": expires.map(|time| time.to_string()),
    } })
}

pub fn whole() -> Value {
    json!({ "functions": [], "read-only": false, "bulk": false })
}

pub fn base64url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits =
            three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for index in 0..=three.len() {
            text.push(char::from(LETTERS[(bits >> (18 - 6 * index) & 63) as usize]));
        }
    }
    text
}
