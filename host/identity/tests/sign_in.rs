//! Signing in with a real kernel: passwords, codes, recovery, sessions and their limits, invitations, leaving.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hamlet_identity::{ABSOLUTE, Attempt, FRESH, Founding, IDLE, Identity, SignInError, found};
use hamlet_kernel::{Actor, Clock, Kernel, KernelConfig};
use hamlet_reflect::Id;
use serde_json::{Value, json};
use totp_rs::{Algorithm, Builder};

/// 2026-01-01T00:00:00Z.
const NEW_YEAR: u64 = 1_767_225_600_000_000;
const PASSWORD: &str = "plum lantern of March";

struct TestClock(AtomicU64);

impl Clock for TestClock {
    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A community with one steward, Sol.
struct Town {
    kernel: Kernel,
    identity: Identity,
    clock: Arc<TestClock>,
    sol: Id,
}

fn here() -> IpAddr {
    IpAddr::from([192, 0, 2, 1])
}

fn attempt(handle: &str) -> Attempt<'_> {
    Attempt { handle, address: here(), mark: None }
}

fn hash(text: &str) -> Value {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(Identity::hash_of(text)).into()
}

fn id(value: &Value) -> Id {
    Id(u128::from_str_radix(value.as_str().unwrap(), 16).unwrap())
}

impl Town {
    /// Founded on a thread of its own: founding waits for the kernel.
    fn new() -> Self {
        std::thread::spawn(|| {
            let clock = Arc::new(TestClock(AtomicU64::new(NEW_YEAR)));
            let mut config = KernelConfig::in_memory();
            config.clock = Arc::clone(&clock) as Arc<dyn Clock>;
            let identity = Identity::new();
            identity.register(&mut config);
            let kernel = Kernel::open(config).unwrap();
            assert!(!hamlet_identity::is_founded(&kernel).unwrap());
            let founding = Founding {
                commons_handle: "commons".into(),
                commons_name: "All of us".into(),
                handle: "sol".into(),
                name: "Sol".into(),
                token: None,
            };
            let sol = found(&kernel, &founding).unwrap().steward;
            assert!(hamlet_identity::is_founded(&kernel).unwrap());
            Self { kernel, identity, clock, sol }
        })
        .join()
        .unwrap()
    }

    fn later(&self, by: Duration) {
        self.clock.0.fetch_add(u64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
        // Hours that pass in a test are no clock that jumped.
        self.kernel.confirm_clock();
    }

    /// A call of the host; the case where it was refused.
    async fn call(
        &self,
        actor: Actor,
        interface: &str,
        function: &str,
        order: Value,
    ) -> Result<Value, String> {
        let kernel = self.kernel.clone();
        let (interface, function) = (interface.to_owned(), function.to_owned());
        let called = tokio::task::spawn_blocking(move || {
            kernel.call_json(actor, "host", &interface, &function, &order)
        });
        match called.await.unwrap() {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(case)) => Err(case.as_str().unwrap_or_default().to_owned()),
            Err(error) => Err(error.code().to_owned()),
        }
    }

    async fn with_password(&self, handle: &str, password: &str) -> Result<Id, SignInError> {
        self.identity.sign_in_with_password(&self.kernel, &attempt(handle), password.to_owned()).await
    }

    /// Sets a password and an authenticator app; its secret.
    async fn secured(&self, person: Id, handle: &str) -> Vec<u8> {
        self.identity.set_password(&self.kernel, person, PASSWORD.into(), &[]).await.unwrap();
        let factor = self.identity.begin_second_factor(person, "Oak Street", handle).unwrap();
        let secret = totp_rs::Secret::try_from_base32(&factor.text).unwrap().as_bytes().to_vec();
        let finish = |code: String| {
            let ticket = factor.ticket.clone();
            async move { self.identity.finish_second_factor(&self.kernel, person, &ticket, &code).await }
        };
        assert!(matches!(finish("000000".into()).await, Err(SignInError::Wrong)));
        finish(self.code(&secret)).await.unwrap();
        secret
    }

    fn code(&self, secret: &[u8]) -> String {
        let totp =
            Builder::new().with_algorithm(Algorithm::SHA1).with_secret(secret.to_vec()).build().unwrap();
        totp.generate(self.clock.now() / 1_000_000).to_string()
    }

