//! Names that one format allows and another does not. Every mapping here is one-to-one: two
//! accounts never become one, which would add up balances that nobody meant to add.

use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;

/// The account through which amounts change commodity, so that each commodity sums to zero.
pub const CONVERSION: &str = "Equity:Conversion";
/// The other side of hledger's unbalanced virtual postings.
pub const VIRTUAL: &str = "Equity:Virtual";

/// The longest code of an account, in bytes.
pub const CODE_BYTES_MAX: usize = 100;

/// Whether this is the code of an account: 1 to 100 of letters, digits, hyphen and colon.
pub fn is_code(text: &str) -> bool {
    (1..=CODE_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b':'))
}

/// Codes for the accounts of one journal, in their order; no two are the same.
///
/// A name that is a code already stays, so that what was exported comes back under its own codes.
/// Others are spelt out:
///
/// - letters, digits and colons stay;
/// - between two letters or digits, a hyphen stays and a blank becomes two hyphens;
/// - any other character becomes three hyphens, its number in hexadecimal, and a hyphen.
///
/// What is then longer than 100, or the name of another account of this journal, is cut at 79 and
/// ends in five hyphens and 16 digits of its hash.
pub fn codes(names: &[&str]) -> Vec<String> {
    let taken: HashSet<&str> = names.iter().copied().filter(|name| is_code(name)).collect();
    let code = |name: &&str| {
        if is_code(name) {
            return (*name).to_owned();
        }
        let code = spelt_out(name);
        if is_code(&code) && !taken.contains(code.as_str()) { code } else { cut(code, name) }
    };
    names.iter().map(code).collect()
}

/// A name by the rule of [`codes`], which never gives the same for two names, nor five hyphens in a row.
fn spelt_out(name: &str) -> String {
    let plain = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let mut code = String::with_capacity(name.len() + 8);
    let mut characters = name.chars().peekable();
    let mut before = None;
    while let Some(c) = characters.next() {
        let inside = plain(before) && plain(characters.peek().copied());
        match c {
            _ if c.is_ascii_alphanumeric() || c == ':' => code.push(c),
            '-' if inside => code.push('-'),
            ' ' if inside => code.push_str("--"),
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(code, "---{:x}-", u32::from(c));
            }
        }
        before = Some(c);
    }
    code
}

/// A code that is too long or taken, with the hash of its name.
fn cut(mut code: String, name: &str) -> String {
    const KEPT: usize = CODE_BYTES_MAX - 5 - 16;
    code.truncate(KEPT);
    let _ = write!(code, "-----{}", hash16(name));
    code
}

/// Units for the commodities of one journal, in their order; no two are the same.
///
/// A name that is a unit already (2 to 12 of A-Z and 0-9) stays. Then `€`, `$` and the like get
/// the names below and others their letters and digits in capitals; where that is taken or nothing
/// is left, `X` and the bytes of the name, or of its hash, in hexadecimal.
pub fn units(commodities: &[&str]) -> Vec<String> {
    let mut taken: HashSet<String> =
        commodities.iter().filter(|c| is_unit(c)).map(ToString::to_string).collect();
    let mut units = Vec::with_capacity(commodities.len());
    for name in commodities {
        if is_unit(name) {
            units.push((*name).to_owned());
            continue;
        }
        let friendly = match *name {
            "" => "NONE".to_owned(),
            "$" => "DOLLAR".to_owned(),
            "€" => "EUR".to_owned(),
            "£" => "POUND".to_owned(),
            "¥" => "YEN".to_owned(),
            "₹" => "RUPEE".to_owned(),
            "₿" => "BTC".to_owned(),
            other => {
                other.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
            }
        };
        let bytes = hexadecimal(name.as_bytes()).to_uppercase();
        let hash = hash16(name).to_uppercase();
        let hash = hash.get(..11).unwrap_or_default();
        let mut candidates = [friendly, format!("X{bytes}"), format!("X{hash}")]
            .into_iter()
            .chain((0..).map(|n| format!("X{n}")));
        if let Some(unit) = candidates.find(|unit| is_unit(unit) && !taken.contains(unit)) {
            taken.insert(unit.clone());
            units.push(unit);
        }
    }
    units
}

/// Whether this is the unit of a ledger: 2 to 12 of A-Z and 0-9.
pub fn is_unit(text: &str) -> bool {
    (2..=12).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

/// How a unit is called in Beancount, where a commodity begins with a letter. One-to-one.
pub fn beancount_commodity(unit: &str) -> Cow<'_, str> {
    if unit.starts_with(|c: char| c.is_ascii_uppercase()) {
        Cow::Borrowed(unit)
    } else {
        Cow::Owned(format!("X-{unit}"))
    }
}

/// How a unit is called in hledger, where a commodity with digits stands in quotes.
pub fn hledger_commodity(unit: &str) -> Cow<'_, str> {
    if unit.bytes().all(|c| c.is_ascii_alphabetic()) {
        Cow::Borrowed(unit)
    } else {
        Cow::Owned(format!("\"{unit}\""))
    }
}

