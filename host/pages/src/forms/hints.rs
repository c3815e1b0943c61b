//! What a name says about a value that its type does not: WIT's `instant` and `party-id` are a number and an id once
//! their aliases are followed. A wrong guess costs looks, never meaning: fields take the plain form too.

use hamlet_reflect::Type;

/// Whether a `u64` of this name is a point in time.
pub(super) fn is_instant(name: &str, ty: &Type) -> bool {
    *ty == Type::U64 && names_instant(name)
}

/// Whether a whole number of 64 bits with this name is a point in time.
pub fn names_instant(name: &str) -> bool {
    // `password` and `second-factor`: since when there is one (`hamlet:host/credentials`).
    const NAMES: [&str; 21] = [
        "at",
        "since",
        "until",
        "created",
        "recorded",
        "opened",
        "closed",
        "deadline",
        "expires",
        "expired",
        "starts",
        "ends",
        "used",
        "changed",
        "made",
        "earliest",
        "ready",
        "sent",
        "confirmed",
        "password",
        "second-factor",
    ];
    NAMES.contains(&name) || name.ends_with("-at") || name.ends_with("-used")
}

/// Whether an id of this name is a party's.
pub(super) fn is_party(name: &str, ty: &Type) -> bool {
    *ty == Type::Id && names_party(name)
}

/// Whether an id with this name is a party's.
pub fn names_party(name: &str) -> bool {
    const NAMES: [&str; 12] = [
        "owner", "party", "person", "member", "actor", "by", "payer", "payee", "author", "holder",
        "guardian", "audience",
    ];
    NAMES.contains(&name) || name.ends_with("-party") || name.ends_with("-by")
}

/// Whether a string of this name is a calendar day.
pub(super) fn is_date(name: &str) -> bool {
    matches!(name, "date" | "day" | "effective") || name.ends_with("-date") || name.ends_with("-day")
}

/// Whether a string of this name is likely longer than a line.
pub(super) fn is_long(name: &str) -> bool {
    matches!(name, "memo" | "text" | "note" | "description" | "body" | "reason" | "comment" | "message")
}

/// A kebab-case name for people: `set-limits` is `Set limits`.
pub fn words(name: &str) -> String {
    let mut words = name.replace('-', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

/// The first paragraph of a doc comment on one line, without the ticks around names.
pub(super) fn sentence(docs: &str) -> String {
    let paragraph = docs.split("\n\n").next().unwrap_or_default();
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "")
}
