//! The pages: what they say in each case, and that the host's own sanitiser takes nothing away from them.

use std::collections::BTreeSet;

use hamlet_pages::{Node, sanitize};
use ledger::books::{self, AccountInput, LedgerInput};
use ledger::host::Actor;
use ledger::model::{Id, LedgerKind, Limits, TransferInput, TransferKind};
use ledger::pages::{Page, PageError, Request, render};
use ledger::posting;

use super::double::Double;

const ROSA: Id = Id(1);
const TOM: Id = Id(2);
const LEAF: Id = Id(100);
const ROSAS: Id = Id(10);
const TOMS: Id = Id(20);
const PAGES: [&str; 6] = ["", "pay", "request", "statement", "pending", "account"];

/// Rosa and Tom, an account each with a credit limit of 10.00.
fn village(kind: LedgerKind) -> Double {
    let mut double = Double::new();
    double.add_party(ROSA, "rosa", false);
    double.add_party(TOM, "tom", false);
    let ledger = LedgerInput { id: LEAF, unit: "LEAF".into(), name: "Leaves".into(), scale: 2, kind };
    double.call(|host| books::create_ledger(host, &ledger)).unwrap();
    for (id, owner, code) in [(ROSAS, ROSA, "rosas"), (TOMS, TOM, "toms")] {
        let limits = Limits { credit: Some(1_000), upper: None };
        let input = AccountInput { id, ledger: LEAF, code: code.into(), owner, limits };
        double.call(|host| books::open_account(host, &input)).unwrap();
    }
    double.call(|host| books::open_ledger(host, LEAF)).unwrap();
    double
}

fn transfer(double: &mut Double, id: u128, from: Id, to: Id, amount: u64, kind: TransferKind, memo: &str) {
    let actor = if from == ROSAS { ROSA } else { TOM };
    double.actor = Actor::Person(actor);
    let input = TransferInput {
        kind,
        memo: (!memo.is_empty()).then(|| memo.to_owned()),
        ..TransferInput::post(Id(id), from, to, amount)
    };
    double.call(|host| posting::submit(host, &input)).unwrap();
}

fn page(double: &mut Double, viewer: Id, path: &str, query: &[(&str, &str)]) -> Page {
    double.actor = Actor::Person(viewer);
    let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let request = Request { path: path.into(), query, locale: "en".into() };
    let page = double.call(|host| render(host, &request)).unwrap();
    unharmed(&page.html);
    page
}

/// Element names, classes and field names of a page, as they were written.
fn written(html: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for tag in html.split('<').skip(1).filter(|tag| !tag.starts_with('/')) {
        let (tag, _) = tag.split_once('>').unwrap();
        found.insert(tag.split([' ', '>']).next().unwrap().to_owned());
        for attribute in ["class=\"", "name=\"", "action=\""] {
            if let Some((_, rest)) = tag.split_once(attribute) {
                found.insert(format!("{attribute}{}", rest.split('"').next().unwrap()));
            }
        }
    }
    found
}

/// The host takes nothing away from this page: no element, class or field.
fn unharmed(html: &str) {
    let shown = sanitize(html, "ledger").unwrap();
    let out = shown.to_html().replace("name=\"p_", "name=\"").replace("action=\"/p/ledger/", "action=\"./");
    let lost: Vec<_> = written(html).difference(&written(&out)).cloned().collect();
    assert!(lost.is_empty(), "the host drops {lost:?} of {html}\n{out}");
}

fn text(page: &Page) -> String {
    sanitize(&page.html, "ledger").unwrap().to_text()
}

#[test]
fn each_balance_has_the_sentence_of_its_case() {
    let rows: [(i64, LedgerKind, &str); 9] = [
        (500, LedgerKind::MutualCredit, "The community owes you this much"),
        (0, LedgerKind::MutualCredit, "up to 10.00 LEAF"),
        (-500, LedgerKind::Hours, "to all members together, not to one of them. No interest is due"),
        (-900, LedgerKind::MutualCredit, "near your limit: 1.00 LEAF is left"),
        (-899, LedgerKind::MutualCredit, "not to one of them"),
        (-1_000, LedgerKind::MutualCredit, "You are at your limit"),
        (500, LedgerKind::Issued, "You have this much"),
        (0, LedgerKind::Voucher, "There is nothing on this account"),
        (-500, LedgerKind::Issued, "below zero"),
    ];
    for (balance, kind, sentence) in rows {
        let mut double = village(kind);
        let amount = balance.unsigned_abs();
        match balance {
            0 => {}
            1.. => transfer(&mut double, 50, TOMS, ROSAS, amount, TransferKind::Post, ""),
            _ => transfer(&mut double, 50, ROSAS, TOMS, amount, TransferKind::Post, ""),
        }
        let shown = text(&page(&mut double, ROSA, "", &[]));
        assert!(shown.contains(sentence), "{balance} {kind:?}: {shown}");
    }
}

