//! The allow-list: which elements and attributes a plugin's page may have, and how each value is checked.
//!
//! A table to read from top to bottom. What is not in it does not exist for a plugin.

use super::links;

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

/// How the value of an attribute is checked, and what is kept of it.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    /// There or not; the value is dropped.
    Flag,
    /// Digits, at most this number.
    Number(u32),
    /// An integer, with a sign or without, of at most 20 digits.
    Integer,
    /// A number as HTML writes it, of at most 30 characters.
    Decimal,
    /// Text of at most so many characters, longer is cut.
    Text(usize),
    /// One of these, in lower case.
    OneOf(&'static [&'static str]),
    /// An id; prefixed.
    Id,
    /// References to ids; prefixed.
    Ids,
    /// A field's name; prefixed.
    Name,
    /// An address (`links`).
    Href,
    /// The address of an own blob.
    Blob,
    /// A static file of the plugin.
    Static,
    /// A function, or a page of the plugin.
    Action,
    /// A page of the plugin.
    Page,
    /// Classes of [`CLASSES`].
    Class,
    /// A language tag.
    Language,
    /// 32 hex digits.
    Hex,
    /// A date, time or both, as HTML writes them.
    Time,
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

impl Rule {
    /// What is kept of a value; none: the attribute is dropped.
    pub(super) fn check(self, plugin: &str, value: &str) -> Option<String> {
        match self {
            Self::Flag => Some(String::new()),
            Self::Number(most) => {
                let number: u32 = digits(value, 9)?.parse().ok()?;
                (number <= most).then(|| number.to_string())
            }
            Self::Integer => {
                let bare = value.strip_prefix('-').unwrap_or(value);
                digits(bare, 20).map(|_| value.to_owned())
            }
            Self::Decimal => {
                let known = |byte: u8| byte.is_ascii_digit() || b".-eE+".contains(&byte);
                ((1..=30).contains(&value.len()) && value.bytes().all(known)).then(|| value.to_owned())
            }
            Self::Text(most) => Some(clean(value).chars().take(most).collect()),
            Self::OneOf(words) => {
                let value = value.trim().to_ascii_lowercase();
                words.contains(&value.as_str()).then_some(value)
            }
            Self::Id => links::id(value),
            Self::Ids => links::ids(value),
            Self::Name => links::name(value),
            Self::Href => links::target(plugin, value).map(links::Target::into_text),
            Self::Blob => links::blob(plugin, value),
            Self::Static => links::statics(plugin, value),
            Self::Action => links::action(plugin, value),
            Self::Page => links::inside(plugin, value),
            Self::Class => {
                let known: Vec<&str> =
                    value.split_ascii_whitespace().filter(|class| CLASSES.contains(class)).take(10).collect();
                (!known.is_empty()).then(|| known.join(" "))
            }
            Self::Language => {
                let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
                ((1..=35).contains(&value.len()) && value.bytes().all(known)).then(|| value.to_owned())
            }
            Self::Hex => {
                let good = value.len() == 32 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
                good.then(|| value.to_ascii_lowercase())
            }
            Self::Time => {
                let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-:.+ ".contains(&byte);
                ((1..=40).contains(&value.len()) && value.bytes().all(known)).then(|| value.to_owned())
            }
        }
    }
}

fn digits(text: &str, most: usize) -> Option<&str> {
    let good = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    good.then_some(text)
}

/// Text as a parser would read it back: one kind of line break, nothing that is no character.
pub(super) fn clean(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "")
}
