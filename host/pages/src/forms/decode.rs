//! Fields to the JSON that the API takes, with an error for each field that does not do.

use hamlet_reflect::{Function, Id, Shape, Type, json};
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::fields::Entry;
use super::{Field, FieldError};
use crate::draw::instant_from_local;
use crate::words::Say;

/// The word for an id that is not there yet.
pub(super) const NEW_ID: &str = "new";
/// Most items of one list.
const ITEMS_MAX: usize = 1_000;
/// Most values of a form, inner ones included.
const VALUES_MAX: usize = 20_000;
/// Errors that are worth showing.
const ERRORS_MAX: usize = 50;

/// A function's arguments as JSON from the fields of a form, or what is wrong with which field.
///
/// `zone`: how a date and time without a zone is meant. `new`: the id that the word `new` stands for, the next one
/// for the second of them: from the form's idempotency key, so that the form sent twice says the same.
pub fn from_fields(
    function: &Function,
    fields: &[Field],
    say: &Say,
    zone: &TimeZone,
    new: Option<Id>,
) -> Result<Value, Vec<FieldError>> {
    let tree = Entry::tree(fields);
    let mut reader = Reader { say, zone, new, errors: Vec::new(), left: VALUES_MAX };
    let mut arguments = Map::new();
    for param in &function.params {
        let value = reader.value(&param.ty, tree.children.get(&param.name), &param.name);
        if !(param.ty.is_option() && value.is_null()) {
            arguments.insert(param.name.clone(), value);
        }
    }
    for stranger in
        tree.children.keys().filter(|name| function.params.iter().all(|param| param.name != **name))
    {
        // A button's own name says which was pressed.
        if stranger != super::MORE {
            reader.stranger(stranger);
        }
    }
    let arguments = Value::Object(arguments);
    if reader.errors.is_empty()
        && let Err(error) = json::arguments(function, &arguments)
    {
        let path = error.path().replace('[', ".").replace(']', "");
        reader.errors.push(FieldError { path, message: format!("{error}.") });
    }
    if reader.errors.is_empty() { Ok(arguments) } else { Err(reader.errors) }
}

struct Reader<'a> {
    say: &'a Say,
    zone: &'a TimeZone,
    new: Option<Id>,
    errors: Vec<FieldError>,
    left: usize,
}