    async fn cookie(&self, person: Id) -> String {
        let secret = self.identity.begin_session(&self.kernel, person, "Firefox", None).await.unwrap();
        secret.reveal().to_owned()
    }

    async fn who(&self, cookie: &str) -> Option<Id> {
        self.identity.browser(&self.kernel, cookie).await.unwrap().map(|browser| browser.person)
    }

    async fn invite(&self, secret: &str, uses: u32, person: Option<Id>) -> Result<Value, String> {
        let order = json!({ "order": {
            "hash": hash(secret), "label": "", "uses": uses, "groups": ["bakers"],
            "expires": (self.clock.now() + 3_600_000_000).to_string(), "person": person.map(|person| person.to_string()),
        } });
        self.call(Actor::Person(self.sol), "invitations", "create", order).await
    }

    async fn member(&self, handle: &str) -> Id {
        let order = json!({ "kind": "person", "handle": handle, "name": handle });
        id(&self.call(Actor::Console, "members", "add", order).await.unwrap())
    }

    async fn recover(&self, by: Id, function: &str, order: Value) -> Result<Value, String> {
        self.call(Actor::Person(by), "recoveries", function, order).await
    }

    async fn redeem(&self, secret: &str, handle: &str) -> Result<Value, String> {
        let order = json!({ "hash": hash(secret), "handle": handle, "name": handle });
        self.call(Actor::Console, "invitations", "redeem", order).await
    }
}

#[tokio::test]
async fn a_password_needs_the_code_of_the_app_and_a_code_works_once() {
    let town = Town::new();
    assert!(matches!(town.with_password("sol", PASSWORD).await, Err(SignInError::Wrong)), "no password yet");
    let secret = town.secured(town.sol, "sol").await;
    for (handle, password) in [("sol", "something else here"), ("nobody", PASSWORD), ("Not A Name", PASSWORD)]
    {
        assert!(matches!(town.with_password(handle, password).await, Err(SignInError::Wrong)), "{handle}");
    }
    let Err(SignInError::CodeNeeded(ticket)) = town.with_password(" Sol ", PASSWORD).await else { panic!() };
    let code = town.code(&secret);
    let with = |code: String| {
        let ticket = ticket.clone();
        let town = &town;
        async move { town.identity.sign_in_with_code(&town.kernel, &ticket, &code, here()).await }
    };
    // It was used to set the app up.
    assert!(matches!(with(code).await, Err(SignInError::Wrong)));
    assert!(matches!(with("123456".into()).await, Err(SignInError::Wrong)));
    town.later(Duration::from_secs(30));
    let code = town.code(&secret);
    assert_eq!(with(code.clone()).await.unwrap(), town.sol);
    assert!(matches!(with(code).await, Err(SignInError::TooLate)), "the ticket is used up");
}

#[tokio::test]
async fn a_recovery_code_works_once_and_instead_of_the_app() {
    let town = Town::new();
    town.secured(town.sol, "sol").await;
    let codes = town.identity.new_recovery_codes(&town.kernel, town.sol).await.unwrap();
    let recover = |code: String| {
        let town = &town;
        async move { town.identity.sign_in_with_recovery_code(&town.kernel, &attempt("sol"), &code).await }
    };
    assert_eq!(recover(codes[0].to_uppercase()).await.unwrap(), town.sol);
    assert!(matches!(recover(codes[0].clone()).await, Err(SignInError::Wrong)));
    let Err(SignInError::CodeNeeded(ticket)) = town.with_password("sol", PASSWORD).await else { panic!() };
    town.identity.sign_in_with_code(&town.kernel, &ticket, &codes[1], here()).await.unwrap();
    // New ones end the old ones.
    town.identity.new_recovery_codes(&town.kernel, town.sol).await.unwrap();
    assert!(matches!(recover(codes[2].clone()).await, Err(SignInError::Wrong)));
}

