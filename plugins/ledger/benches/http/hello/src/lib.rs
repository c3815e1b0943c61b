//! Answers every request with two words.

wit_bindgen::generate!({
    inline: "package hamlet:peer; world hello { export wasi:http/incoming-handler@0.2.12; }",
    path: ["../../../../../wit/host/deps/io.wit", "../../../../../wit/host/deps/clocks.wit", "../../../../../wit/host/deps/random.wit", "../../../../../wit/host/deps/filesystem.wit", "../../../../../wit/host/deps/sockets.wit", "../../../../../wit/host/deps/cli.wit", "../../../../../wit/host/deps/http.wit"],
    generate_all,
});

use exports::wasi::http::incoming_handler::Guest;
use wasi::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

struct Hello;

impl Guest for Hello {
    fn handle(_request: IncomingRequest, answer: ResponseOutparam) {
        let response = OutgoingResponse::new(Fields::new());
        let body = response.body().expect("a new response has its body");
        ResponseOutparam::set(answer, Ok(response));
        let stream = body.write().expect("a new body has its stream");
        stream.blocking_write_and_flush(b"hello, world").expect("the client listens");
        drop(stream);
        OutgoingBody::finish(body, None).expect("all is written");
    }
}

export!(Hello);
