//! `/api/events` with a real component that tells: who sees what, in which order, and who waits for whom.

use hamlet_gateway::ServeConfig;
use hamlet_reflect::Id;
use serde_json::json;

use crate::support::stream::{self, Unread};
use crate::support::{Request, Server, Town, add, members, person, unlimited, whole};
use crate::{HOST, activate, built, post};

const TOPIC: &str = "crier/news@0.1.0/cried";

/// A town with a crier, for Sol, Ana, Ben and the mill.
struct Square {
    town: Town,
    server: Server,
    ana: (String, String),
    ben: (String, String),
    mill: String,
}

impl Square {
    fn open() -> Self {
        let town = Town::new(HOST);
        // The system keeps little for who does not read, so that she is soon behind.
        let server = Server::start_sending(&[&town], unlimited(), ServeConfig::default(), Some(256 * 1024));
        let folder = tempfile::tempdir().unwrap();
        let package = built("host/gateway/tests/guests/crier", folder.path().join("crier")).package;
        let hash = town.kernel.stage(&package).unwrap();
        assert_eq!(activate(&server, &town, &hash).status, 200);
        let ana = person(&server, &town, "ana", &whole());
        let ben = person(&server, &town, "ben", &whole());
        let mill = add(&server, &town, "household", "mill");
        Self { town, server, ana, ben, mill }
    }

    /// For Sol and one more to hear.
    fn cry(&self, to: &str, numbers: &[u64]) {
        self.cry_at_length(to, numbers, "");
    }

    fn cry_at_length(&self, to: &str, numbers: &[u64], words: &str) {
        let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
        let body = json!({ "audience": [self.town.founded.steward.to_string(), to], "numbers": numbers, "words": words });
        let reply = post(&self.server, "/api/crier/crying@0.1.0/cry", &body, &self.town.steward);
        assert_eq!(reply.status, 200, "{reply:?}");
    }

    fn listen(&self, token: &str, query: &str, returning: Option<&str>) -> Unread {
        let mut request = Request::get(HOST, &format!("/api/events{query}")).token(token);
        if let Some(last) = returning {
            request = request.header("Last-Event-ID", last);
        }
        stream::open(&self.server, &request)
    }
}

#[test]
fn an_event_is_seen_by_its_audience_and_by_nobody_else() {
    let square = Square::open();
    let (sol, ana, ben) = (square.town.steward.as_str(), square.ana.1.as_str(), square.ben.1.as_str());
    let sols = square.listen(sol, "", None).read();
    let anas = square.listen(ana, "", None).read();
    let bens = square.listen(ben, &format!("?topic={TOPIC}"), None).read();
    let deaf = square.listen(ben, "?topic=crier/news@0.1.0/other", None).read();
    square.cry(&square.ana.0, &[100]);
    square.cry(&square.ben.0, &[200]);
    square.cry(&square.ana.0, &[300]);
    let seen = |listener: &stream::Listener, count: usize| {
        let events: Vec<_> = (0..count).map(|_| listener.next()).collect();
        for event in &events {
            assert_eq!(event.name, TOPIC);
            let told = event.json();
            assert_eq!((&told["emitter"], &told["function"]), (&json!("crier"), &json!("cried")));
        }
        let ids: Vec<_> = events.iter().map(|event| order(event.id.as_deref().unwrap())).collect();
        assert!(ids.windows(2).all(|two| two[0] < two[1]), "ids grow: {ids:?}");
        events.iter().map(stream::Event::number).collect::<Vec<_>>()
    };
    assert_eq!(seen(&sols, 3), ["100", "200", "300"], "in the order of telling");
    // Of two streams, neither has the event that it is not the audience of: the next one came instead.
    assert_eq!(seen(&anas, 2), ["100", "300"]);
    assert_eq!(seen(&bens, 1), ["200"]);

    // Whoever acts for a party sees what concerns it, until she no longer does.
    let mandate = json!({ "person": square.ben.0, "party": square.mill, "mandate": "representative" });
    assert_eq!(post(&square.server, &members("give-mandate"), &mandate, sol).status, 200);
    square.cry(&square.mill, &[400]);
    assert_eq!(seen(&bens, 1), ["400"]);
    let withdrawn = json!({ "person": square.ben.0, "party": square.mill });
    assert_eq!(post(&square.server, &members("withdraw-mandate"), &withdrawn, ben).status, 200);
    square.cry(&square.mill, &[500]);
    square.cry(&square.ben.0, &[600]);
    assert_eq!(seen(&bens, 1), ["600"], "at once");

    // A stream ends with the token that opened it, at the next event, and never shows that one.
    let gone = json!({ "party": square.ben.0 });
    assert_eq!(post(&square.server, &members("remove"), &gone, sol).status, 200);
    square.cry(&square.ana.0, &[700]);
    bens.assert_ended();
    // The stream of another topic had nothing to the end, which comes with the server's.
    drop(square.server);
    deaf.assert_ended();
}