#[tokio::test]
async fn guessing_is_stopped_and_the_browser_that_is_known_is_not() {
    let town = Town::new();
    town.identity.set_password(&town.kernel, town.sol, PASSWORD.into(), &[]).await.unwrap();
    let mark = town.identity.mark(&town.kernel, town.sol, None).unwrap();
    let mut stopped = false;
    for number in 0..30_u8 {
        let attempt = Attempt { handle: "sol", address: IpAddr::from([192, 0, 2, number]), mark: None };
        let tried = town.identity.sign_in_with_password(&town.kernel, &attempt, "guess guess".into()).await;
        stopped |= matches!(tried, Err(SignInError::TooMany(_)));
    }
    assert!(stopped);
    assert!(matches!(town.with_password("sol", PASSWORD).await, Err(SignInError::TooMany(_))));
    let known = Attempt { mark: Some(&mark), ..attempt("sol") };
    let person = town.identity.sign_in_with_password(&town.kernel, &known, PASSWORD.into()).await.unwrap();
    assert_eq!(person, town.sol);
    // A mark of somebody else, or one that was made up, is none.
    for mark in [
        town.identity.mark(&town.kernel, Id(7), None).unwrap(),
        "0".repeat(96),
        "ü".repeat(20),
        String::new(),
    ] {
        let other = Attempt { mark: Some(&mark), ..attempt("sol") };
        let tried = town.identity.sign_in_with_password(&town.kernel, &other, PASSWORD.into()).await;
        assert!(matches!(tried, Err(SignInError::TooMany(_))), "{mark}");
    }
}

#[tokio::test]
async fn a_session_ends_when_it_is_ended_idle_old_or_its_person_leaves() {
    let town = Town::new();
    let order = json!({ "kind": "person", "handle": "ana", "name": "Ana" });
    let ana = id(&town.call(Actor::Console, "members", "add", order).await.unwrap());
    let phone = town.cookie(ana).await;
    town.later(Duration::from_secs(1));
    let desk = town.cookie(ana).await;
    assert_eq!((town.who(&phone).await, town.who(&desk).await), (Some(ana), Some(ana)));
    assert_eq!(town.who("hamlet_made-up").await, None);
    let listed = town.call(Actor::Person(ana), "sessions", "list", json!({})).await.unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    // Nobody else sees or ends them, but for a steward, who ends.
    let order = json!({ "kind": "person", "handle": "ben", "name": "Ben" });
    let ben = id(&town.call(Actor::Console, "members", "add", order).await.unwrap());
    let whose = json!({ "person": ana.to_string() });
    assert_eq!(
        town.call(Actor::Person(ben), "sessions", "list", whose.clone()).await,
        Err("not-yours".into())
    );
    assert_eq!(town.call(Actor::Person(town.sol), "sessions", "list", whose).await, Err("not-yours".into()));
    let first = json!({ "session": listed[1]["id"] });
    assert_eq!(
        town.call(Actor::Person(ben), "sessions", "end", first.clone()).await,
        Err("no-such-session".into())
    );
    town.call(Actor::Person(ana), "sessions", "end", first).await.unwrap();
    assert_eq!((town.who(&phone).await, town.who(&desk).await), (None, Some(ana)));
    // Used now and then it lives, until it is too old.
    let mut lived = Duration::ZERO;
    while lived < ABSOLUTE {
        assert_eq!(town.who(&desk).await, Some(ana), "after {lived:?}");
        town.later(IDLE / 2);
        lived += IDLE / 2;
    }
    assert_eq!(town.who(&desk).await, None);
    let idle = town.cookie(ana).await;
    town.later(IDLE + Duration::from_secs(1));
    assert_eq!(town.who(&idle).await, None);
    let last = town.cookie(ana).await;
    town.call(Actor::Person(town.sol), "members", "remove", json!({ "party": ana.to_string() }))
        .await
        .unwrap();
    assert_eq!(town.who(&last).await, None);
}

#[tokio::test]
async fn a_fresh_proof_changes_the_cookie_and_ages() {
    let town = Town::new();
    town.identity.set_password(&town.kernel, town.sol, PASSWORD.into(), &[]).await.unwrap();
    let old = town.cookie(town.sol).await;
    town.later(FRESH + Duration::from_secs(1));
    let browser = town.identity.browser(&town.kernel, &old).await.unwrap().unwrap();
    assert!(!browser.is_fresh(town.clock.now()));
    let prove = |password: &str| {
        let (town, given) = (&town, (password.to_owned(), ""));
        async move { town.identity.prove(&town.kernel, town.sol, given, here()).await }
    };
    assert!(matches!(prove("not it at all").await, Err(SignInError::Wrong)));
    prove(PASSWORD).await.unwrap();
    let new =
        town.identity.begin_session(&town.kernel, town.sol, "Firefox", Some(browser.hash)).await.unwrap();
    assert_eq!(town.who(&old).await, None, "rotated");
    let fresh = town.identity.browser(&town.kernel, new.reveal()).await.unwrap().unwrap();
    assert!(fresh.is_fresh(town.clock.now()));
    // Somebody else's session is not taken over.
    let order = json!({ "kind": "person", "handle": "ana", "name": "Ana" });
    let ana = id(&town.call(Actor::Console, "members", "add", order).await.unwrap());
    let taken = town.identity.begin_session(&town.kernel, ana, "Firefox", Some(fresh.hash)).await;
    assert!(matches!(taken, Err(SignInError::Refused(case)) if case == "no-such-session"));
}