/// How an account is called in Beancount, where names have one of five roots and each part begins
/// with a capital or a digit. One-to-one: parts that do not, or that begin with `X-` themselves, get
/// `X-` in front, and codes with another root go below `Equity:X-Ledger`.
pub fn beancount_account(code: &str) -> Cow<'_, str> {
    const ROOTS: [&str; 5] = ["Assets", "Liabilities", "Equity", "Income", "Expenses"];
    let fits = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit()) && !part.starts_with("X-")
    };
    let rooted = code.split_once(':').filter(|(root, _)| ROOTS.contains(root));
    let (prefix, rest) = match rooted {
        Some((_, rest)) if rest.split(':').all(fits) => return Cow::Borrowed(code),
        Some((root, rest)) => (root, rest),
        None => ("Equity:X-Ledger", code),
    };
    let mut name = prefix.to_owned();
    for part in rest.split(':') {
        name.push_str(if fits(part) { ":" } else { ":X-" });
        name.push_str(part);
    }
    Cow::Owned(name)
}

/// 16 hexadecimal digits of a name's hash.
fn hash16(name: &str) -> String {
    hexadecimal(Sha256::digest(name.as_bytes()).get(..8).unwrap_or_default())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// The inverse of [`spelt_out`]: it exists, so the mapping is one-to-one.
    fn name(code: &str) -> Option<String> {
        let (mut name, mut rest) = (String::new(), code);
        while let Some(c) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("---") {
                let (hex, after) = after.split_once('-')?;
                name.push(char::from_u32(u32::from_str_radix(hex, 16).ok()?)?);
                rest = after;
            } else if let Some(after) = rest.strip_prefix("--") {
                name.push(' ');
                rest = after;
            } else {
                name.push(c);
                rest = rest.get(c.len_utf8()..)?;
            }
        }
        Some(name)
    }

    #[test]
    fn names_become_codes_by_the_stated_rule() {
        for (from, to) in [
            ("Assets:Bank", "Assets:Bank"),
            ("Opening-Balances", "Opening-Balances"),
            ("a--b", "a--b"),
            ("assets:bank of ireland:current", "assets:bank--of--ireland:current"),
            ("a - b", "a---20----2d----20-b"),
            ("Rosa's", "Rosa---27-s"),
            ("é", "---e9-"),
            ("-a:ü-", "---2d-a:---fc----2d-"),
        ] {
            assert_eq!(codes(&[from]), [to], "{from}");
        }
        assert_eq!(codes(&["a b", "a--b"]), ["a--b-----c8687a08aa5d6ed2", "a--b"]);
        assert_eq!(codes(&[&"x".repeat(101)]).first().map(String::len), Some(100));
        assert!(is_code(&codes(&[""]).concat()));
    }

    #[test]
    fn commodities_become_units_that_differ() {
        let names = [
            "$",
            "USD",
            "EUR",
            "€",
            "hours",
            "",
            "HOURS",
            "Foo Bar",
            "A",
            "\u{1f411}",
            "DOLLAR",
            "very long commodity",
        ];
        let units = units(&names);
        assert_eq!(units.len(), names.len());
        let expected = [
            "X24",
            "USD",
            "EUR",
            "XE282AC",
            "X686F757273",
            "NONE",
            "HOURS",
            "FOOBAR",
            "X41",
            "XF09F9091",
            "DOLLAR",
        ];
        assert!(units.iter().zip(expected).all(|(found, expected)| found == expected), "{units:?}");
        assert_eq!(units.iter().collect::<HashSet<_>>().len(), names.len());
    }

    #[test]
    fn beancount_accounts_have_its_form() {
        for (from, to) in [
            ("Assets:Bank", "Assets:Bank"),
            ("Assets", "Equity:X-Ledger:Assets"),
            ("members:rosa", "Equity:X-Ledger:X-members:X-rosa"),
            ("Assets:bank:X-y:9", "Assets:X-bank:X-X-y:9"),
            ("Equity::a", "Equity:X-:X-a"),
        ] {
            assert_eq!(beancount_account(from), to, "{from}");
        }
    }

    proptest! {
        #[test]
        fn what_is_spelt_out_leads_back_to_its_name(original in "[a-c:é '\\-]{1,24}|\\PC{1,12}") {
            let code = spelt_out(&original);
            prop_assert!(!code.contains("-----"), "{}", code);
            prop_assert_eq!(name(&code), Some(original));
        }

        #[test]
        fn codes_are_codes_and_differ(names in proptest::collection::hash_set("[a ]-{0,2}[a ]|\\PC{0,40}", 0..12)) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let codes = codes(&names);
            prop_assert!(codes.iter().all(|code| is_code(code)), "{:?}", codes);
            prop_assert_eq!(codes.iter().collect::<HashSet<_>>().len(), names.len());
        }

        #[test]
        fn beancount_accounts_do_not_collide(a in "(Equity:|Assets:|)(X-|[aX0:-]){0,6}", b in "(Equity:|Assets:|)(X-|[aX0:-]|Ledger){0,6}") {
            prop_assert_eq!(a == b, beancount_account(&a) == beancount_account(&b));
        }

        #[test]
        fn units_are_units_and_differ(names in proptest::collection::hash_set("\\PC{0,6}", 0..12)) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let units = units(&names);
            prop_assert_eq!(units.len(), names.len());
            prop_assert!(units.iter().all(|unit| is_unit(unit)));
            prop_assert_eq!(units.iter().collect::<HashSet<_>>().len(), names.len());
        }
    }
}
