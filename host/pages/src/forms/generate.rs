//! A form for a function that has no page of its own: labels and help from names and docs.

use std::fmt::Write as _;

use hamlet_reflect::{Function, Shape, Type};

use super::decode::NEW_ID;
use super::hints::{is_date, is_instant, is_long, is_party, sentence, words};
use super::{Field, fields::Entry};
use crate::PREFIX;
use crate::tree::{Element, Node};
use crate::words::Say;

/// The name of a button that asks for more rows of a list instead of sending the form; its value is the list.
pub const MORE: &str = "~more";

/// Rows of a list that is not filled in yet.
const ROWS: usize = 2;
/// Rows that are shown beyond those filled in, when more are asked for.
const ROWS_MORE: usize = 3;
/// Most fields of a form; a function that takes more is called otherwise.
const FIELDS_MAX: usize = 400;

/// The form of a function. `action` names it, as in a page (`interface.function`). `given`, if the form was sent
/// before, says how many rows its lists have; [`super::fill`] puts what was typed into them.
pub fn form(function: &Function, action: &str, given: &[Field], say: &Say) -> Element {
    let mut maker = Maker { say, given: Entry::tree(given), left: FIELDS_MAX };
    let mut form = Element::new("form").with("action", action);
    for param in &function.params {
        form.children.extend(maker.field(&param.name, "", &param.ty, &param.name, true));
    }
    if maker.left == 0 {
        let text = say.t("form-not-shown");
        return Element::new("p").with("class", "warn").text(text);
    }
    let send =
        Element::new("button").with("class", "primary").with("type", "submit").text(words(&function.name));
    form.child(Element::new("p").with("class", "actions").child(send))
}

struct Maker<'a> {
    say: &'a Say,
    given: Entry,
    left: usize,
}