#[tokio::test]
async fn people_come_in_by_a_link_as_often_as_it_says() {
    let town = Town::new();
    town.invite("two", 2, None).await.unwrap();
    assert_eq!(town.redeem("two", "A b").await, Err("handle-invalid".into()));
    let ana = id(&town.redeem("two", "ana").await.unwrap());
    assert_eq!(town.redeem("two", "ana").await, Err("handle-taken".into()));
    town.redeem("two", "ben").await.unwrap();
    assert_eq!(town.redeem("two", "cleo").await, Err("used-up".into()));
    assert_eq!(town.redeem("other", "cleo").await, Err("no-such-invitation".into()));
    let groups =
        town.call(Actor::Person(ana), "members", "groups", json!({ "party": ana.to_string() })).await;
    assert_eq!(groups.unwrap(), json!(["bakers"]));
    // Time, and a steward who takes it back.
    town.invite("old", 1, None).await.unwrap();
    let taken = town.invite("taken", 1, None).await.unwrap();
    town.call(Actor::Person(town.sol), "invitations", "revoke", json!({ "invitation": taken }))
        .await
        .unwrap();
    assert_eq!(town.redeem("taken", "cleo").await, Err("no-such-invitation".into()));
    town.later(Duration::from_hours(2));
    assert_eq!(town.redeem("old", "cleo").await, Err("expired".into()));
    // Members cannot invite, and nobody but the host redeems.
    let order = json!({ "hash": hash("x"), "handle": "eve", "name": "Eve" });
    for (actor, function) in [(Actor::Person(ana), "redeem"), (Actor::Anyone, "redeem")] {
        assert_eq!(town.call(actor, "invitations", function, order.clone()).await, Err("denied".into()));
    }
    assert_eq!(town.call(Actor::Person(ana), "invitations", "list", json!({})).await, Err("denied".into()));
}

#[tokio::test]
async fn a_steward_gives_a_way_in_only_to_who_has_none() {
    let town = Town::new();
    let order = json!({ "kind": "person", "handle": "ana", "name": "Ana" });
    let ana = id(&town.call(Actor::Console, "members", "add", order).await.unwrap());
    town.invite("ana's", 1, Some(ana)).await.unwrap();
    assert_eq!(town.redeem("ana's", "eve").await, Err("no-such-invitation".into()), "it is for nobody else");
    let claim = |secret: &str| {
        let order = json!({ "hash": hash(secret) });
        let town = &town;
        async move { town.call(Actor::Console, "invitations", "claim", order).await }
    };
    assert_eq!(id(&claim("ana's").await.unwrap()), ana);
    assert_eq!(claim("ana's").await, Err("used-up".into()));
    town.secured(ana, "ana").await;
    assert_eq!(town.invite("again", 1, Some(ana)).await, Err("has-credentials".into()));
    assert_eq!(town.invite("many", 2, Some(ana)).await, Err("invalid".into()));
}

#[tokio::test]
async fn a_link_from_before_she_had_a_way_in_is_worth_nothing_after() {
    let town = Town::new();
    let ana = town.member("ana").await;
    town.invite("one", 1, Some(ana)).await.unwrap();
    town.invite("two", 1, Some(ana)).await.unwrap();
    let ask = |function: &'static str, secret: &str| {
        let order = json!({ "hash": hash(secret) });
        let town = &town;
        async move { town.call(Actor::Console, "invitations", function, order).await }
    };
    assert_eq!(id(&ask("look", "two").await.unwrap()), ana);
    ask("claim", "one").await.unwrap();
    town.secured(ana, "ana").await;
    for function in ["look", "claim"] {
        assert_eq!(ask(function, "two").await, Err("has-credentials".into()), "{function}");
        assert_eq!(ask(function, "one").await, Err("used-up".into()), "{function}");
    }
    town.invite("newcomers", 1, None).await.unwrap();
    assert_eq!(ask("look", "newcomers").await.unwrap(), Value::Null);
    let look = town.call(Actor::Person(ana), "invitations", "look", json!({ "hash": hash("two") })).await;
    assert_eq!(look, Err("denied".into()), "links are looked at by the host alone");
}

