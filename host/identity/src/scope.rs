//! What a token may do: patterns over functions, queries only, large bodies.
//!
//! A scope only narrows. What its owner may not do, no token of hers may.

use hamlet_bundle::Kind;

/// Most patterns a token.
pub(crate) const PATTERNS_MAX: usize = 64;

/// Longest pattern in bytes.
pub(crate) const PATTERN_LENGTH_MAX: usize = 200;

/// What a token may do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// Patterns `PLUGIN/INTERFACE/FUNCTION`, a part may be `*`. Empty: all.
    pub functions: Vec<String>,
    /// Queries only.
    pub read_only: bool,
    /// Bodies of imports, up to 8 MiB.
    pub bulk: bool,
}

impl Scope {
    /// Whether the token may call this function. `interface` is the short name, without version.
    ///
    /// A narrowed token never makes or ends tokens: it could make itself a wider one.
    pub fn admits(&self, plugin: &str, interface: &str, function: &str, kind: Kind) -> bool {
        if kind == Kind::Command {
            if self.read_only {
                return false;
            }
            if !self.functions.is_empty() && plugin == "host" && interface == "tokens" {
                return false;
            }
        }
        self.functions.is_empty()
            || self.functions.iter().any(|pattern| matches(pattern, [plugin, interface, function]))
    }

    /// Whether everything is admitted.
    pub fn is_whole(&self) -> bool {
        self.functions.is_empty() && !self.read_only
    }
}

fn matches(pattern: &str, names: [&str; 3]) -> bool {
    let mut parts = pattern.split('/');
    names.into_iter().all(|name| parts.next().is_some_and(|part| part == "*" || part == name))
        && parts.next().is_none()
}

/// Whether a text is a pattern at all.
pub(crate) fn is_pattern(text: &str) -> bool {
    let is_part = |part: &str| {
        part == "*"
            || (!part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'))
    };
    text.len() <= PATTERN_LENGTH_MAX && text.split('/').count() == 3 && text.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(functions: &[&str], read_only: bool) -> Scope {
        let functions = functions.iter().map(|&text| text.to_owned()).collect();
        Scope { functions, read_only, bulk: false }
    }

    #[test]
    fn a_function_is_admitted_when_a_pattern_names_it() {
        type Row<'a> = (&'a [&'a str], bool, &'a str, &'a str, &'a str, Kind, bool);
        let rows: [Row<'_>; 11] = [
            (&[], false, "shop", "stall", "sell", Kind::Command, true),
            (&["shop/*/*"], false, "shop", "stall", "sell", Kind::Command, true),
            (&["shop/*/*"], false, "shops", "stall", "sell", Kind::Command, false),
            (&["shop/stall/sell"], false, "shop", "stall", "sell", Kind::Command, true),
            (&["shop/stall/sell"], false, "shop", "stall", "sales", Kind::Query, false),
            (&["*/*/*"], true, "shop", "stall", "sell", Kind::Command, false),
            (&["*/*/*"], true, "shop", "stall", "sales", Kind::Query, true),
            (&[], true, "shop", "stall", "sell", Kind::Command, false),
            (&["host/tokens/create"], false, "host", "tokens", "create", Kind::Command, false),
            (&["host/tokens/list"], false, "host", "tokens", "list", Kind::Query, true),
            (&[], false, "host", "tokens", "create", Kind::Command, true),
        ];
        for (patterns, read_only, plugin, interface, function, kind, expected) in rows {
            let scope = scope(patterns, read_only);
            assert_eq!(
                scope.admits(plugin, interface, function, kind),
                expected,
                "{patterns:?} {read_only} {plugin}/{interface}/{function}"
            );
        }
    }

    #[test]
    fn a_pattern_is_refused_when_it_has_not_three_parts() {
        for bad in ["", "shop", "shop/stall", "shop/stall/sell/x", "shop//sell", "Shop/*/*", "shop/*/se*l"] {
            assert!(!is_pattern(bad), "{bad}");
        }
        assert!(is_pattern("shop/*/sell") && is_pattern("*/*/*"));
    }
}
