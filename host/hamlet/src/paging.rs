//! `hamlet call … --all`: functions that answer in parts, asked until there is no more.
//!
//! A function answers in parts when its answer is a record with a field `next` and it takes that
//! value back in a parameter: `cursor`, where it shows a list page by page, or `skip`, where it does
//! a long piece of work some at a time. In the one answer that is made of the parts, lists and texts
//! are joined, the numbers of a work are added up, and of anything else the last part's stands.
//! When nothing but one field is left beside `next`, that field's value is the answer.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};
use hamlet_reflect::{Field, Function, Shape, Type};
use serde_json::{Map, Value};

use crate::call::{flags, only_record};
use crate::client::Reply;

/// The parameter of functions that show a list page by page.
pub const CURSOR: &str = "cursor";
/// The parameter of functions that work in parts.
pub const SKIP: &str = "skip";
/// The field of an answer that says where the next part begins.
const NEXT: &str = "next";

/// How a function answers in parts.
#[derive(Debug)]
pub struct Paging<'a> {
    /// The parameter that takes `next` back.
    parameter: &'static str,
    /// The record in which the parameter stands, when that is the function's only parameter.
    inside: Option<&'a str>,
    /// The fields of an answer, `next` among them.
    fields: &'a [Field],
}

impl<'a> Paging<'a> {
    /// How this function answers in parts, if it does.
    pub fn of(function: &'a Function) -> Result<Self> {
        let fields = match function.result.as_ref() {
            Some(Type::Result { ok: Some(ok), .. }) => record(ok),
            Some(other) => record(other),
            None => None,
        };
        let next = fields.and_then(|fields| fields.iter().find(|field| field.name == NEXT));
        let (Some(fields), Some(Type::Option(next))) = (fields, next.map(|field| &field.ty)) else {
            bail!("it answers in one part: its answer has no `{NEXT}`")
        };
        let takes = |flag: &Type| match flag {
            Type::Option(inner) => inner == next,
            plain => *plain == **next,
        };
        let flags = flags(function);
        let parameter = [CURSOR, SKIP]
            .into_iter()
            .find(|name| flags.iter().any(|flag| flag.name == *name && takes(flag.ty)))
            .with_context(|| format!("it has neither `{CURSOR}` nor `{SKIP}` for what `{NEXT}` gives"))?;
        if let Some(field) = fields.iter().find(|field| matches!(field.ty, Type::Bytes)) {
            bail!("its parts cannot be joined: `{}` is bytes", field.name);
        }
        Ok(Self { parameter, inside: only_record(function).map(|(name, _)| name), fields })
    }

    /// Sets where the next part begins.
    fn go_on(&self, arguments: &mut Value, next: Value) {
        let record = match self.inside {
            Some(name) => arguments.get_mut(name),
            None => Some(arguments),
        };
        if let Some(record) = record.and_then(Value::as_object_mut) {
            record.insert(self.parameter.to_owned(), next);
        }
    }

    /// Adds a part to those before it.
    fn join(&self, whole: &mut Map<String, Value>, part: Map<String, Value>) -> Result<()> {
        for (name, value) in part {
            let ty = self.fields.iter().find(|field| field.name == name).map(|field| &field.ty);
            match (ty, whole.get_mut(&name), value) {
                (Some(Type::List(_)), Some(Value::Array(before)), Value::Array(more)) => before.extend(more),
                (Some(Type::String), Some(Value::String(before)), Value::String(more)) => {
                    before.push_str(&more);
                }
                (Some(ty), Some(before), more) if self.parameter == SKIP && is_integer(ty) => {
                    *before = sum(before, &more)
                        .with_context(|| format!("`{name}` cannot be added up: {before} and {more}"))?;
                }
                (_, _, value) => {
                    whole.insert(name, value);
                }
            }
        }
        Ok(())
    }

    /// The answer that the parts are together.
    fn answer(&self, mut whole: Map<String, Value>) -> Value {
        whole.remove(NEXT);
        match self.fields {
            [one, other] => {
                let field = if one.name == NEXT { other } else { one };
                whole.remove(&field.name).unwrap_or_default()
            }
            _ => Value::Object(whole),
        }
    }
}

/// Calls until there is no `next`; gives the parts as one answer, or the first refusal.
pub fn all(
    paging: &Paging<'_>,
    mut arguments: Value,
    mut call: impl FnMut(&Value) -> Result<Reply>,
) -> Result<Reply> {
    let mut whole = Map::new();
    let mut seen = BTreeSet::new();
    loop {
        let part = match call(&arguments)? {
            Reply::Done(Value::Object(part)) => part,
            Reply::Done(other) => bail!("this is no part of an answer: {other}"),
            refused @ Reply::Problem(_) => {
                if !seen.is_empty() {
                    eprintln!("{} parts before this one were done.", seen.len());
                }
                return Ok(refused);
            }
        };
        let next = part.get(NEXT).cloned().unwrap_or_default();
        paging.join(&mut whole, part)?;
        if next.is_null() {
            return Ok(Reply::Done(paging.answer(whole)));
        }
        // A function that sends in a circle would be asked for ever.
        if !seen.insert(next.to_string()) {
            bail!("the function sends to `{next}` a second time");
        }
        paging.go_on(&mut arguments, next);
    }
}

fn record(ty: &Type) -> Option<&[Field]> {
    match ty {
        Type::Named(named) => match &named.shape {
            Shape::Record(fields) => Some(fields),
            _ => None,
        },
        _ => None,
    }
}

fn is_integer(ty: &Type) -> bool {
    use Type::{S8, S16, S32, S64, U8, U16, U32, U64};
    matches!(ty, U8 | U16 | U32 | U64 | S8 | S16 | S32 | S64)
}