#[tokio::test]
async fn who_has_a_token_makes_her_own_way_into_a_browser_and_nobody_else_makes_it() {
    let town = Town::new();
    let (ana, ben) = (town.member("ana").await, town.member("ben").await);
    let token = json!({ "order": {
        "owner": ana.to_string(), "hash": hash("token"), "label": "x",
        "scope": { "functions": [], "read-only": false, "bulk": false },
    } });
    town.call(Actor::Console, "tokens", "create", token).await.unwrap();
    let link = |by: Actor, secret: &str, person: Option<Id>, groups: &[&str]| {
        let order = json!({ "order": {
            "hash": hash(secret), "label": "", "uses": 1, "groups": groups,
            "expires": (town.clock.now() + 3_600_000_000).to_string(), "person": person.map(|id| id.to_string()),
        } });
        let town = &town;
        async move { town.call(by, "invitations", "create", order).await }
    };
    let sol = Actor::Person(town.sol);
    assert_eq!(link(sol, "sol's", Some(ana), &[]).await, Err("has-credentials".into()));
    for (by, person, groups) in
        [(ben, Some(ana), &[][..]), (ana, None, &[]), (ana, Some(ana), &["bakers"]), (ben, None, &["bakers"])]
    {
        let refused = link(Actor::Person(by), "x", person, groups).await;
        assert_eq!(refused, Err("not-yours".into()), "{person:?} {groups:?}");
    }
    link(Actor::Person(ana), "first", Some(ana), &[]).await.unwrap();
    link(Actor::Person(ana), "second", Some(ana), &[]).await.unwrap();
    town.call(Actor::Console, "invitations", "claim", json!({ "hash": hash("first") })).await.unwrap();
    town.secured(ana, "ana").await;
    let second = town.call(Actor::Console, "invitations", "claim", json!({ "hash": hash("second") })).await;
    assert_eq!(second, Err("has-credentials".into()), "else a link would spare a thief the step-up");
    assert_eq!(link(Actor::Person(ana), "third", Some(ana), &[]).await, Err("has-credentials".into()));
    link(Actor::Console, "the box's", Some(ana), &[]).await.unwrap();
}

#[tokio::test]
async fn c6_no_row_holds_a_secret_in_the_clear_and_erasing_ends_all_ways_in() {
    let town = Town::new();
    let secret = town.secured(town.sol, "sol").await;
    let cookie = town.cookie(town.sol).await;
    let room = town.kernel.room(hamlet_identity::ROOM).unwrap();
    let rows = town.kernel.read(|snapshot| {
        use hamlet_store::{Direction, Rows as _, Scan};
        let whole =
            Scan { start: &[], end: None, direction: Direction::Forward, limit: 10_000, max_bytes: 1 << 24 };
        snapshot.scan(room, whole).unwrap()
    });
    for (key, value) in rows {
        for marker in [b"argon2".as_slice(), &secret, b"Firefox", cookie.as_bytes()] {
            let holds = |bytes: &[u8]| bytes.windows(marker.len()).any(|window| window == marker);
            assert!(!holds(&key) && !holds(&value), "{marker:?}");
        }
    }
    // Another steward, so that she may go.
    let order = json!({ "kind": "person", "handle": "ben", "name": "Ben" });
    let ben = town.call(Actor::Console, "members", "add", order).await.unwrap();
    let group = json!({ "party": ben, "group": "stewards" });
    town.call(Actor::Console, "members", "join-group", group).await.unwrap();
    town.call(Actor::Person(town.sol), "members", "erase", json!({ "party": town.sol.to_string() }))
        .await
        .unwrap();
    assert_eq!(town.who(&cookie).await, None);
    assert!(matches!(town.with_password("sol", PASSWORD).await, Err(SignInError::Wrong)));
}