impl Reader<'_> {
    fn value(&mut self, ty: &Type, entry: Option<&Entry>, path: &str) -> Value {
        match self.left.checked_sub(1) {
            Some(left) => self.left = left,
            None => {
                return self.error("", "form-too-large");
            }
        }
        let last = entry.and_then(Entry::value);
        match ty {
            Type::Option(inner) => self.option(inner, entry, path),
            Type::Bool => match last.map(str::trim) {
                None | Some("" | "false") => Value::Bool(false),
                Some("true" | "on" | "1" | "yes") => Value::Bool(true),
                Some(_) => self.error(path, "form-choose-yes-no"),
            },
            Type::String => match last {
                Some(text) => Value::String(text.to_owned()),
                None => self.missing(path),
            },
            Type::List(item) => self.list(item, entry, path),
            Type::Tuple(types) => {
                let values = types.iter().enumerate().map(|(index, ty)| {
                    let segment = index.to_string();
                    self.value(ty, child(entry, &segment), &format!("{path}.{segment}"))
                });
                Value::Array(values.collect())
            }
            Type::Result { ok, err } => {
                let cases = [("ok", ok.as_deref()), ("err", err.as_deref())];
                self.case(&cases, entry, path, true)
            }
            Type::Named(named) => match &named.shape {
                Shape::Record(members) => {
                    let mut object = Map::new();
                    for member in members {
                        let path = format!("{path}.{}", member.name);
                        let value = self.value(&member.ty, child(entry, &member.name), &path);
                        if !(member.ty.is_option() && value.is_null()) {
                            object.insert(member.name.clone(), value);
                        }
                    }
                    let given = entry.into_iter().flat_map(|entry| entry.children.keys());
                    for stranger in given.filter(|name| members.iter().all(|member| member.name != **name)) {
                        self.stranger(&format!("{path}.{stranger}"));
                    }
                    Value::Object(object)
                }
                Shape::Variant(cases) => {
                    let cases: Vec<_> =
                        cases.iter().map(|case| (case.name.as_str(), case.ty.as_ref())).collect();
                    self.case(&cases, entry, path, false)
                }
                Shape::Flags(_) => {
                    let mut set: Vec<Value> = Vec::new();
                    for label in entry.into_iter().flat_map(|entry| &entry.values) {
                        let label = Value::from(label.trim());
                        if label != "" && !set.contains(&label) {
                            set.push(label);
                        }
                    }
                    self.checked(ty, Value::Array(set), path)
                }
                Shape::Enum(_) => match last.map(str::trim).filter(|text| !text.is_empty()) {
                    Some(label) => self.checked(ty, Value::from(label), path),
                    None => self.choose(path),
                },
            },
            scalar => self.scalar(scalar, last, path),
        }
    }

    fn option(&mut self, inner: &Type, entry: Option<&Entry>, path: &str) -> Value {
        let Some(given) = entry else { return Value::Null };
        match given.control.as_deref() {
            Some("none") => Value::Null,
            None if given.is_blank() => Value::Null,
            _ => self.value(inner, entry, path),
        }
    }

    fn list(&mut self, item: &Type, entry: Option<&Entry>, path: &str) -> Value {
        let Some(entry) = entry else { return Value::Array(Vec::new()) };
        let mut items = Vec::new();
        if let Some(count) = entry.children.get("~").and_then(Entry::value) {
            let Some(count) = count.parse::<usize>().ok().filter(|count| *count <= ITEMS_MAX) else {
                return self.too_many(path);
            };
            for index in 0..count {
                let segment = index.to_string();
                items.push(self.value(item, entry.children.get(&segment), &format!("{path}.{segment}")));
            }
            return Value::Array(items);
        }
        for text in entry.values.iter().filter(|text| !text.trim().is_empty()) {
            let one = Entry { values: vec![text.clone()], ..Entry::default() };
            items.push(self.value(item, Some(&one), path));
        }
        let mut rows: Vec<(usize, &String, &Entry)> = entry
            .children
            .iter()
            .filter_map(|(segment, row)| Some((segment.parse().ok()?, segment, row)))
            .filter(|(_, _, row)| !row.is_blank())
            .collect();
        rows.sort_by_key(|(index, ..)| *index);
        for (_, segment, row) in rows {
            items.push(self.value(item, Some(row), &format!("{path}.{segment}")));
        }
        if items.len() > ITEMS_MAX { self.too_many(path) } else { Value::Array(items) }
    }

    /// A variant, or a result: which has `null` where it carries nothing.
    fn case(
        &mut self,
        cases: &[(&str, Option<&Type>)],
        entry: Option<&Entry>,
        path: &str,
        result: bool,
    ) -> Value {
        let chosen = entry.and_then(Entry::value).map(str::trim).filter(|text| !text.is_empty());
        // Without a choice, the only case that something was filled in for.
        let chosen = chosen.or_else(|| {
            let mut filled = entry?.children.iter().filter(|(_, child)| !child.is_blank());
            let (name, _) = filled.next()?;
            filled.next().is_none().then_some(name.as_str())
        });
        let Some(chosen) = chosen else { return self.choose(path) };
        let Some((name, ty)) = cases.iter().find(|(name, _)| *name == chosen) else {
            return self.choose(path);
        };
        let value = match ty {
            Some(ty) => self.value(ty, child(entry, name), &format!("{path}.{name}")),
            None if result => Value::Null,
            None => return Value::from(*name),
        };
        let mut object = Map::new();
        object.insert((*name).to_owned(), value);
        Value::Object(object)
    }

    fn scalar(&mut self, ty: &Type, text: Option<&str>, path: &str) -> Value {
        let Some(text) = text else { return self.missing(path) };
        let text = if *ty == Type::Char { text } else { text.trim() };
        if text.is_empty() && *ty != Type::Bytes {
            return self.missing(path);
        }
        if *ty == Type::Id
            && text == NEW_ID
            && let Some(id) = self.new
        {
            self.new = Some(Id(id.0.wrapping_add(1)));
            return Value::String(id.to_string());
        }
        let read = json::from_text(ty, text).ok();
        if let Some(value) = read {
            return json::from_val(ty, &value);
        }
        let instant = || u64::try_from(instant_from_local(text, self.zone)?).ok();
        match (ty, instant()) {
            (Type::U64, Some(instant)) if text.contains('T') => Value::String(instant.to_string()),
            _ => {
                let message = expected(ty, self.say);
                self.tell(path, message)
            }
        }
    }

    /// A value that is checked by its type alone.
    fn checked(&mut self, ty: &Type, value: Value, path: &str) -> Value {
        if json::to_val(ty, &value).is_ok() { value } else { self.choose(path) }
    }

    fn missing(&mut self, path: &str) -> Value {
        self.error(path, "form-missing")
    }

    fn choose(&mut self, path: &str) -> Value {
        self.error(path, "form-choose-one")
    }

    fn too_many(&mut self, path: &str) -> Value {
        self.error(path, "form-too-many")
    }

    fn stranger(&mut self, name: &str) {
        let shown: String = name.chars().take(60).collect();
        let message = self.say.with("form-stranger", &[("name", &shown)]);
        self.tell("", message);
    }

    fn error(&mut self, path: &str, id: &str) -> Value {
        let message = self.say.t(id);
        self.tell(path, message)
    }

    fn tell(&mut self, path: &str, message: String) -> Value {
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(FieldError { path: path.to_owned(), message });
        }
        Value::Null
    }
}

fn child<'a>(entry: Option<&'a Entry>, segment: &str) -> Option<&'a Entry> {
    entry?.children.get(segment)
}

/// What a scalar takes, as a sentence.
fn expected(ty: &Type, say: &Say) -> String {
    let between = |low: i128, high: i128| {
        say.with("form-between", &[("low", &low.to_string()), ("high", &high.to_string())])
    };
    match ty {
        Type::U8 => between(0, u8::MAX.into()),
        Type::U16 => between(0, u16::MAX.into()),
        Type::U32 => between(0, u32::MAX.into()),
        Type::S8 => between(i8::MIN.into(), i8::MAX.into()),
        Type::S16 => between(i16::MIN.into(), i16::MAX.into()),
        Type::S32 => between(i32::MIN.into(), i32::MAX.into()),
        Type::U64 => say.t("form-not-negative"),
        Type::S64 => say.t("form-whole-number"),
        Type::F32 | Type::F64 => say.t("form-number"),
        Type::Char => say.t("form-letter"),
        Type::Id => say.t("form-id"),
        _ => say.t("form-unreadable"),
    }
}
