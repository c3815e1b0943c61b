//! A community moves in: the host's people and the ledger's balances, in one transaction.

use hamlet_testing::{Refusal, Uuid, Value, json};

use crate::common::{LEAF, Village, hex, in_both_modes, transfer};

fn newcomers(handles: &[&str]) -> Value {
    let one = |handle: &&str| json!({ "kind": "person", "handle": handle, "name": handle, "phone": "", "email": "", "address": "" });
    handles.iter().map(one).collect()
}

fn rows(list: &[(&str, &str)]) -> Value {
    let row = |(handle, balance): &(&str, &str)| json!({ "handle": handle, "cells": [balance, "10", ""] });
    list.iter().map(row).collect()
}

/// The people and their balances; the move's id.
fn comes(village: &Village, list: &[(&str, &str)], rest: Option<&str>) -> Result<String, (usize, Refusal)> {
    let id = hex_of(village.0.new_key());
    let handles: Vec<&str> = list.iter().map(|(handle, _)| *handle).collect();
    let people = json!({ "move": id, "newcomers": newcomers(&handles) });
    let balances = json!({ "move": id, "book": hex(LEAF), "rows": rows(list), "rest": rest });
    let calls = [("host", "moves.bring", people), ("ledger", "moving-in.bring", balances)];
    village.0.call_all("steward", &calls).map(|()| id)
}

fn goes(village: &Village, id: &str) -> Result<(), (usize, Refusal)> {
    let moved = village.0.call("steward", "host", "moves.get", json!({ "move": id })).unwrap();
    let parties: Vec<Value> =
        moved["arrivals"].as_array().unwrap().iter().map(|one| one["party"].clone()).collect();
    let calls = [
        ("host", "moves.undo", json!({ "move": id })),
        ("ledger", "moving-in.undo", json!({ "move": id, "parties": parties })),
    ];
    village.0.call_all("steward", &calls)
}

fn hex_of(key: Uuid) -> String {
    key.simple().to_string()
}

fn account(village: &Village, handle: &str) -> Option<Value> {
    let found =
        village.call("steward", "find-account", json!({ "unit": "LEAF", "code": format!("@{handle}") }));
    let id = found.ok()?;
    Some(village.ok("steward", "get-account", json!({ "account": id })))
}

fn case(refused: &(usize, Refusal)) -> (usize, String) {
    (refused.0, refused.1.case().to_owned())
}

#[test]
fn people_and_balances_come_together_or_not_at_all_and_go_together() {
    in_both_modes(|village| {
        // There is a rest, and nobody said where it goes: nobody is here either.
        let list = [("ana", "12,50"), ("ben", "-30")];
        assert_eq!(case(&comes(village, &list, None).unwrap_err()), (1, "rest-needed".into()));
        assert!(village.0.call("steward", "host", "members.find", json!({ "handle": "ana" })).is_err());
        let id = comes(village, &list, Some("opening-balances")).unwrap();
        let ana = account(village, "ana").unwrap();
        assert_eq!((&ana["balance"], &ana["limits"]["credit"]), (&json!("1250"), &json!("1000")), "{ana}");
        assert_eq!(account(village, "ben").unwrap()["balance"], "-3000");
        let rest =
            village.ok("steward", "find-account", json!({ "unit": "LEAF", "code": "opening-balances" }));
        let rest = village.ok("tom", "get-account", json!({ "account": rest }));
        assert_eq!(rest["balance"], "1750", "the commons' accounts are for all to see: {rest}");
        // Undone alone it is not, and with the people it is.
        let alone = json!({ "move": id, "parties": [] });
        assert_eq!(village.refused("steward", "moving-in.undo", alone), "still-here");
        goes(village, &id).unwrap();
        assert!(account(village, "ana").is_none());
        // Anew, under the same short names; then one of them is paid, and it stays.
        let id = comes(village, &list, Some("opening-balances")).unwrap();
        let ana: u128 =
            u128::from_str_radix(account(village, "ana").unwrap()["id"].as_str().unwrap(), 16).unwrap();
        let mut gift = transfer(77, crate::common::TOMS, 1, 5, json!("post"));
        gift["credit"] = json!(format!("{ana:032x}"));
        village.submit("tom", gift);
        assert_eq!(case(&goes(village, &id).unwrap_err()), (1, "happened-since".into()));
        assert_eq!(account(village, "ana").unwrap()["balance"], "1255");
        assert!(village.0.call("steward", "host", "members.find", json!({ "handle": "ana" })).is_ok());
    });
}

#[test]
fn a_steward_cannot_write_into_the_account_of_somebody_who_was_here() {
    in_both_modes(|village| {
        village.0.person("eve").unwrap();
        village.0.advance_seconds(5);
        for who in ["tom", "eve"] {
            let order = json!({
                "move": hex_of(village.0.new_key()), "book": hex(LEAF), "rows": rows(&[(who, "-500")]),
                "rest": "opening-balances",
            });
            assert_eq!(
                village.refused("steward", "moving-in.bring", order.clone()),
                format!("not-new \"{who}\"")
            );
            assert_eq!(village.call("tom", "moving-in.bring", order).unwrap_err().case(), "denied");
        }
        let asks = json!({ "book": hex(LEAF), "rows": rows(&[("x", "1.250")]), "language": "es-MX" });
        let told = village.ok("steward", "moving-in.check", asks);
        assert!(told["faults"][0]["why"].as_str().unwrap().contains("1250,00"), "{told}");
    });
}

#[test]
fn a_whole_village_moves_in_at_once() {
    in_both_modes(|village| {
        let handles: Vec<String> = (0..500).map(|number| format!("member-{number}")).collect();
        let list: Vec<(&str, &str)> = handles
            .iter()
            .enumerate()
            .map(|(at, handle)| (handle.as_str(), if at % 2 == 0 { "10.01" } else { "-10.01" }))
            .collect();
        let id = comes(village, &list, None).unwrap();
        assert_eq!(account(village, "member-499").unwrap()["balance"], "-1001");
        goes(village, &id).unwrap();
    });
}