#[test]
fn an_account_that_cannot_pay_says_why() {
    let mut double = village(LedgerKind::MutualCredit);
    double.actor = Actor::Console;
    double.call(|host| books::set_suspended(host, ROSAS, true)).unwrap();
    assert!(text(&page(&mut double, ROSA, "", &[])).contains("suspended this account"));
    double.actor = Actor::Console;
    double.call(|host| books::close_ledger(host, LEAF)).unwrap();
    assert!(text(&page(&mut double, TOM, "", &[])).contains("These books are closed"));
}

#[test]
fn p1_no_page_loses_anything_to_the_host_in_either_language() {
    let mut double = village(LedgerKind::MutualCredit);
    for number in 0..5 {
        transfer(&mut double, 50 + number, TOMS, ROSAS, 10, TransferKind::Post, "bread & <b>butter</b>");
        double.now += 86_400_000_000;
    }
    transfer(&mut double, 70, TOMS, ROSAS, 20, TransferKind::Pending(600), "");
    transfer(&mut double, 71, ROSAS, TOMS, 30, TransferKind::Pending(600), "");
    for locale in ["en", "es"] {
        for path in PAGES {
            double.actor = Actor::Person(ROSA);
            let request = Request { path: path.into(), locale: locale.into(), query: Vec::new() };
            let page = double.call(|host| render(host, &request)).unwrap();
            unharmed(&page.html);
            assert!(page.navigation.len() > PAGES.len(), "all the money is for every member");
            assert!(!page.html.contains('⟦'), "a message is missing: {}", page.html);
            assert!(!page.html.contains("<b>butter"), "{path}");
        }
    }
}

#[test]
fn a_payment_is_shown_to_both_sides_and_to_nobody_else() {
    let mut double = village(LedgerKind::MutualCredit);
    transfer(&mut double, 50, TOMS, ROSAS, 250, TransferKind::Post, "bread");
    let rosas = page(&mut double, ROSA, "", &[]).html;
    let toms = page(&mut double, TOM, "", &[]).html;
    assert!(rosas.contains("amount=\"250\"") && rosas.contains("bread"), "{rosas}");
    assert!(toms.contains("amount=\"-250\"") && toms.contains("bread"), "{toms}");
    // Who asks for another's account gets her own.
    let other = page(&mut double, ROSA, "statement", &[("account", &TOMS.to_string())]).html;
    assert!(other.contains("amount=\"250\"") && !other.contains("amount=\"-250\""), "{other}");
    double.add_party(Id(3), "eve", false);
    let eve = page(&mut double, Id(3), "", &[]).html;
    assert!(eve.contains("You have no account here yet") && !eve.contains("bread"), "{eve}");
}

