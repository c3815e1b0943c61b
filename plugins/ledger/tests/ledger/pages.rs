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
        id: Id(id),
        debit: from,
        credit: to,
        amount,
        kind,
        code: 0,
        effective: None,
        memo: (!memo.is_empty()).then(|| memo.to_owned()),
        reference: None,
        corrects: None,
        linked: false,
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
            assert_eq!(page.navigation.len(), PAGES.len());
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
