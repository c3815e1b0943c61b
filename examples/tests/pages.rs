//! The ledger's pages as a member's browser gets them: from the first look to a payment and its statement.
//!
//! What was shown is left in the folder `pages` of the tests' own folder, whole with its style, for `screenshots`
//! beside this file.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use hamlet_gateway::{Community, Config, Gateway, ServeConfig, serve};
use hamlet_testing::json;
use tokio::runtime::Runtime;

use crate::common::{Market, ROSAS, TILL, hex};

const HOST: &str = "oakfield.example";

/// A gateway, and Rosa's browser at it.
struct Browser {
    address: SocketAddr,
    cookie: String,
    _runtime: Runtime,
}

impl Browser {
    fn open(market: &Market, who: &str) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (kernel, identity) = (market.0.kernel().clone(), market.0.identity().clone());
        let person = market.0.id(who).unwrap();
        let session = runtime.block_on(identity.begin_session(&kernel, person, "test", None)).unwrap();
        let community = Community::new("oakfield", HOST, kernel, identity);
        let config = Config { token_rate: None, address_rate: None, ..Config::default() };
        let router = Gateway::router(vec![community], config);
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(serve(listener, router, ServeConfig::default(), std::future::pending()));
        Self { address, cookie: format!("__Host-hamlet={}", session.reveal()), _runtime: runtime }
    }

    fn get(&self, path: &str, language: &str) -> (u16, String) {
        let agent =
            ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().new_agent();
        let mut answer = agent
            .get(format!("http://{}{path}", self.address))
            .header("Host", HOST)
            .header("Cookie", &self.cookie)
            .header("Accept", "text/html")
            .header("Accept-Language", language)
            .call()
            .unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    /// A page that must be there.
    fn page(&self, path: &str) -> String {
        let (status, html) = self.get(path, "en");
        assert_eq!(status, 200, "{path}: {html}");
        html
    }

    /// Sends a form: status, where it leads to, what is shown.
    fn send(&self, path: &str, fields: &[(String, String)]) -> (u16, String, String) {
        let agent =
            ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().new_agent();
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
        let mut answer = agent
            .post(format!("http://{}{path}", self.address))
            .header("Host", HOST)
            .header("Cookie", &self.cookie)
            .header("Accept", "text/html")
            .header("Sec-Fetch-Site", "same-origin")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .send(body.join("&"))
            .unwrap();
        let to =
            answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
        (answer.status().as_u16(), to, answer.body_mut().read_to_string().unwrap())
    }

    /// Fills in the `number`th form of a page that posts to the ledger, and sends it.
    fn fill(&self, page: &str, number: usize, typed: &[(&str, &str)]) -> (u16, String, String) {
        let form = page
            .split("<form ")
            .filter(|form| form.starts_with("action=\"/p/ledger/do/"))
            .nth(number)
            .unwrap();
        let form = form.split("</form>").next().unwrap();
        let path = value(form, "action");
        let mut fields: Vec<(String, String)> = Vec::new();
        for input in form.split("<input ").skip(1) {
            let input = input.split('>').next().unwrap();
            let name = value(input, "name");
            let typed = typed
                .iter()
                .find(|(known, _)| format!("p_{known}") == name)
                .map(|(_, text)| (*text).to_owned());
            fields.push((name, typed.unwrap_or_else(|| value(input, "value"))));
        }
        self.send(&path, &fields)
    }

    /// Leaves a page with its style in the folder for screenshots.
    fn keep(&self, name: &str, html: &str) {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
        fs::create_dir_all(&folder).unwrap();
        let mut whole = html.to_owned();
        for sheet in ["pages.css", "plugin.css"] {
            let link = format!("<link rel=\"stylesheet\" href=\"/assets/{sheet}\">");
            whole = whole
                .replace(&link, &format!("<style>{}</style>", self.get(&format!("/assets/{sheet}"), "en").1));
        }
        fs::write(folder.join(format!("{name}.html")), whole).unwrap();
    }
}

fn value(tag: &str, name: &str) -> String {
    let found = tag.split(&format!("{name}=\"")).nth(1).map(|rest| rest.split('"').next().unwrap());
    found
        .unwrap_or_default()
        .replace("&#39;", "'")
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&amp;", "&")
}

fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[expect(clippy::needless_pass_by_value, reason = "tests write `json!` in place")]
fn transfer(
    id: u64,
    from: u64,
    to: u64,
    amount: u64,
    kind: hamlet_testing::Value,
    memo: &str,
) -> hamlet_testing::Value {
    json!({ "transfer": {
        "id": hex(id), "debit": hex(from), "credit": hex(to), "amount": amount, "kind": kind, "code": 0,
        "memo": memo, "linked": false,
    } })
}

/// Some weeks of life: bread, eggs, an hour of help, and payments that wait.
fn lived_in() -> Market {
    let market = Market::open();
    for person in ["maria-del-carmen", "bo"] {
        market.0.person(person).unwrap();
    }
    let days = [
        ("rosa", ROSAS, TILL, 640, "Sourdough and 6 eggs"),
        ("tom", TILL, ROSAS, 1_500, "Two hours in the garden"),
        ("rosa", ROSAS, TILL, 1_120, "A crate of apples for the press, the red ones from behind the barn"),
        ("rosa", ROSAS, TILL, 250, ""),
        ("tom", TILL, ROSAS, 300, "Mended the <gate>"),
        ("rosa", ROSAS, TILL, 980, "Honey"),
        ("tom", TILL, ROSAS, 75, "Seedlings"),
    ];
    for (number, (who, from, to, amount, memo)) in (100..).zip(days) {
        market.ok(who, "ledger", "submit", transfer(number, from, to, amount, json!("post"), memo));
        market.0.advance_days(3);
    }
    let waits = json!({ "pending": "86400" });
    market.ok("tom", "ledger", "submit", transfer(200, TILL, ROSAS, 420, waits.clone(), "Ladder, one week"));
    market.ok("rosa", "ledger", "submit", transfer(201, ROSAS, TILL, 260, waits, "Cider, next pressing"));
    market.0.advance_seconds(300);
    market
}

#[test]
fn a_member_sees_her_account_pays_and_finds_the_payment_in_her_statement() {
    let market = lived_in();
    let browser = Browser::open(&market, "rosa");
    let overview = browser.page("/p/ledger/");
    for part in [
        "<h1>Your account</h1>",
        "11.15",
        "to all members together, not to one of them. No interest is due.",
        "<bdi><a href=\"/members/tom\">tom</a></bdi>",
        "Mended the &lt;gate&gt;",
        "Waiting (2)",
        "3 days ago",
    ] {
        assert!(overview.contains(part), "{part} in {overview}");
    }
    browser.keep("overview", &overview);
    browser.keep("resumen", &browser.get("/p/ledger/", "es").1);

    let pay = browser.page("/p/ledger/pay?to=%40tom&amount=2.50&memo=Bread");
    assert!(pay.contains("<option value=\"@bo\">bo</option>") && !pay.contains("value=\"@rosa\""), "{pay}");
    browser.keep("pay", &pay);
    let (status, _, wrong) = browser.fill(&pay, 0, &[("amount", "two fifty")]);
    assert_eq!(status, 422);
    assert!(wrong.contains("two fifty is no amount of these books. Write one such as 12.50."), "{wrong}");
    assert!(wrong.contains("value=\"Bread\""), "{wrong}");
    browser.keep("pay-refused", &wrong);

    let (status, to, _) = browser.fill(&wrong, 0, &[("amount", "2.50")]);
    assert_eq!((status, to.as_str()), (303, "/p/ledger/"));
    assert_eq!(market.balance("rosa", ROSAS), -1_115 - 250);
    let statement = browser.page("/p/ledger/statement?p_search=bread");
    assert!(statement.contains("Bread") && !statement.contains("Honey"), "{statement}");
    browser.keep("statement", &browser.page("/p/ledger/statement"));
}