#[test]
fn a_form_names_the_parameters_of_its_function() {
    let mut double = village(LedgerKind::MutualCredit);
    let html =
        page(&mut double, ROSA, "pay", &[("to", "@tom"), ("amount", "1.50"), ("memo", "\"eggs\"")]).html;
    for part in [
        "action=\"transfers.pay\"",
        "name=\"id\" value=\"new\"",
        "name=\"payer\" value=\"rosas\"",
        "name=\"unit\" value=\"LEAF\"",
        "name=\"payee\"",
        "value=\"@tom\"",
        "value=\"1.50\"",
        "value=\"&quot;eggs&quot;\"",
        "<option value=\"@tom\">TOM</option>",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(!html.contains("<option value=\"@rosa\">"), "nobody pays herself: {html}");
    transfer(&mut double, 70, TOMS, ROSAS, 20, TransferKind::Pending(600), "");
    let waits = page(&mut double, ROSA, "pending", &[]);
    assert!(waits.navigation.iter().any(|(_, title)| title == "Waiting (1)"));
    let shown = sanitize(&waits.html, "ledger").unwrap();
    let forms = shown.nodes.iter().map(count_forms).sum::<usize>();
    assert_eq!(forms, 2, "accept and decline");
    let from = page(&mut double, TOM, "pending", &[]).html;
    assert_eq!(from.matches("transfers.submit").count(), 1, "who pays may only pay: {from}");
}

fn count_forms(node: &Node) -> usize {
    match node {
        Node::Text(_) => 0,
        Node::Element(element) => {
            usize::from(element.tag == "form") + element.children.iter().map(count_forms).sum::<usize>()
        }
    }
}

#[test]
fn a_request_for_money_is_a_link_that_fills_in_the_payment() {
    let mut double = village(LedgerKind::MutualCredit);
    let html = page(&mut double, ROSA, "request", &[("amount", "2.50"), ("memo", "6 eggs & a jar")]).html;
    assert!(
        html.contains("href=\"pay?to=%40rosa&amp;amount=2.50&amp;memo=6%20eggs%20%26%20a%20jar\""),
        "{html}"
    );
}

#[test]
fn a_statement_is_filtered_and_goes_on() {
    let mut double = village(LedgerKind::MutualCredit);
    for number in 0..60 {
        let memo = if number % 2 == 0 { "bread" } else { "eggs" };
        transfer(&mut double, 50 + number, TOMS, ROSAS, 1, TransferKind::Post, memo);
    }
    let first = page(&mut double, ROSA, "statement", &[]).html;
    assert_eq!(first.matches("<tr><td>").count(), 40);
    let cursor = first.split("cursor=").nth(1).unwrap().split(['"', '&']).next().unwrap();
    let second = page(&mut double, ROSA, "statement", &[("cursor", cursor)]).html;
    assert_eq!(second.matches("<tr><td>").count(), 20);
    let eggs = page(&mut double, ROSA, "statement", &[("search", "eggs")]).html;
    assert!(eggs.matches("<tr><td>").count() == 30 && !eggs.contains("bread"));
    assert!(page(&mut double, ROSA, "statement", &[("from", "yesterday")]).html.contains("That is no date."));
}

#[test]
fn nobody_and_nothing_has_no_page() {
    let mut double = village(LedgerKind::MutualCredit);
    let request = |path: &str| Request { path: path.into(), ..Request::default() };
    double.actor = Actor::Stranger;
    assert_eq!(double.call(|host| render(host, &request(""))), Err(PageError::SignInNeeded));
    double.actor = Actor::Person(ROSA);
    assert_eq!(double.call(|host| render(host, &request("nowhere"))), Err(PageError::NotFound));
}

/// The village with a steward, an auditor, somebody at the counter and a counter.
fn town() -> Double {
    let mut double = village(LedgerKind::MutualCredit);
    for (id, handle, group) in
        [(VERA, "vera", "stewards"), (AXEL, "axel", "auditors"), (CARLA, "carla", "counter")]
    {
        double.add_party(id, handle, false);
        double.groups.insert((id, group.to_owned()));
    }
    double.actor = Actor::Person(VERA);
    double.call(|host| books::set_counter(host, LEAF, Some("50"))).unwrap();
    double.call(|host| ledger::counter::issue(host, "rosa")).unwrap();
    double.actor = Actor::Person(ROSA);
    double.call(|host| ledger::counter::set_pin(host, 1_001, "2580")).unwrap();
    double
}

const VERA: Id = Id(5);
const AXEL: Id = Id(6);
const CARLA: Id = Id(7);

/// The pages of the books, the counter and the prints, and who sees them.
const DESKS: [(&str, [Id; 3]); 14] = [
    ("books", [VERA, AXEL, AXEL]),
    ("books/found", [VERA, VERA, VERA]),
    ("books/ledger", [VERA, AXEL, AXEL]),
    ("books/accounts", [VERA, AXEL, AXEL]),
    ("books/open", [VERA, VERA, VERA]),
    ("books/account", [VERA, AXEL, AXEL]),
    ("books/lists", [VERA, AXEL, AXEL]),
    ("counter", [CARLA, CARLA, CARLA]),
    ("prints", [VERA, CARLA, CARLA]),
    ("prints/cards", [VERA, CARLA, CARLA]),
    ("prints/slips", [VERA, CARLA, CARLA]),
    ("prints/statements", [VERA, VERA, VERA]),
    ("prints/hall", [VERA, VERA, VERA]),
    ("circulation", [VERA, CARLA, AXEL]),
];

fn asked(double: &mut Double, viewer: Id, path: &str, locale: &str) -> Result<Page, PageError> {
    double.actor = Actor::Person(viewer);
    let query = vec![("of".to_owned(), ROSAS.to_string())];
    let request = Request { path: path.into(), locale: locale.into(), query };
    double.call(|host| render(host, &request))
}

#[test]
fn p1_the_books_and_the_counter_lose_nothing_to_the_host_and_are_shown_to_whom_they_are_for() {
    let mut double = town();
    for number in 0..5 {
        transfer(&mut double, 50 + number, TOMS, ROSAS, 10, TransferKind::Post, "bread");
        double.now += 31 * 86_400_000_000;
    }
    for (path, seen_by) in DESKS {
        for locale in ["en", "es"] {
            for viewer in [VERA, AXEL, CARLA, TOM] {
                let page = asked(&mut double, viewer, path, locale);
                if !seen_by.contains(&viewer) && path != "circulation" {
                    assert!(matches!(page, Err(PageError::Refused(_))), "{path} for {viewer}: {page:?}");
                    continue;
                }
                let page = page.unwrap();
                unharmed(&page.html);
                assert!(!page.html.contains('⟦') && !page.title.contains('⟦'), "{path}: {}", page.html);
                assert!(page.navigation.iter().all(|(_, title)| !title.contains('⟦')));
            }
        }
    }
}

#[test]
fn an_auditor_reads_the_books_and_has_no_button_that_changes_them() {
    let mut double = town();
    for path in ["books", "books/ledger", "books/account", "books/lists"] {
        let page = asked(&mut double, AXEL, path, "en").unwrap();
        assert!(
            !page.html.contains("action=\"books.") && !page.html.contains("action=\"exchange."),
            "{path}"
        );
    }
    assert!(
        asked(&mut double, VERA, "books/ledger", "en").unwrap().html.contains("action=\"books.set-joining\"")
    );
}

#[test]
fn a_newcomer_opens_her_own_account_where_the_community_lets_her() {
    let mut double = village(LedgerKind::MutualCredit);
    double.add_party(Id(3), "eve", false);
    double.actor = Actor::Console;
    double.call(|host| books::set_joining(host, LEAF, true, Some("25"), None)).unwrap();
    let eve = page(&mut double, Id(3), "", &[]).html;
    assert!(eve.contains("action=\"books.join\"") && eve.contains("up to 25.00 LEAF"), "{eve}");
    double.actor = Actor::Person(Id(3));
    double.call(|host| books::join(host, LEAF)).unwrap();
    let eve = page(&mut double, Id(3), "", &[]).html;
    assert!(!eve.contains("books.join") && eve.contains("up to 25.00 LEAF"), "{eve}");
}

#[test]
fn balances_are_on_a_page_for_whom_the_community_decided() {
    let mut double = village(LedgerKind::MutualCredit);
    let request = Request { path: "balances".into(), locale: "en".into(), query: Vec::new() };
    double.actor = Actor::Stranger;
    assert_eq!(double.call(|host| render(host, &request)), Err(PageError::SignInNeeded));
    double.actor = Actor::Person(TOM);
    assert!(double.call(|host| render(host, &request)).is_err());
    double.actor = Actor::Console;
    double.call(|host| books::set_visibility(host, LEAF, ledger::model::Visibility::Public)).unwrap();
    for actor in [Actor::Stranger, Actor::Person(TOM)] {
        double.actor = actor;
        let shown = double.call(|host| render(host, &request)).unwrap();
        unharmed(&shown.html);
        assert!(shown.html.contains("rosas") && shown.html.contains("toms"), "{}", shown.html);
    }
}

#[test]
fn a_slip_is_entered_at_the_counter_and_its_receipt_is_shown_to_who_entered_it() {
    let mut double = town();
    double.actor = Actor::Person(CARLA);
    assert!(!double.call(|host| ledger::counter::identify(host, 1_001, "1357")).unwrap());
    assert!(asked(&mut double, CARLA, "counter", "en").unwrap().html.contains("4 more may be tried"));
    double.actor = Actor::Person(CARLA);
    assert!(double.call(|host| ledger::counter::identify(host, 1_001, "2580")).unwrap());
    let desk = asked(&mut double, CARLA, "counter", "en").unwrap().html;
    unharmed(&desk);
    assert!(desk.contains("action=\"counter.pay-slip\"") && desk.contains("50.00 LEAF"), "{desk}");
    double.actor = Actor::Person(CARLA);
    let payment = ledger::counter::SlipPayment {
        id: Id(900),
        slip: 7,
        unit: "LEAF".into(),
        payee: "@tom".into(),
        amount: "2,50".into(),
        memo: Some("eggs".into()),
    };
    double.call(|host| ledger::counter::pay(host, payment)).unwrap();
    let receipt = asked(&mut double, CARLA, "receipt", "en").unwrap().html;
    unharmed(&receipt);
    assert!(
        receipt.contains("amount=\"250\"") && receipt.contains("slip 7") && !receipt.contains("eggs"),
        "{receipt}"
    );
    let of = [("transfer", Id(900).to_string())];
    let of: Vec<(&str, &str)> = of.iter().map(|(name, id)| (*name, id.as_str())).collect();
    assert!(page(&mut double, ROSA, "receipt", &of).html.contains("eggs"));
    double.add_party(Id(3), "eve", false);
    double.actor = Actor::Person(Id(3));
    let query = vec![("transfer".to_owned(), Id(900).to_string())];
    let request = Request { path: "receipt".into(), locale: "en".into(), query };
    assert!(matches!(double.call(|host| render(host, &request)), Err(PageError::Refused(_))));
    // Her statement says who entered it.
    assert!(page(&mut double, ROSA, "statement", &[]).html.contains("by CARLA"));
}

#[test]
fn a_statement_is_printed_saved_and_narrowed_to_one_member() {
    let mut double = village(LedgerKind::MutualCredit);
    transfer(&mut double, 50, TOMS, ROSAS, 250, TransferKind::Post, "=cmd|' /C calc'!A0");
    let with = page(&mut double, ROSA, "statement", &[("with", "@tom")]).html;
    assert!(with.contains("amount=\"250\"") && with.contains("filter.party="), "{with}");
    let other = page(&mut double, ROSA, "statement", &[("with", "rosa")]).html;
    assert!(!other.contains("amount=\"250\""), "{other}");
    assert!(
        page(&mut double, ROSA, "statement", &[("with", "@nobody")])
            .html
            .contains("Nobody has this short name")
    );
    let printed = page(&mut double, ROSA, "statement", &[("print", "1")]).html;
    assert!(printed.contains("amount=\"250\"") && !printed.contains("<form"), "{printed}");
    double.actor = Actor::Person(ROSA);
    let file =
        ledger::trade::statement_csv(&mut double, ROSAS, &ledger::statement::Filter::default()).unwrap();
    let mut lines = file.text.lines();
    assert_eq!(lines.next(), Some("date,with,amount,balance,memo,reference,entered-by"));
    assert_eq!(lines.next(), Some("2026-03-02,toms,2.50,2.50,'=cmd|' /C calc'!A0,,TOM"));
    assert_eq!((file.name.as_str(), lines.next()), ("statement-rosas.csv", None));
}

#[test]
fn money_in_circulation_is_what_stands_above_zero_at_each_months_end() {
    let mut double = village(LedgerKind::MutualCredit);
    double.actor = Actor::Console;
    for account in [ROSAS, TOMS] {
        double.call(|host| books::set_limits(host, account, Limits::default())).unwrap();
    }
    let mut expected = Vec::new();
    for number in 0..40_u64 {
        let (from, to) = if number % 3 == 0 { (ROSAS, TOMS) } else { (TOMS, ROSAS) };
        transfer(&mut double, 50 + u128::from(number), from, to, 10 + number, TransferKind::Post, "");
        double.now += 11 * 86_400_000_000;
        let today = double.day();
        expected.push(today);
    }
    let found = ledger::circulation::circulation(&mut double, LEAF).unwrap();
    assert!(found.months.len() > 12, "{}", found.months.len());
    for month in &found.months {
        let mut circulating = 0;
        for account in [ROSAS, TOMS] {
            let at = books::balance_as_of(&mut double, account, &month.end.to_string(), None);
            double.actor = Actor::Console;
            let at = at.or_else(|_| books::balance_as_of(&mut double, account, &month.end.to_string(), None));
            circulating += at.unwrap().balance.max(0);
        }
        assert_eq!(i64::try_from(month.circulating).unwrap(), circulating, "{}", month.end);
    }
    let paid: u64 = found.months.iter().map(|month| month.paid).sum();
    assert_eq!(paid, (0..40).map(|number| 10 + number).sum::<u64>(), "each payment is in one month");
}