#[tokio::test]
async fn a_lost_member_is_let_back_in_by_two_stewards_after_two_days_and_by_nobody_alone() {
    let town = Town::new();
    let ana = town.member("ana").await;
    let ben = town.member("ben").await;
    town.secured(ana, "ana").await;
    let old = town.cookie(ana).await;
    let begin = |by: Id| town.recover(by, "begin", json!({ "person": ana.to_string() }));
    // With one steward: she begins, and two ordinary members confirm.
    assert_eq!(begin(ben).await, Err("not-yours".into()));
    assert_eq!(begin(ana).await, Err("not-yours".into()));
    let recovery = begin(town.sol).await.unwrap();
    assert_eq!(begin(town.sol).await, Err("exists".into()));
    let which = json!({ "recovery": recovery });
    let confirm = |by: Id| town.recover(by, "confirm", which.clone());
    assert_eq!(confirm(town.sol).await, Err("needs-others".into()));
    assert_eq!(confirm(ana).await, Err("not-yours".into()));
    confirm(ben).await.unwrap();
    assert_eq!(confirm(ben).await, Err("needs-others".into()));
    let finish = |secret: &str| {
        let expires = (town.clock.now() + 3_600_000_000).to_string();
        town.recover(
            town.sol,
            "finish",
            json!({ "recovery": recovery, "hash": hash(secret), "expires": expires }),
        )
    };
    town.later(Duration::from_hours(72));
    assert_eq!(finish("back").await, Err("not-ready".into()), "one more has to confirm");
    let cleo = town.member("cleo").await;
    confirm(cleo).await.unwrap();
    town.later(Duration::from_hours(47));
    assert_eq!(finish("back").await, Err("not-ready".into()));
    // Meanwhile everybody sees it, and her old session still works: she could cancel it.
    let listed = town.recover(ben, "list", json!({})).await.unwrap();
    assert_eq!(
        (listed[0]["person"].clone(), listed[0]["by"].clone()),
        (json!(ana.to_string()), json!(town.sol.to_string()))
    );
    assert_eq!(town.who(&old).await, Some(ana));
    town.later(Duration::from_hours(2));
    finish("back").await.unwrap();
    assert_eq!(town.who(&old).await, Some(ana), "until she uses the link");
    let claimed =
        town.call(Actor::Console, "invitations", "claim", json!({ "hash": hash("back") })).await.unwrap();
    assert_eq!(id(&claimed), ana);
    assert_eq!(town.who(&old).await, None);
    assert!(matches!(town.with_password("ana", PASSWORD).await, Err(SignInError::Wrong)));
}

#[tokio::test]
async fn two_stewards_are_enough_and_the_person_herself_cancels() {
    let town = Town::new();
    let ana = town.member("ana").await;
    let ben = town.member("ben").await;
    let rosa = town.member("rosa").await;
    let group = json!({ "party": rosa.to_string(), "group": "stewards" });
    town.call(Actor::Console, "members", "join-group", group).await.unwrap();
    let recovery = town.recover(town.sol, "begin", json!({ "person": ana.to_string() })).await.unwrap();
    let which = json!({ "recovery": recovery });
    assert_eq!(
        town.recover(ben, "confirm", which.clone()).await,
        Err("not-yours".into()),
        "stewards do it here"
    );
    town.recover(rosa, "confirm", which.clone()).await.unwrap();
    assert_eq!(town.recover(ben, "cancel", which.clone()).await, Err("not-yours".into()));
    town.recover(ana, "cancel", which.clone()).await.unwrap();
    assert_eq!(town.recover(town.sol, "confirm", which).await, Err("no-such-recovery".into()));
    // A community that lost its only steward: any member begins, two others confirm.
    let alone = Town::new();
    let (dora, eva, finn) =
        (alone.member("dora").await, alone.member("eva").await, alone.member("finn").await);
    let recovery = alone.recover(dora, "begin", json!({ "person": alone.sol.to_string() })).await.unwrap();
    let which = json!({ "recovery": recovery });
    for by in [eva, finn] {
        alone.recover(by, "confirm", which.clone()).await.unwrap();
    }
    alone.later(Duration::from_hours(49));
    let expires = (alone.clock.now() + 3_600_000_000).to_string();
    let order = json!({ "recovery": recovery, "hash": hash("sol"), "expires": expires });
    assert_eq!(alone.recover(eva, "finish", order.clone()).await, Err("not-yours".into()));
    alone.recover(dora, "finish", order).await.unwrap();
    let claimed =
        alone.call(Actor::Console, "invitations", "claim", json!({ "hash": hash("sol") })).await.unwrap();
    assert_eq!(id(&claimed), alone.sol);
}
