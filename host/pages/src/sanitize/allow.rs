//! The allow-list: which elements and attributes a plugin's page may have, and how each value is checked.
//!
//! A table to read from top to bottom. What is not in it does not exist for a plugin.

use super::rule::Rule;

/// An element that may stay.
#[derive(Debug, Clone, Copy)]
pub struct Allowed {
    /// Its name.
    pub name: &'static str,
    /// Whether a parser ends an open paragraph before it: then it cannot be inside one.
    pub block: bool,
    /// Its attributes beside those that all have.
    pub attributes: &'static [(&'static str, Rule)],
}

/// The classes that a page may use; the host's style sheet says what they look like.
pub const CLASSES: &[&str] = &[
    "actions", "bad", "big", "card", "cards", "danger", "good", "grid", "item", "items", "lead", "list",
    "low", "num", "paper", "primary", "quiet", "row", "secret", "sheet", "soft", "spread", "stat", "tag",
    "warn",
];

/// Attributes of every element.
pub(super) const EVERYWHERE: &[(&str, Rule)] = &[
    ("id", Rule::Id),
    ("class", Rule::Class),
    ("title", Rule::Text(300)),
    ("lang", Rule::Language),
    ("dir", Rule::OneOf(&["ltr", "rtl", "auto"])),
    ("hidden", Rule::Flag),
    ("role", Rule::OneOf(&["group", "note", "status", "alert"])),
    ("aria-label", Rule::Text(300)),
    ("aria-labelledby", Rule::Ids),
    ("aria-describedby", Rule::Ids),
    ("aria-hidden", Rule::OneOf(&["true", "false"])),
    ("aria-current", Rule::OneOf(&["page", "step", "true"])),
];

const fn block(name: &'static str) -> Allowed {
    Allowed { name, block: true, attributes: &[] }
}

const fn inline(name: &'static str) -> Allowed {
    Allowed { name, block: false, attributes: &[] }
}

const fn with(base: Allowed, attributes: &'static [(&'static str, Rule)]) -> Allowed {
    Allowed { attributes, ..base }
}

const COMPLETIONS: Rule =
    Rule::OneOf(&["on", "off", "name", "email", "tel", "street-address", "postal-code"]);

const CELL: &[(&str, Rule)] = &[
    ("colspan", Rule::Number(100)),
    ("rowspan", Rule::Number(100)),
    ("headers", Rule::Ids),
    ("scope", Rule::OneOf(&["row", "col", "rowgroup", "colgroup"])),
    ("abbr", Rule::Text(100)),
];

/// What a field of type `input` may be. Passwords and files are asked for by the host alone.
pub(super) const INPUT_TYPES: &[&str] = &[
    "text",
    "search",
    "tel",
    "url",
    "email",
    "number",
    "range",
    "date",
    "time",
    "datetime-local",
    "month",
    "week",
    "checkbox",
    "radio",
    "hidden",
    "color",
    "submit",
];

