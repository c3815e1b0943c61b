//! Why JSON is not what a function takes, in words for the person who wrote it.
//!
//! A path is made only once something is wrong: the reader returns outwards through the value and each
//! level adds its own step, so that a call without a mistake pays nothing for good messages.

use serde_json::Value;

use crate::types::{Shape, Type};

/// Characters of a value that a message shows.
const SHOWN_CHARS: usize = 60;
/// Names that a message lists before it says how many more there are.
const SHOWN_NAMES: usize = 40;

/// Why JSON, or a text, is not a value of a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Something else was expected.
    #[error("{}expected {expected}, got {got}", prefix(path))]
    Mismatch {
        /// Where: `transfer.lines[3].amount`; empty for the value itself.
        path: String,
        /// What was expected, in words.
        expected: String,
        /// What was met, shortened.
        got: String,
    },
    /// A field or parameter that is no option is not there.
    #[error("{path}: missing; expected {expected}")]
    Missing {
        /// Which.
        path: String,
        /// What was expected, in words.
        expected: String,
    },
    /// A field or parameter that does not exist.
    #[error("{path}: unknown; there {known}")]
    Unknown {
        /// Which.
        path: String,
        /// Those that exist, in words.
        known: String,
    },
    /// A flag, a parameter in a query string, or a name within one object, that comes twice.
    #[error("{}{name} comes twice", prefix(path))]
    Repeated {
        /// Where.
        path: String,
        /// What comes twice.
        name: String,
    },
    /// More values, inner ones included, than [`crate::json::MAX_VALUES`].
    #[error("{path}: more than {} values in all", crate::json::MAX_VALUES)]
    TooMany {
        /// Where it became too many.
        path: String,
    },
    /// It is not JSON.
    #[error("not JSON: {0}")]
    Syntax(String),
}

impl JsonError {
    /// Where it is, as `transfer.lines[3].amount`; empty for the value itself.
    pub fn path(&self) -> &str {
        match self {
            Self::Mismatch { path, .. }
            | Self::Missing { path, .. }
            | Self::Unknown { path, .. }
            | Self::Repeated { path, .. }
            | Self::TooMany { path } => path,
            Self::Syntax(_) => "",
        }
    }
}

fn prefix(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("{path}: ") }
}

/// A [`JsonError`] on its way out. Boxed, so that a result of the reader stays small.
pub(super) struct Failure {
    kind: Kind,
    /// Steps from the innermost outwards.
    steps: Vec<Step>,
}

enum Kind {
    Mismatch { expected: String, got: String },
    Missing { expected: String },
    Unknown { known: String },
    Repeated { name: String },
    TooMany,
}

enum Step {
    Name(String),
    Index(usize),
}

#[expect(
    clippy::unnecessary_box_returns,
    reason = "an error is returned through every level, and only a box keeps those results small"
)]
impl Failure {
    pub(super) fn mismatch(expected: impl Into<String>, got: impl Into<String>) -> Box<Self> {
        Self::new(Kind::Mismatch { expected: expected.into(), got: got.into() })
    }

    pub(super) fn missing(ty: &Type) -> Box<Self> {
        Self::new(Kind::Missing { expected: expected(ty) })
    }

    pub(super) fn unknown<'a>(names: impl Iterator<Item = &'a str>) -> Box<Self> {
        let names = listed(names);
        let known = if names.is_empty() { "are none".to_owned() } else { format!("are: {names}") };
        Self::new(Kind::Unknown { known })
    }

    pub(super) fn repeated(name: &str) -> Box<Self> {
        Self::new(Kind::Repeated { name: name.to_owned() })
    }

    pub(super) fn too_many() -> Box<Self> {
        Self::new(Kind::TooMany)
    }

    fn new(kind: Kind) -> Box<Self> {
        Box::new(Self { kind, steps: Vec::new() })
    }

    /// It happened in this field, parameter or case.
    pub(super) fn within(mut self: Box<Self>, name: &str) -> Box<Self> {
        self.steps.push(Step::Name(shortened(name)));
        self
    }

    /// It happened in this item of a list.
    pub(super) fn at(mut self: Box<Self>, index: usize) -> Box<Self> {
        self.steps.push(Step::Index(index));
        self
    }
}