fn order(id: &str) -> (u64, u64) {
    let (time, count) = id.split_once('-').unwrap();
    (time.parse().unwrap(), count.parse().unwrap())
}

#[test]
fn a_client_that_comes_back_is_told_of_a_gap_and_goes_on() {
    let square = Square::open();
    let ana = square.ana.1.as_str();
    let first = square.listen(ana, "", None).read();
    square.cry(&square.ana.0, &[100]);
    let last = first.next();
    drop(first);
    square.cry(&square.ana.0, &[200]);
    let again = square.listen(ana, "", last.id.as_deref()).read();
    let gap = again.next();
    assert_eq!((gap.name.as_str(), gap.data.as_str(), &gap.id), ("gap", "unknown", &None));
    square.cry(&square.ana.0, &[300]);
    let next = again.next();
    assert_eq!(next.number(), "300", "live only: what was missed is asked for with queries");
    assert!(order(next.id.as_deref().unwrap()) > (0, 0));
    let all = post(&square.server, "/api/crier/crying@0.1.0/all", &json!({}), ana).json();
    assert_eq!(all, json!(["100", "200", "300"]), "and the query has it");
}

#[test]
fn a_page_that_is_open_hears_that_something_of_its_plugin_concerns_her_and_nothing_of_what() {
    let square = Square::open();
    let ana: Id = square.ana.0.parse().unwrap();
    let cookie = square.town.session(ana, "her browser");
    let watch = |path: &str| Request::get(HOST, path).header("Cookie", &cookie);
    let heard = stream::open(&square.server, &watch("/p/crier/live")).read();
    square.cry(&square.ben.0, &[100]);
    square.cry(&square.ana.0, &[200, 300]);
    let changed = stream::Event { id: None, name: "changed".into(), data: "changed".into() };
    assert_eq!((heard.next(), heard.next()), (changed.clone(), changed), "of two, and of Ben's not");
    // Who is not signed in hears nothing, and no plugin is watched that is not there.
    let stranger = square.server.send(&Request::get(HOST, "/p/crier/live"));
    assert_eq!(stranger.status, 303, "{stranger:?}");
    assert_eq!(square.server.send(&watch("/p/stall/live")).status, 404);
    // Once she is signed out, the next thing that happens ends the stream.
    let steward = square.town.steward.as_str();
    let body = json!({ "party": square.ana.0 });
    let left = post(&square.server, "/api/host/members@0.1.0/remove", &body, steward);
    assert_eq!(left.status, 200, "{left:?}");
    square.cry(&square.ana.0, &[400]);
    heard.assert_ended();
}

#[test]
fn a_client_that_does_not_read_holds_up_nobody() {
    let square = Square::open();
    let (sol, ana) = (square.town.steward.as_str(), square.ana.1.as_str());
    let slow = square.listen(ana, "", None);
    let quick = square.listen(sol, "", None).read();
    // More than the host keeps for her, and than the system keeps on the way.
    let (lists, per_list) = (28, 250);
    for _ in 0..lists {
        square.cry_at_length(&square.ana.0, &[1; 250], &"hear ".repeat(100));
    }
    square.cry(&square.ana.0, &[777]);
    // She who reads has the newest, while the other has not read a byte.
    let newest =
        std::iter::repeat_with(|| quick.next()).find(|event| event.name == TOPIC && event.number() == "777");
    assert!(newest.is_some());
    // When the slow one reads at last, she learns how many she missed, and then what is new.
    let slow = slow.read();
    let (mut had, mut missed) = (0, 0);
    loop {
        let event = slow.next();
        match event.name.as_str() {
            "gap" => missed += event.data.parse::<u64>().unwrap(),
            _ if event.number() == "777" => break,
            _ => had += 1,
        }
    }
    assert!(missed > 0, "she had all {had}: the test did not fill what is kept for her");
    assert_eq!(had + missed, lists * per_list, "none is lost without being counted");
}
