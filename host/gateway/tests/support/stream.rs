//! Listening to `/api/events`, as a browser would, or as one that does not read.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde_json::Value;

use super::{Request, Server};

/// How long an event may take to come. Generous: only a test that fails waits for it.
const WAIT: Duration = Duration::from_secs(20);

/// A server-sent event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: Option<String>,
    pub name: String,
    pub data: String,
}

impl Event {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The number that it tells of.
    pub fn number(&self) -> String {
        self.json()["arguments"]["number"].as_str().unwrap().to_owned()
    }
}

/// An open stream that nobody reads yet.
pub struct Unread(BufReader<TcpStream>);

/// A stream that is read.
pub struct Listener(Receiver<Event>);

/// What the system keeps for a client that does not read, in bytes: as set, so that it does not grow.
const KEPT_BYTES: u32 = 256 * 1024;

/// Opens a stream; its head has been read.
pub fn open(server: &Server, request: &Request<'_>) -> Unread {
    let bytes = String::from_utf8(request.bytes()).unwrap().replace("Connection: close\r\n", "");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let mut socket = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(KEPT_BYTES).unwrap();
        socket.connect(server.address).await.unwrap().into_std().unwrap()
    });
    socket.set_nonblocking(false).unwrap();
    socket.write_all(bytes.as_bytes()).unwrap();
    let mut stream = BufReader::new(socket);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(stream.read_line(&mut head).unwrap(), 0, "{head}");
    }
    assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("text/event-stream"), "{head}");
    Unread(stream)
}

impl Unread {
    pub fn read(mut self) -> Listener {
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            let mut text = String::new();
            while let Some(chunk) = chunk(&mut self.0) {
                text.push_str(&chunk);
                while let Some((one, rest)) = text.split_once("\n\n") {
                    let event = event(one);
                    text = rest.to_owned();
                    if event.is_some_and(|event| sender.send(event).is_err()) {
                        return;
                    }
                }
            }
        });
        Listener(receiver)
    }
}

/// The next piece of a chunked body; none at its end.
fn chunk(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut size = String::new();
    stream.read_line(&mut size).ok()?;
    let size = usize::from_str_radix(size.trim(), 16).ok().filter(|size| *size > 0)?;
    let mut piece = vec![0; size + 2];
    stream.read_exact(&mut piece).ok()?;
    piece.truncate(size);
    String::from_utf8(piece).ok()
}

/// An event; none if it is only a comment.
fn event(text: &str) -> Option<Event> {
    let field = |name: &str| {
        let value = |line: &str| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim_start().to_owned());
        text.lines().find_map(value)
    };
    Some(Event { id: field("id"), name: field("event")?, data: field("data")? })
}

impl Listener {
    /// The next event.
    pub fn next(&self) -> Event {
        self.0.recv_timeout(WAIT).expect("an event")
    }

    /// The stream has ended and had nothing more.
    pub fn assert_ended(&self) {
        assert_eq!(self.0.recv_timeout(WAIT), Err(RecvTimeoutError::Disconnected));
    }
}