/// Every element that may stay.
pub const ELEMENTS: &[Allowed] = &[
    // Parts of a page.
    block("div"),
    block("section"),
    block("article"),
    block("header"),
    block("footer"),
    block("nav"),
    block("aside"),
    block("h2"),
    block("h3"),
    block("h4"),
    block("h5"),
    block("h6"),
    block("p"),
    block("hr"),
    block("pre"),
    block("blockquote"),
    block("address"),
    block("figure"),
    block("figcaption"),
    with(block("details"), &[("open", Rule::Flag)]),
    block("summary"),
    // Lists.
    block("ul"),
    with(block("ol"), &[("start", Rule::Integer), ("reversed", Rule::Flag), ("type", Rule::OneOf(&["1"]))]),
    with(block("li"), &[("value", Rule::Integer)]),
    block("dl"),
    block("dt"),
    block("dd"),
    // Tables.
    block("table"),
    inline("caption"),
    with(inline("colgroup"), &[("span", Rule::Number(100))]),
    with(inline("col"), &[("span", Rule::Number(100))]),
    inline("thead"),
    inline("tbody"),
    inline("tfoot"),
    inline("tr"),
    with(inline("th"), CELL),
    with(inline("td"), CELL),
    // Words.
    with(inline("a"), &[("href", Rule::Href), ("hreflang", Rule::Language)]),
    inline("abbr"),
    inline("b"),
    inline("bdi"),
    inline("bdo"),
    inline("br"),
    inline("cite"),
    inline("code"),
    with(inline("data"), &[("value", Rule::Text(100))]),
    with(inline("del"), &[("datetime", Rule::Time)]),
    inline("dfn"),
    inline("em"),
    inline("i"),
    with(inline("ins"), &[("datetime", Rule::Time)]),
    inline("kbd"),
    inline("mark"),
    inline("q"),
    inline("s"),
    inline("samp"),
    inline("small"),
    inline("span"),
    inline("strong"),
    inline("sub"),
    inline("sup"),
    with(inline("time"), &[("datetime", Rule::Time)]),
    inline("u"),
    inline("var"),
    inline("wbr"),
    with(
        inline("img"),
        &[
            ("src", Rule::Blob),
            ("alt", Rule::Text(500)),
            ("width", Rule::Number(4_096)),
            ("height", Rule::Number(4_096)),
        ],
    ),
    with(
        inline("meter"),
        &[
            ("value", Rule::Decimal),
            ("min", Rule::Decimal),
            ("max", Rule::Decimal),
            ("low", Rule::Decimal),
            ("high", Rule::Decimal),
            ("optimum", Rule::Decimal),
        ],
    ),
    with(inline("progress"), &[("value", Rule::Decimal), ("max", Rule::Decimal)]),
    // Forms.
    with(
        block("form"),
        &[("action", Rule::Action), ("return", Rule::Page), ("autocomplete", Rule::OneOf(&["on", "off"]))],
    ),
    with(block("fieldset"), &[("disabled", Rule::Flag)]),
    inline("legend"),
    with(inline("label"), &[("for", Rule::Id)]),
    with(
        inline("input"),
        &[
            ("type", Rule::OneOf(INPUT_TYPES)),
            ("name", Rule::Name),
            ("value", Rule::Text(4_000)),
            ("placeholder", Rule::Text(200)),
            ("required", Rule::Flag),
            ("readonly", Rule::Flag),
            ("disabled", Rule::Flag),
            ("checked", Rule::Flag),
            ("min", Rule::Text(30)),
            ("max", Rule::Text(30)),
            ("step", Rule::Text(30)),
            ("minlength", Rule::Number(100_000)),
            ("maxlength", Rule::Number(100_000)),
            ("size", Rule::Number(100)),
            ("inputmode", Rule::OneOf(&["text", "decimal", "numeric", "tel", "search", "email", "url"])),
            ("autocomplete", COMPLETIONS),
            ("list", Rule::Id),
        ],
    ),
    with(inline("button"), &[("name", Rule::Name), ("value", Rule::Text(4_000)), ("disabled", Rule::Flag)]),
    with(
        inline("select"),
        &[
            ("name", Rule::Name),
            ("required", Rule::Flag),
            ("multiple", Rule::Flag),
            ("disabled", Rule::Flag),
            ("size", Rule::Number(20)),
            ("autocomplete", COMPLETIONS),
        ],
    ),
    with(inline("optgroup"), &[("label", Rule::Text(200)), ("disabled", Rule::Flag)]),
    with(
        inline("option"),
        &[
            ("value", Rule::Text(4_000)),
            ("label", Rule::Text(200)),
            ("selected", Rule::Flag),
            ("disabled", Rule::Flag),
        ],
    ),
    inline("datalist"),
    with(
        inline("textarea"),
        &[
            ("name", Rule::Name),
            ("rows", Rule::Number(40)),
            ("cols", Rule::Number(200)),
            ("minlength", Rule::Number(100_000)),
            ("maxlength", Rule::Number(100_000)),
            ("placeholder", Rule::Text(200)),
            ("required", Rule::Flag),
            ("readonly", Rule::Flag),
            ("disabled", Rule::Flag),
            ("autocomplete", COMPLETIONS),
        ],
    ),
    // The host's own: data in, and nothing else. What is inside is shown where one cannot be drawn.
    with(
        inline("h-money"),
        &[
            ("amount", Rule::Integer),
            ("scale", Rule::Number(18)),
            ("unit", Rule::Text(16)),
            ("sign", Rule::OneOf(&["always"])),
        ],
    ),
    with(
        inline("h-time"),
        &[("value", Rule::Integer), ("format", Rule::OneOf(&["date", "time", "datetime", "relative"]))],
    ),
    // Its `id` is whose chip it is, not a place on the page.
    with(inline("h-party"), &[("id", Rule::Hex)]),
    with(block("h-qr"), &[("href", Rule::Page), ("text", Rule::Text(1_000)), ("label", Rule::Text(200))]),
    // Nothing of it is the plugin's: the host draws it, in its own words.
    block("h-scan"),
    // A file is asked for by the host alone: it cleans the picture and keeps it, and the function gets its hash.
    with(inline("h-picture"), &[("name", Rule::Name), ("value", Rule::Text(64))]),
    block("h-live"),
    with(block("h-content"), &[("name", Rule::Text(80))]),
    with(block("h-share"), &[("href", Rule::Page), ("text", Rule::Text(300))]),
    with(
        block("h-frame"),
        &[("src", Rule::Static), ("title", Rule::Text(200)), ("height", Rule::Number(1_200))],
    ),
    with(
        block("h-chart"),
        &[
            ("kind", Rule::OneOf(&["line", "bar", "stacked"])),
            ("scale", Rule::Number(18)),
            ("unit", Rule::Text(16)),
        ],
    ),
    with(
        block("h-progress"),
        &[("value", Rule::Integer), ("max", Rule::Integer), ("label", Rule::Text(200))],
    ),
];

/// What goes with all that is in it: code, other languages, other documents, and text that a parser reads by other
/// rules. Everything else that is not allowed is taken apart, and its text stays.
pub(super) const GONE: &[&str] = &[
    "script",
    "style",
    "template",
    "svg",
    "math",
    "iframe",
    "object",
    "embed",
    "applet",
    "noscript",
    "noembed",
    "noframes",
    "frame",
    "frameset",
    "title",
    "xmp",
    "plaintext",
    "audio",
    "video",
    "canvas",
    "map",
    "area",
    "portal",
    "fencedframe",
    "base",
    "link",
    "meta",
    "param",
    "source",
    "track",
    "selectedcontent",
];

/// The entry of an element. Two headings would be the page's: the shell has the first.
pub(super) fn allowed(name: &str) -> Option<&'static Allowed> {
    let name = if name == "h1" { "h2" } else { name };
    ELEMENTS.iter().find(|allowed| allowed.name == name)
}

/// The rule of an attribute of an element.
pub(super) fn rule(element: &Allowed, attribute: &str) -> Option<(&'static str, Rule)> {
    let own = element.attributes.iter().find(|(name, _)| *name == attribute);
    own.or_else(|| EVERYWHERE.iter().find(|(name, _)| *name == attribute)).copied()
}