/// The sum of two integers, written as the first of them: those of 64 bits are strings (C4).
fn sum(before: &Value, more: &Value) -> Option<Value> {
    let integer = |value: &Value| match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_i128(),
        _ => None,
    };
    let sum = i128::checked_add(integer(before)?, integer(more)?)?;
    match before {
        Value::String(_) => Some(Value::String(sum.to_string())),
        _ => i64::try_from(sum).ok().map(Value::from),
    }
}

#[cfg(test)]
mod tests {
    use hamlet_reflect::parse_texts;
    use serde_json::json;

    use super::*;
    use crate::client::Problem;

    const WIT: &str = "package a:b@1.0.0;
        /// Docs.
        interface lists {
            /// A page.
            record page { items: list<u32>, total: u64, next: option<string> }
            /// A report.
            record report { new: u32, big: u64, last: bool, notes: list<string>, next: option<u32> }
            /// A piece.
            record piece { text: string, next: option<string> }
            /// A piece of bytes.
            record raw { data: list<u8>, next: option<string> }
            /// What to read.
            record wish { unit: string, cursor: option<string> }
            /// Page by page.
            shelf: func(limit: u32, cursor: option<string>) -> result<page>;
            /// Part by part.
            work: func(skip: u32) -> report;
            /// Text.
            read: func(wish: wish) -> piece;
            /// Bytes.
            bytes: func(cursor: option<string>) -> raw;
            /// At once.
            whole: func() -> u32;
            /// What it gives cannot be given back.
            stuck: func(cursor: option<u32>) -> piece;
        }";

    fn function(name: &str) -> Function {
        let interfaces = parse_texts(&[("lists.wit", WIT)]).unwrap();
        Function::clone(interfaces[0].function(name).unwrap())
    }

    /// Answers in turn, and notes what was asked.
    fn asked(name: &str, arguments: Value, answers: &[Value]) -> (Result<Reply>, Vec<Value>) {
        let function = function(name);
        let (mut asked, mut answers) = (Vec::new(), answers.iter());
        let reply = all(&Paging::of(&function).unwrap(), arguments, |arguments| {
            asked.push(arguments.clone());
            Ok(match answers.next() {
                Some(answer) if answer.get("type").is_some() => {
                    Reply::Problem(Problem { document: answer.clone() })
                }
                Some(answer) => Reply::Done(answer.clone()),
                None => bail!("asked once too often"),
            })
        });
        (reply, asked)
    }

    fn done(reply: Result<Reply>) -> Value {
        match reply.unwrap() {
            Reply::Done(value) => value,
            Reply::Problem(problem) => panic!("{}", problem.sentence()),
        }
    }

    #[test]
    fn pages_are_one_list_when_all_are_asked_for() {
        let pages =
            [json!({"items": [1, 2], "total": "3", "next": "2"}), json!({"items": [3], "total": "3"})];
        let (reply, asked) = asked("shelf", json!({"limit": 2}), &pages);
        assert_eq!(done(reply), json!({"items": [1, 2, 3], "total": "3"}));
        assert_eq!(asked, [json!({"limit": 2}), json!({"limit": 2, "cursor": "2"})]);
    }

    #[test]
    fn counts_of_a_work_are_added_up_when_it_is_done_in_parts() {
        let parts = [
            json!({"new": 2, "big": "9223372036854775807", "last": false, "notes": ["a"], "next": 200}),
            json!({"new": 3, "big": "1", "last": true, "notes": []}),
        ];
        let (reply, asked) = asked("work", json!({"skip": 0}), &parts);
        let expected = json!({"new": 5, "big": "9223372036854775808", "last": true, "notes": ["a"]});
        assert_eq!(done(reply), expected);
        assert_eq!(asked, [json!({"skip": 0}), json!({"skip": 200})]);
    }

    #[test]
    fn a_text_in_pieces_is_the_answer_itself_when_nothing_else_is_in_it() {
        let pieces = [json!({"text": "one\n", "next": "b"}), json!({"text": "two\n", "next": null})];
        let (reply, asked) = asked("read", json!({"wish": {"unit": "LEAF"}}), &pieces);
        assert_eq!(done(reply), json!("one\ntwo\n"));
        assert_eq!(asked[1], json!({"wish": {"unit": "LEAF", "cursor": "b"}}));
    }

    #[test]
    fn the_first_refusal_is_the_answer_when_a_part_is_refused() {
        let answers = [json!({"items": [], "next": "b"}), json!({"type": "/problems/busy"})];
        let (reply, asked) = asked("shelf", json!({}), &answers);
        assert!(matches!(reply, Ok(Reply::Problem(problem)) if problem.case() == "busy"));
        assert_eq!(asked.len(), 2);
    }

    #[test]
    fn a_function_that_sends_in_a_circle_is_an_error_when_it_does_so() {
        let page = |next: &str| json!({"items": [], "next": next});
        let (reply, asked) = asked("shelf", json!({}), &[page("b"), page("c"), page("b")]);
        assert!(reply.is_err_and(|error| error.to_string().contains("a second time")));
        assert_eq!(asked.len(), 3);
    }

    #[test]
    fn what_does_not_answer_in_parts_is_refused_with_the_reason() {
        for (name, reason) in [
            ("whole", "has no `next`"),
            ("stuck", "neither `cursor` nor `skip`"),
            ("bytes", "`data` is bytes"),
        ] {
            let error = Paging::of(&function(name)).unwrap_err().to_string();
            assert!(error.contains(reason), "{name}: {error}");
        }
    }
}