#[test]
fn a_payment_that_waits_is_accepted_or_declined_by_a_button() {
    let market = lived_in();
    let browser = Browser::open(&market, "rosa");
    let pending = browser.page("/p/ledger/pending");
    browser.keep("pending", &pending);
    let before = market.balance("rosa", ROSAS);
    // The first form accepts what Tom reserved.
    let (status, to, html) = browser.fill(&pending, 0, &[]);
    assert_eq!((status, to.as_str()), (303, "/p/ledger/pending"), "{html}");
    assert_eq!(market.balance("rosa", ROSAS), before + 420);
    let pending = browser.page("/p/ledger/pending");
    assert!(
        pending.contains("Waiting (1)") && pending.contains("Pay now") && !pending.contains("Accept"),
        "{pending}"
    );
}

#[test]
fn the_other_pages_are_whole_and_show_nothing_of_others() {
    let market = lived_in();
    let browser = Browser::open(&market, "rosa");
    let request = browser.page("/p/ledger/request?p_amount=12.50&p_memo=Cider");
    assert!(
        request.contains("http://oakfield.example/p/ledger/pay?to=%40rosa&amp;amount=12.50&amp;memo=Cider"),
        "{request}"
    );
    browser.keep("request", &request);
    let account = browser.page("/p/ledger/account");
    assert!(account.contains("<svg viewBox") && account.contains("<dd><code>rosas</code></dd>"), "{account}");
    browser.keep("account", &account);
    browser.keep("functions", &browser.page("/p/ledger/call"));
    browser.keep("function", &browser.page("/p/ledger/call/transfers/submit"));
    let stranger = Browser::open(&market, "bo");
    let page = stranger.page("/p/ledger/");
    assert!(page.contains("You have no account here yet.") && !page.contains("Honey"), "{page}");
    stranger.keep("no-account", &page);
    let signed_out = Browser { cookie: String::new(), ..Browser::open(&market, "bo") };
    assert_eq!(signed_out.get("/p/ledger/", "en").0, 303);
}

#[test]
fn a_statement_is_saved_as_a_file_with_the_rights_of_whoever_asks() {
    let market = lived_in();
    let browser = Browser::open(&market, "rosa");
    let statement = browser.page("/p/ledger/statement?p_search=honey");
    let link = statement.split("href=\"").find(|link| link.starts_with("/p/ledger/file/")).unwrap();
    let link = link.split('"').next().unwrap().replace("&amp;", "&");
    let (status, text) = browser.get(&link, "en");
    assert_eq!(status, 200, "{text}");
    assert!(
        text.starts_with("date,with,amount,balance") && text.contains("-9.80") && !text.contains("Bread"),
        "{text}"
    );
    let stranger = Browser::open(&market, "bo");
    let (status, refused) = stranger.get(&link, "en");
    assert!(status == 400 && !refused.contains("9.80"), "{status} {refused}");
    let signed_out = Browser { cookie: String::new(), ..Browser::open(&market, "bo") };
    assert_eq!(signed_out.get(&link, "en").0, 303);
    // A link changes nothing, and is for functions that give a file.
    for (path, status) in [
        (format!("/p/ledger/file/transfers/pay?id={}", hex(1)), 404),
        (format!("/p/ledger/file/books/get-account?account={}", hex(ROSAS)), 404),
        ("/p/ledger/file/transfers/statement-csv?account=x".to_owned(), 400),
    ] {
        assert_eq!(browser.get(&path, "en").0, status, "{path}");
    }
}

#[test]
fn what_the_host_shows_is_written_in_the_unit_of_the_plugin() {
    let market = lived_in();
    let browser = Browser::open(&market, "rosa");
    let form = browser.page("/p/ledger/call/books/get-account");
    let (status, _, shown) = browser.fill(&form, 0, &[("account", &hex(ROSAS))]);
    assert_eq!(status, 200, "{shown}");
    let unit = "<span class=\"h-unit\">LEAF</span>";
    assert!(shown.contains("11.15") && shown.contains(unit) && !shown.contains("-1115"), "{shown}");
    // What belongs to the ledger that was asked about counts in its unit.
    let form = browser.page("/p/ledger/call/books/get-trial-balance");
    let (_, _, trial) = browser.fill(&form, 0, &[("ledger", &hex(crate::common::LEAF))]);
    assert!(trial.contains(unit), "{trial}");
}
