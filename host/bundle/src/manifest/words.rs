//! The small grammars of a manifest: names, interface names, sizes, access words.

use std::fmt;

use semver::Version;

use super::{Access, Kind, NAME_BYTES_MAX, STORAGE_BYTES_MAX};

/// Longest word, in bytes: WIT sets no limit, people and URLs do.
const WORD_BYTES_MAX: usize = 100;

/// Lower-case words of letters and digits joined by single hyphens, each beginning with a letter, as
/// WIT wants it (upper-case words, which WIT also allows, are left out: two names should not differ
/// only by case).
pub(super) fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= WORD_BYTES_MAX
        && text.split('-').all(|part| {
            part.bytes().next().is_some_and(|first| first.is_ascii_lowercase())
                && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}

/// A plugin's name: like a word, but a part may begin with a digit (`co-2`). `host` stands for the
/// native providers in calls and URLs.
pub(crate) fn is_plugin_name(text: &str) -> bool {
    text.len() <= NAME_BYTES_MAX
        && text != "host"
        && text.bytes().next().is_some_and(|first| first.is_ascii_lowercase())
        && text.split('-').all(|part| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}

/// Words that WIT or Rust keeps for itself, and crates that a plugin must not be confused with.
const KEPT_WORDS: [&str; 86] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "bool",
    "borrow",
    "box",
    "break",
    "char",
    "const",
    "constructor",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "export",
    "extern",
    "f32",
    "f64",
    "false",
    "final",
    "flags",
    "fn",
    "for",
    "from",
    "func",
    "future",
    "gen",
    "hamlet-sdk",
    "hamlet-testing",
    "if",
    "impl",
    "import",
    "in",
    "include",
    "interface",
    "let",
    "list",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "option",
    "override",
    "own",
    "package",
    "priv",
    "pub",
    "record",
    "ref",
    "resource",
    "result",
    "return",
    "s16",
    "s32",
    "s64",
    "s8",
    "self",
    "serde",
    "static",
    "std",
    "stream",
    "string",
    "struct",
    "super",
    "test",
    "thiserror",
    "trait",
    "true",
    "try",
    "tuple",
    "type",
    "u16",
    "u32",
    "u64",
    "u8",
    "use",
    "world",
    "yield",
];

/// A name that a plugin, its WIT package and its crate can share.
pub(crate) fn is_template_name(text: &str) -> bool {
    is_plugin_name(text) && is_word(text) && !KEPT_WORDS.contains(&text)
}

/// `namespace:package/interface@1.2.3`.
pub(super) fn is_interface(text: &str) -> bool {
    let parts = || {
        let (namespace, rest) = text.split_once(':')?;
        let (package, rest) = rest.split_once('/')?;
        let (interface, version) = rest.split_once('@')?;
        Some((namespace, package, interface, version))
    };
    parts().is_some_and(|(namespace, package, interface, version)| {
        [namespace, package, interface].into_iter().all(is_word) && Version::parse(version).is_ok()
    })
}

/// A size with its unit, in bytes.
pub(super) fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    let unit: u64 = match unit.trim_start() {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    number.checked_mul(unit).filter(|bytes| *bytes <= STORAGE_BYTES_MAX)
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Query => "query",
            Kind::Command => "command",
        })
    }
}

/// The word of a manifest. (`schedule` is none, see [`Access::Schedule`].)
impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Access::Public => "public",
            Access::Member => "member",
            Access::Ward => "ward",
            Access::Group(group) => return write!(f, "group:{group}"),
            Access::Plugin => "plugin",
            Access::Device => "device",
            Access::Decision => "decision",
            Access::Neighbour => "neighbour",
            Access::Console => "console",
            Access::Schedule => "schedule",
        })
    }
}

pub(super) fn kind(text: &str) -> Option<Kind> {
    match text {
        "query" => Some(Kind::Query),
        "command" => Some(Kind::Command),
        _ => None,
    }
}

pub(super) fn access(text: &str) -> Option<Access> {
    Some(match text {
        "public" => Access::Public,
        "member" => Access::Member,
        "ward" => Access::Ward,
        "plugin" => Access::Plugin,
        "device" => Access::Device,
        "decision" => Access::Decision,
        "neighbour" => Access::Neighbour,
        "console" => Access::Console,
        _ => Access::Group(text.strip_prefix("group:").filter(|group| is_word(group))?.to_owned()),
    })
}
