//! How the value of an attribute is checked, and what is kept of it. Pure; whatever comes out is safe to write.

use super::allow::CLASSES;
use super::links;

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