impl Maker<'_> {
    /// What asks for one value. `asked`: it must be given.
    fn field(&mut self, name: &str, docs: &str, ty: &Type, path: &str, asked: bool) -> Vec<Node> {
        let Some(left) = self.left.checked_sub(1) else { return Vec::new() };
        self.left = left;
        match ty {
            Type::Option(inner) => match &**inner {
                Type::Bool => {
                    let rows =
                        [("", "–"), ("true", &*self.say.t("value-yes")), ("false", &*self.say.t("value-no"))];
                    let options = rows.map(|(value, label)| option(value, label.to_owned()));
                    self.labelled(name, docs, path, select(path, false, options.into()), false)
                }
                inner if compound(inner) => self.perhaps(name, docs, inner, path),
                inner => self.field(name, docs, inner, path, false),
            },
            Type::Bool => {
                let tick = input(path, "checkbox").with("value", "true");
                let label = Element::new("label").with("class", "row").child(tick).text(words(name));
                let mut group = Element::new("div").with("class", "item").child(label);
                help(&mut group, docs);
                vec![group.into()]
            }
            Type::List(item) => self.list(name, docs, item, path),
            Type::Tuple(types) => {
                let parts: Vec<Node> = types
                    .iter()
                    .enumerate()
                    .flat_map(|(index, ty)| {
                        let label = format!("{} {}", self.say.t("form-part"), index + 1);
                        self.field(&label, "", ty, &format!("{path}.{index}"), asked)
                    })
                    .collect();
                group(name, docs, parts)
            }
            Type::Result { ok, err } => {
                let cases = [("ok", "", ok.as_deref()), ("err", "", err.as_deref())];
                self.cases(name, docs, &cases, path, asked)
            }
            Type::Named(named) => match &named.shape {
                Shape::Record(members) => {
                    let parts: Vec<Node> = members
                        .iter()
                        .flat_map(|member| {
                            let path = format!("{path}.{}", member.name);
                            self.field(&member.name, &member.docs, &member.ty, &path, asked)
                        })
                        .collect();
                    group(name, if docs.is_empty() { &named.docs } else { docs }, parts)
                }
                Shape::Variant(cases) => {
                    let cases: Vec<_> = cases
                        .iter()
                        .map(|case| (case.name.as_str(), case.docs.as_str(), case.ty.as_ref()))
                        .collect();
                    self.cases(name, docs, &cases, path, asked)
                }
                Shape::Enum(labels) => {
                    let labels =
                        labels.iter().map(|label| option(&label.name, with_docs(&label.name, &label.docs)));
                    let first = option("", self.say.t("form-choose"));
                    let options = std::iter::once(first).chain(labels).collect();
                    self.labelled(name, docs, path, select(path, asked, options), asked)
                }
                Shape::Flags(labels) => {
                    let ticks = labels.iter().map(|label| {
                        let tick = input(path, "checkbox").with("value", label.name.as_str());
                        let text = with_docs(&label.name, &label.docs);
                        Element::new("label").with("class", "row").child(tick).text(text).into()
                    });
                    group(name, docs, ticks.collect())
                }
            },
            scalar => {
                let control = Self::control(name, scalar, path, asked);
                let docs = if docs.is_empty() { self.scalar_help(name, scalar) } else { docs.to_owned() };
                self.labelled(name, &docs, path, control, asked)
            }
        }
    }

    fn control(name: &str, ty: &Type, path: &str, asked: bool) -> Element {
        let number = |low: i64, high: i64| {
            input(path, "number").with("min", low.to_string()).with("max", high.to_string()).with("step", "1")
        };
        let control = match ty {
            Type::U8 => number(0, u8::MAX.into()),
            Type::U16 => number(0, u16::MAX.into()),
            Type::U32 => number(0, u32::MAX.into()),
            Type::S8 => number(i8::MIN.into(), i8::MAX.into()),
            Type::S16 => number(i16::MIN.into(), i16::MAX.into()),
            Type::S32 => number(i32::MIN.into(), i32::MAX.into()),
            Type::U64 if is_instant(name, ty) => input(path, "datetime-local"),
            // 64 bits are more than a browser's own number fields hold.
            Type::U64 | Type::S64 => input(path, "text").with("inputmode", "numeric"),
            Type::F32 | Type::F64 => input(path, "text").with("inputmode", "decimal"),
            // What is made gets an id of its own, unless she has one.
            Type::Id if name == "id" => input(path, "text").with("maxlength", "32").with("value", NEW_ID),
            Type::Id => input(path, "text").with("maxlength", "32").with("autocomplete", "off"),
            Type::Char => input(path, "text").with("maxlength", "2"),
            Type::String if is_date(name) => input(path, "date"),
            Type::String if is_long(name) => named(Element::new("textarea"), path).with("rows", "3"),
            Type::Bytes => named(Element::new("textarea"), path).with("rows", "2"),
            _ => input(path, "text"),
        };
        // An empty text is a value; anything else that must be given must not be empty.
        if asked && !matches!(ty, Type::String | Type::Bytes) {
            control.with("required", "")
        } else {
            control
        }
    }

    fn scalar_help(&self, name: &str, ty: &Type) -> String {
        match ty {
            Type::Id if is_party(name, ty) => self.say.t("form-party-help"),
            Type::Id if name == "id" => self.say.t("form-new-help"),
            Type::Id => self.say.t("form-id-help"),
            Type::Bytes => self.say.t("form-bytes-help"),
            _ => String::new(),
        }
    }

    fn labelled(&self, name: &str, docs: &str, path: &str, control: Element, asked: bool) -> Vec<Node> {
        let mut label = Element::new("label").with("for", id_of(path)).text(words(name));
        if !asked {
            let mark =
                Element::new("span").with("class", "soft").text(format!(" {}", self.say.t("form-optional")));
            label = label.child(mark);
        }
        let mut group = Element::new("div").with("class", "item").child(label);
        help(&mut group, docs);
        vec![group.child(control).into()]
    }

    /// Something compound that may be left out: a box to tick, and the fields.
    fn perhaps(&mut self, name: &str, docs: &str, inner: &Type, path: &str) -> Vec<Node> {
        let control = format!("{path}~");
        let absent = input(&control, "hidden").with("value", "none");
        let tick = input(&control, "checkbox").with("value", "some");
        let text = format!("{} {}", self.say.t("form-with"), words(name).to_lowercase());
        let label = Element::new("label").with("class", "row").child(tick).text(text);
        let mut parts = vec![absent.into(), label.into()];
        // What is inside is asked for only when the box is ticked, which a browser does not know.
        parts.extend(self.field(name, "", inner, path, false));
        group(name, docs, parts)
    }

    fn list(&mut self, name: &str, docs: &str, item: &Type, path: &str) -> Vec<Node> {
        let filled = self.rows_given(path);
        let mut parts = Vec::new();
        for index in 0..filled.max(ROWS) {
            let label = format!("{} {}", words(name), index + 1);
            parts.extend(self.field(&label, "", item, &format!("{path}.{index}"), false));
        }
        let more = Element::new("button")
            .with("class", "quiet")
            .with("name", format!("{PREFIX}{MORE}"))
            .with("value", path)
            .with("type", "submit");
        parts.push(more.text(self.say.t("form-more-rows")).into());
        group(name, docs, parts)
    }

    /// How many rows of a list were sent, and some more if that is what was asked for.
    fn rows_given(&self, path: &str) -> usize {
        let mut entry = Some(&self.given);
        for segment in path.split('.') {
            entry = entry.and_then(|entry| entry.children.get(segment));
        }
        let rows = entry.into_iter().flat_map(|entry| entry.children.keys());
        let rows = rows.filter_map(|segment| segment.parse::<usize>().ok()).max().map_or(0, |last| last + 1);
        let asked = self.given.children.get(MORE).and_then(Entry::value) == Some(path);
        rows.min(FIELDS_MAX) + if asked { ROWS_MORE } else { 0 }
    }

    fn cases(
        &mut self,
        name: &str,
        docs: &str,
        cases: &[(&str, &str, Option<&Type>)],
        path: &str,
        asked: bool,
    ) -> Vec<Node> {
        let first = option("", self.say.t("form-choose"));
        let labels = cases.iter().map(|(case, docs, _)| option(case, with_docs(case, docs)));
        let options = std::iter::once(first).chain(labels).collect();
        let mut parts = self.labelled(name, docs, path, select(path, asked, options), asked);
        for (case, docs, ty) in cases {
            let Some(ty) = ty else { continue };
            let inside = self.field(case, docs, ty, &format!("{path}.{case}"), false);
            parts.push(Element::new("div").with("class", "list").children(inside).into());
        }
        group(name, "", parts)
    }
}

