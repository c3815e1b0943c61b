//! The contract as text: which cases its errors have. Read from `wit/ledger`, so that a case that
//! is added there fails the tests until a story reaches it.

use std::collections::BTreeSet;

const FILES: [(&str, &str); 5] = [
    ("types", include_str!("../../../../wit/ledger/types.wit")),
    ("books", include_str!("../../../../wit/ledger/books.wit")),
    ("transfers", include_str!("../../../../wit/ledger/transfers.wit")),
    ("counter", include_str!("../../../../wit/ledger/counter.wit")),
    ("exchange", include_str!("../../../../wit/ledger/exchange.wit")),
];

/// All cases of all error variants, in order, as `interface/variant/case`.
pub fn error_cases() -> Vec<String> {
    let mut cases = Vec::new();
    for (interface, text) in FILES {
        let mut variant = None;
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix("variant ").and_then(|rest| rest.strip_suffix(" {")) {
                variant = Some(name).filter(|name| name.ends_with("error"));
            } else if line == "}" {
                variant = None;
            } else if let (Some(variant), false) = (variant, line.starts_with("//") || line.is_empty()) {
                let case = line.split(['(', ',']).next().unwrap();
                cases.push(format!("{interface}/{variant}/{case}"));
            }
        }
    }
    cases
}

#[test]
fn the_contract_has_its_error_variants_when_it_is_read() {
    let cases = error_cases();
    let variants: BTreeSet<_> = cases.iter().map(|case| case.rsplit_once('/').unwrap().0).collect();
    let expected = [
        "books/error",
        "counter/error",
        "exchange/error",
        "transfers/error",
        "transfers/list-error",
        "types/transfer-error",
    ];
    assert_eq!(variants.into_iter().collect::<Vec<_>>(), expected);
    assert!(cases.len() > 60, "{}", cases.len());
}