impl From<Box<Failure>> for JsonError {
    fn from(failure: Box<Failure>) -> Self {
        let mut path = String::new();
        for step in failure.steps.iter().rev() {
            match step {
                Step::Name(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
                Step::Index(index) => path.extend(["[", &index.to_string(), "]"]),
            }
        }
        match failure.kind {
            Kind::Mismatch { expected, got } => Self::Mismatch { path, expected, got },
            Kind::Missing { expected } => Self::Missing { path, expected },
            Kind::Unknown { known } => Self::Unknown { path, known },
            Kind::Repeated { name } => Self::Repeated { path, name },
            Kind::TooMany => Self::TooMany { path },
        }
    }
}

/// What JSON a type takes, in words.
pub(super) fn expected(ty: &Type) -> String {
    let between = |low: i128, high: i128| format!("an integer from {low} to {high}");
    match ty {
        Type::Bool => "true or false".into(),
        Type::U8 => between(0, u8::MAX.into()),
        Type::U16 => between(0, u16::MAX.into()),
        Type::U32 => between(0, u32::MAX.into()),
        Type::U64 => between(0, u64::MAX.into()),
        Type::S8 => between(i8::MIN.into(), i8::MAX.into()),
        Type::S16 => between(i16::MIN.into(), i16::MAX.into()),
        Type::S32 => between(i32::MIN.into(), i32::MAX.into()),
        Type::S64 => between(i64::MIN.into(), i64::MAX.into()),
        Type::F32 => "a number of at most 3.4e38".into(),
        Type::F64 => "a number".into(),
        Type::Char => "a string of one character".into(),
        Type::String => "a string".into(),
        Type::Id => "an id of 32 hex digits".into(),
        Type::Bytes => "a string in base64url without padding".into(),
        Type::List(_) => "a list".into(),
        Type::Option(inner) => format!("null or {}", expected(inner)),
        Type::Result { .. } => "an object with either ok or err".into(),
        Type::Tuple(types) => format!("a list of {}", types.len()),
        Type::Named(named) => match &named.shape {
            Shape::Record(fields) => {
                let fields = listed(fields.iter().map(|field| &*field.name));
                format!("an object ({}) with {fields}", named.name)
            }
            Shape::Variant(cases) => {
                let shown: Vec<String> = cases
                    .iter()
                    .map(|case| match case.ty {
                        Some(_) => format!("{{\"{}\": …}}", case.name),
                        None => format!("\"{}\"", case.name),
                    })
                    .collect();
                format!("one of {}", listed(shown.iter().map(|case| &**case)))
            }
            Shape::Enum(labels) => {
                format!("one of {}", listed(labels.iter().map(|label| &*label.name)))
            }
            Shape::Flags(labels) => {
                format!("a list of {}", listed(labels.iter().map(|label| &*label.name)))
            }
        },
    }
}

/// What was met, shortened. Looks at nothing within lists and objects.
pub(super) fn got(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => shortened(&number.to_string()),
        Value::String(text) => quoted(text),
        Value::Array(items) if items.is_empty() => "an empty list".into(),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(fields) => match fields.keys().next() {
            None => "an empty object".into(),
            Some(first) if fields.len() == 1 => format!("an object with {}", shortened(first)),
            Some(_) => format!("an object with {} fields", fields.len()),
        },
    }
}

/// A text in quotes, shortened, with control characters escaped.
pub(super) fn quoted(text: &str) -> String {
    Value::String(shortened(text)).to_string()
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    match names.get(..SHOWN_NAMES) {
        Some(shown) if names.len() > SHOWN_NAMES => {
            format!("{} and {} more", shown.join(", "), names.len() - SHOWN_NAMES)
        }
        _ => names.join(", "),
    }
}

impl JsonError {
    /// Puts the name of a parameter before the path.
    pub(super) fn within(mut self, name: &str) -> Self {
        match &mut self {
            Self::Mismatch { path, .. }
            | Self::Missing { path, .. }
            | Self::Unknown { path, .. }
            | Self::Repeated { path, .. }
            | Self::TooMany { path } => {
                let separator = if path.is_empty() || path.starts_with('[') { "" } else { "." };
                *path = format!("{name}{separator}{path}");
            }
            Self::Syntax(message) => *message = format!("{name}: {message}"),
        }
        self
    }
}