fn compound(ty: &Type) -> bool {
    match ty {
        Type::Tuple(_) | Type::Result { .. } => true,
        Type::Named(named) => matches!(named.shape, Shape::Record(_) | Shape::Variant(_)),
        _ => false,
    }
}

fn id_of(path: &str) -> String {
    format!("{PREFIX}field-{}", path.replace('~', "_"))
}

fn named(element: Element, path: &str) -> Element {
    element.with("id", id_of(path)).with("name", format!("{PREFIX}{path}"))
}

fn input(path: &str, kind: &str) -> Element {
    let input = Element::new("input").with("type", kind);
    // Boxes are inside their labels, and several may have one name.
    if matches!(kind, "checkbox" | "hidden") {
        input.with("name", format!("{PREFIX}{path}"))
    } else {
        named(input, path)
    }
}

fn select(path: &str, asked: bool, options: Vec<Node>) -> Element {
    let select = named(Element::new("select"), path).children(options);
    if asked { select.with("required", "") } else { select }
}

fn option(value: &str, label: String) -> Node {
    Element::new("option").with("value", value).text(label).into()
}

fn with_docs(name: &str, docs: &str) -> String {
    let mut text = words(name);
    let docs = sentence(docs);
    if !docs.is_empty() {
        let shown: String = docs.chars().take(80).collect();
        // Writing into a `String` cannot fail.
        let _ = write!(text, ": {shown}");
    }
    text
}

fn help(group: &mut Element, docs: &str) {
    let docs = sentence(docs);
    if !docs.is_empty() {
        group.children.push(Element::new("p").with("class", "soft").text(docs).into());
    }
}

fn group(name: &str, docs: &str, parts: Vec<Node>) -> Vec<Node> {
    let mut group = Element::new("fieldset").child(Element::new("legend").text(words(name)));
    help(&mut group, docs);
    vec![group.children(parts).into()]
}
