//! JSON by C4 and C5: what goes through unchanged, what is refused, and in which words.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use hamlet_reflect::json::{self, JsonError};
use hamlet_reflect::{Id, Type};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{any_json, any_type, function, type_of, typed_value};
use wasmtime::component::Val;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_value_comes_back_the_same_when_written_and_read((ty, value) in typed_value()) {
        let written = json::render(&ty, &value).unwrap();
        prop_assert_eq!(&json::from_val(&ty, &value), &written);
        let read = json::to_val(&ty, &written);
        prop_assert_eq!(read.as_ref(), Ok(&value), "{}", written);
    }

    #[test]
    fn any_value_comes_back_the_same_when_it_travels_as_text((ty, value) in typed_value()) {
        let text = json::render(&ty, &value).unwrap().to_string();
        let read = json::to_val(&ty, &json::parse(text.as_bytes()).unwrap());
        prop_assert_eq!(read, Ok(value), "{}", text);
    }

    #[test]
    fn any_value_satisfies_the_schema_of_its_type((ty, value) in typed_value()) {
        let mut schemas = json::Schemas::new("#/$defs/");
        let mut schema = schemas.of(&ty);
        schema["$defs"] = schemas.into_components().into();
        let mut compiler = boon::Compiler::new();
        compiler.add_resource("schema.json", schema.clone()).unwrap();
        let mut compiled = boon::Schemas::new();
        let index = compiler.compile("schema.json", &mut compiled).unwrap();
        let written = json::render(&ty, &value).unwrap();
        if let Err(error) = compiled.validate(&written, index) {
            prop_assert!(false, "{error:#}\n{schema:#}\n{written:#}");
        }
    }

    #[test]
    fn canonical_text_is_the_same_when_it_is_read_again((ty, value) in typed_value()) {
        let text = json::canonical(&json::render(&ty, &value).unwrap());
        let again = json::canonical(&json::parse(text.as_bytes()).unwrap());
        prop_assert_eq!(text, again);
    }

    #[test]
    fn arbitrary_json_is_read_or_refused_and_never_panics(ty in any_type(), value in any_json()) {
        if let Ok(read) = json::to_val(&ty, &value) {
            // What was accepted is a value of the type.
            prop_assert!(json::render(&ty, &read).is_ok());
        }
    }

    #[test]
    fn arbitrary_text_is_read_or_refused_and_never_panics(
        ty in any_type(),
        text in "\\PC*|null|true|-?[0-9]{1,22}|[\\[{\"][a-z0-9\",:\\[\\]{}]*",
    ) {
        if let Ok(read) = json::from_text(&ty, &text) {
            prop_assert!(json::render(&ty, &read).is_ok());
        }
        let _ = json::parse(text.as_bytes());
    }

    #[test]
    fn arbitrary_bytes_are_parsed_or_refused_and_never_panic(bytes in any::<Vec<u8>>()) {
        let _ = json::parse(&bytes);
    }

    #[test]
    fn a_value_of_another_type_is_refused_by_render_and_null_for_from_val(
        ty in any_type(), (_, value) in typed_value(),
    ) {
        match json::render(&ty, &value) {
            Ok(written) => prop_assert_eq!(json::from_val(&ty, &value), written),
            Err(_) => { let _ = json::from_val(&ty, &value); }
        }
    }
}

const SHOP: &str = "
    record line { what: string, count: u32, price: u64, note: option<string> }
    enum size { small, large }
    flags extras { sugar, milk, lid }
    variant paid { cash, card(string), later(u64) }
    record order {
        id: u64, lines: list<line>, size: size, extras: extras, paid: paid,
        place: tuple<s16, s16>, tip: option<s64>, photo: option<list<u8>>,
    }
";

fn order() -> Value {
    json!({
        "id": "7",
        "lines": [{ "what": "tea", "count": 2, "price": "250" }],
        "size": "small",
        "extras": ["milk", "sugar"],
        "paid": { "card": "1234" },
        "place": [-3, 4],
        "tip": -5,
    })
}

#[test]
fn a_record_is_read_by_c4_when_all_is_right() {
    let ty = type_of(SHOP, "order");
    let Val::Record(fields) = json::to_val(&ty, &order()).unwrap() else { panic!("no record") };
    assert_eq!(fields[0], ("id".into(), Val::U64(7)));
    assert_eq!(fields[2].1, Val::Enum("small".into()));
    assert_eq!(fields[3].1, Val::Flags(vec!["sugar".into(), "milk".into()]), "in the type's order");
    assert_eq!(fields[4].1, Val::Variant("card".into(), Some(Box::new(Val::String("1234".into())))));
    assert_eq!(fields[5].1, Val::Tuple(vec![Val::S16(-3), Val::S16(4)]));
    assert_eq!(fields[6].1, Val::Option(Some(Box::new(Val::S64(-5)))));
    assert_eq!(fields[7].1, Val::Option(None));
}

#[test]
fn an_answer_has_strings_for_64_bits_and_no_absent_options() {
    let ty = type_of(SHOP, "order");
    let mut expected = order();
    expected["extras"] = json!(["sugar", "milk"]);
    expected["tip"] = json!("-5");
    let value = json::to_val(&ty, &order()).unwrap();
    assert_eq!(json::from_val(&ty, &value), expected);
}

/// A path in the order, what is put there, and what is said.
#[test]
fn an_error_names_path_expectation_and_value_when_a_record_is_wrong() {
    let ty = type_of(SHOP, "order");
    let rows: &[(&str, Value, &str)] = &[
        ("/id", json!("12.5"), "id: expected an integer from 0 to 18446744073709551615, got \"12.5\""),
        ("/id", json!(-1), "id: expected an integer from 0 to 18446744073709551615, got -1"),
        (
            "/id",
            json!("18446744073709551616"),
            "id: expected an integer from 0 to 18446744073709551615, got \"18446744073709551616\"",
        ),
        ("/id", json!("007"), "id: expected an integer from 0 to 18446744073709551615, got \"007\""),
        ("/id", json!("+7"), "id: expected an integer from 0 to 18446744073709551615, got \"+7\""),
        ("/id", json!(null), "id: expected an integer from 0 to 18446744073709551615, got null"),
        ("/lines/0/count", json!("2"), "lines[0].count: expected an integer from 0 to 4294967295, got \"2\""),
        ("/lines/0/count", json!(2.5), "lines[0].count: expected an integer from 0 to 4294967295, got 2.5"),
        (
            "/lines/0/count",
            json!(1e10),
            "lines[0].count: expected an integer from 0 to 4294967295, got 10000000000.0",
        ),
        ("/lines/0/what", json!(7), "lines[0].what: expected a string, got 7"),
        ("/lines/0/note", json!(7), "lines[0].note: expected a string, got 7"),
        (
            "/lines/0",
            json!("tea"),
            "lines[0]: expected an object (line) with what, count, price, note, got \"tea\"",
        ),
        ("/lines/0", json!({}), "lines[0].what: missing; expected a string"),
        ("/lines", json!({}), "lines: expected a list, got an empty object"),
        ("/size", json!("medium"), "size: expected one of small, large, got \"medium\""),
        ("/size", json!(1), "size: expected one of small, large, got 1"),
        ("/extras", json!(["milk", "rum"]), "extras[1]: expected one of sugar, milk, lid, got \"rum\""),
        ("/extras", json!(["milk", "milk"]), "extras[1]: \"milk\" comes twice"),
        ("/extras", json!("milk"), "extras: expected a list of sugar, milk, lid, got \"milk\""),
        ("/paid", json!("card"), "paid: expected {\"card\": value} with a string, got \"card\""),
        (
            "/paid",
            json!({ "cash": null }),
            "paid: expected \"cash\", which carries nothing, got an object with cash",
        ),
        ("/paid", json!({ "card": 5 }), "paid.card: expected a string, got 5"),
        (
            "/paid",
            json!({ "card": "1", "cash": null }),
            "paid: expected one of \"cash\", {\"card\": …}, {\"later\": …}, got an object with 2 fields",
        ),
        (
            "/paid",
            json!("gold"),
            "paid: expected one of \"cash\", {\"card\": …}, {\"later\": …}, got \"gold\"",
        ),
        ("/place", json!([1]), "place: expected a list of 2, got a list of 1"),
        ("/place", json!([1, 40_000]), "place[1]: expected an integer from -32768 to 32767, got 40000"),
        (
            "/tip",
            json!("-0"),
            "tip: expected an integer from -9223372036854775808 to 9223372036854775807, got \"-0\"",
        ),
    ];
    for (path, put, said) in rows {
        let mut value = order();
        value["lines"][0]["note"] = Value::Null;
        *value.pointer_mut(path).unwrap() = put.clone();
        assert_eq!(json::to_val(&ty, &value).unwrap_err().to_string(), *said, "{path} = {put}");
    }
}

#[test]
fn an_unknown_field_is_refused_with_those_that_exist() {
    let ty = type_of(SHOP, "order");
    let mut value = order();
    value["lines"][0]["cuont"] = json!(2);
    let error = json::to_val(&ty, &value).unwrap_err();
    assert_eq!(error.to_string(), "lines[0].cuont: unknown; there are: what, count, price, note");
    assert_eq!(error.path(), "lines[0].cuont");
}

#[test]
fn a_long_value_is_shortened_in_the_error() {
    let error = json::to_val(&Type::Bool, &json!("ä".repeat(10_000))).unwrap_err();
    assert_eq!(error.to_string(), format!("expected true or false, got \"{}…\"", "ä".repeat(60)));
    let error = json::to_val(&Type::Bool, &json!("a\nb")).unwrap_err();
    assert_eq!(error.to_string(), "expected true or false, got \"a\\nb\"");
}

#[test]
fn whole_numbers_are_integers_however_they_are_written() {
    for text in ["12", "12.0", "1.2e1", "0.12e2"] {
        let value = json::parse(text.as_bytes()).unwrap();
        assert_eq!(json::to_val(&Type::U8, &value), Ok(Val::U8(12)), "{text}");
        assert_eq!(json::to_val(&Type::S64, &value), Ok(Val::S64(12)), "{text}");
    }
    assert!(json::to_val(&Type::U64, &json!(1e19)).is_err(), "a float is not exact so far out");
}

/// C4: s64 and u64 at their ends, in both forms.
#[test]
fn sixty_four_bits_are_exact_at_their_ends() {
    for (ty, value, text) in [
        (Type::U64, Val::U64(u64::MAX), "18446744073709551615"),
        (Type::S64, Val::S64(i64::MIN), "-9223372036854775808"),
        (Type::S64, Val::S64(i64::MAX), "9223372036854775807"),
        (Type::U64, Val::U64(0), "0"),
    ] {
        assert_eq!(json::from_val(&ty, &value), json!(text));
        assert_eq!(json::to_val(&ty, &json!(text)), Ok(value.clone()));
        assert_eq!(json::to_val(&ty, &json::parse(text.as_bytes()).unwrap()), Ok(value));
    }
}

/// C4: NaN and infinities.
#[test]
fn a_number_that_is_not_finite_is_refused_and_shown_as_null() {
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let value = Val::Float64(number);
        assert_eq!(json::from_val(&Type::F64, &value), Value::Null);
        let error = json::render(&Type::F64, &value).unwrap_err().to_string();
        assert_eq!(error, "expected a number, got a number that is not finite");
    }
    assert_eq!(
        json::to_val(&Type::F32, &json!(1e39)).unwrap_err().to_string(),
        "expected a number of at most 3.4e38, got 1e+39"
    );
    assert!(json::parse(b"1e999").is_err());
    assert!(json::parse(b"NaN").is_err());
}

#[test]
fn a_short_float_is_shown_short() {
    assert_eq!(json::from_val(&Type::F32, &Val::Float32(0.1)).to_string(), "0.1");
}

#[test]
fn an_odd_number_costs_only_itself_in_an_answer() {
    let ty = type_of("record point { x: f64, y: f64 }", "point");
    let value = Val::Record(vec![("x".into(), Val::Float64(f64::NAN)), ("y".into(), Val::Float64(2.0))]);
    assert_eq!(json::from_val(&ty, &value), json!({ "x": null, "y": 2.0 }));
    assert_eq!(
        json::render(&ty, &value).unwrap_err().to_string(),
        "x: expected a number, got a number that is not finite"
    );
}

/// C4: base64url without padding, and only one text for each list of bytes.
#[test]
fn bytes_are_strict_base64url() {
    let bytes = Val::List([0xfb, 0xef, 0xbe].map(Val::U8).to_vec());
    assert_eq!(json::from_val(&Type::Bytes, &bytes), json!("----"));
    assert_eq!(
        json::to_val(&Type::Bytes, &json!("--__")).unwrap(),
        Val::List([0xfb, 0xef, 0xff].map(Val::U8).to_vec())
    );
    assert_eq!(json::to_val(&Type::Bytes, &json!("")).unwrap(), Val::List(vec![]));
    for wrong in [json!("++//"), json!("AA=="), json!("AB"), json!("A"), json!("A A"), json!([1, 2])] {
        let error = json::to_val(&Type::Bytes, &wrong).unwrap_err().to_string();
        assert!(error.starts_with("expected a string in base64url without padding, got "), "{error}");
    }
}

/// C5: ids.
#[test]
fn an_id_is_32_hex_digits() {
    let id = Id::from_halves(0x0123_4567_89ab_cdef, 0xfe);
    let text = "0123456789abcdef00000000000000fe";
    assert_eq!(json::from_val(&Type::Id, &id.to_val()), json!(text));
    assert_eq!(json::to_val(&Type::Id, &json!(text)), Ok(id.to_val()));
    assert_eq!(json::to_val(&Type::Id, &json!(text.to_uppercase())), Ok(id.to_val()));
    for wrong in [
        "",
        "12",
        "+123456789abcdef00000000000000fe",
        "0123456789abcdef00000000000000fg",
        "01234567-89ab-cdef-0000-0000000000fe",
        "é123456789abcdef0000000000000fe",
    ] {
        let error = json::to_val(&Type::Id, &json!(wrong)).unwrap_err().to_string();
        assert_eq!(error, format!("expected an id of 32 hex digits, got \"{wrong}\""));
    }
    assert!(json::to_val(&Type::Id, &json!({ "high": 1, "low": 2 })).is_err());
}

#[test]
fn a_result_says_ok_or_err() {
    let ty = type_of("", "result<u8, string>");
    assert_eq!(json::from_val(&ty, &Val::Result(Ok(Some(Box::new(Val::U8(1)))))), json!({ "ok": 1 }));
    assert_eq!(
        json::to_val(&ty, &json!({ "err": 5 })).unwrap_err().to_string(),
        "err: expected a string, got 5"
    );
    assert!(json::to_val(&ty, &json!({ "ok": 1, "err": "x" })).is_err());
    let bare = type_of("", "result");
    assert_eq!(json::from_val(&bare, &Val::Result(Ok(None))), json!({ "ok": null }));
    assert_eq!(json::to_val(&bare, &json!({ "err": null })), Ok(Val::Result(Err(None))));
    assert_eq!(json::to_val(&bare, &json!({ "ok": 1 })).unwrap_err().to_string(), "ok: expected null, got 1");
}

#[test]
fn a_char_is_one_character() {
    assert_eq!(json::to_val(&Type::Char, &json!("🐝")), Ok(Val::Char('🐝')));
    assert!(json::to_val(&Type::Char, &json!("ab")).is_err());
    assert!(json::to_val(&Type::Char, &json!("")).is_err());
}

#[test]
fn arguments_are_taken_by_name_and_options_may_be_left_out() {
    let add = function("add: func(name: string, by: option<u64>, twice: bool);");
    let expected = vec![Val::String("bees".into()), Val::Option(None), Val::Bool(true)];
    for given in
        [json!({ "name": "bees", "twice": true }), json!({ "twice": true, "by": null, "name": "bees" })]
    {
        assert_eq!(json::arguments(&add, &given).unwrap(), expected);
    }
    for (given, said) in [
        (json!({ "name": "bees" }), "twice: missing; expected true or false"),
        (json!({ "name": "bees", "twice": 1 }), "twice: expected true or false, got 1"),
        (json!({ "name": "bees", "twice": true, "who": 1 }), "who: unknown; there are: name, by, twice"),
        (json!([]), "expected an object with name, by, twice, got an empty list"),
    ] {
        assert_eq!(json::arguments(&add, &given).unwrap_err().to_string(), said);
    }
    let reset = function("reset: func();");
    assert_eq!(json::arguments(&reset, &json!({})).unwrap(), vec![]);
    assert_eq!(
        json::arguments(&reset, &json!({ "x": 1 })).unwrap_err().to_string(),
        "x: unknown; there are none"
    );
}

#[test]
fn a_small_body_cannot_stand_for_a_large_value() {
    let fields: Vec<String> = (0..1_000).map(|n| format!("x{n}: option<u8>")).collect();
    let ty = type_of(&format!("record wide {{ {} }}", fields.join(", ")), "list<wide>");
    let error = json::to_val(&ty, &Value::Array(vec![json!({}); 2_000])).unwrap_err();
    assert!(matches!(error, JsonError::TooMany { .. }), "{error}");
    assert_eq!(error.to_string(), "[1047].x527: more than 1048576 values in all");
    let much = json!("A".repeat(json::MAX_VALUES * 4 + 8));
    assert!(matches!(json::to_val(&Type::Bytes, &much), Err(JsonError::TooMany { .. })));
}

#[test]
fn json_that_names_a_field_twice_is_refused() {
    for (text, path, said) in [
        (r#"{"a": 1, "a": 1}"#, "", "\"a\" comes twice"),
        (r#"{"a": 1, "b": {"c": 1, "c": 2}}"#, "b", "b: \"c\" comes twice"),
        (r#"{"a": [{}, {"b": {"c": 1, "d": 2, "c": [}}]}"#, "a[1].b", "a[1].b: \"c\" comes twice"),
        (r#"[[], [{"\u0061": 1, "a": 2}]]"#, "[1][0]", "[1][0]: \"a\" comes twice"),
    ] {
        let error = json::parse(text.as_bytes()).unwrap_err();
        assert_eq!((error.path(), error.to_string().as_str()), (path, said), "{text}");
    }
    let broken = json::parse(br#"{"a": {"b": 1}"#).unwrap_err().to_string();
    assert!(broken.starts_with("not JSON: EOF") && broken.contains("line 1 column 14"), "{broken}");
    assert!(json::parse(b"{} x").is_err());
    assert!(json::parse("[".repeat(100_000).as_bytes()).is_err(), "depth");
    assert_eq!(
        json::parse(br#"[null, true, -1, 1.5, "x", {"a": []}]"#).unwrap(),
        json!([null, true, -1, 1.5, "x", { "a": [] }])
    );
}

#[test]
fn a_text_is_bare_for_scalars_and_json_for_the_rest() {
    let paid = type_of(SHOP, "paid");
    let size = type_of(SHOP, "size");
    let text = |text: &str| Val::String(text.into());
    let rows: Vec<(Type, &str, Val)> = vec![
        (Type::String, "7", text("7")),
        (Type::String, "\"7\"", text("\"7\"")),
        (Type::U64, "7", Val::U64(7)),
        (Type::S8, "-7", Val::S8(-7)),
        (Type::Bool, "true", Val::Bool(true)),
        (Type::F64, "-1.5e3", Val::Float64(-1500.0)),
        (Type::Char, "x", Val::Char('x')),
        (Type::Id, "0000000000000000000000000000002a", Id(42).to_val()),
        (Type::Bytes, "AQ", Val::List(vec![Val::U8(1)])),
        (size, "large", Val::Enum("large".into())),
        (paid.clone(), "cash", Val::Variant("cash".into(), None)),
        (paid.clone(), "\"cash\"", Val::Variant("cash".into(), None)),
        (paid, "{\"later\": 3}", Val::Variant("later".into(), Some(Box::new(Val::U64(3))))),
        (type_of("", "option<u8>"), "3", Val::Option(Some(Box::new(Val::U8(3))))),
        (type_of("", "option<u8>"), "null", Val::Option(None)),
        (type_of("", "option<string>"), "null", Val::Option(Some(Box::new(text("null"))))),
        (type_of("", "list<u16>"), "[1, 2]", Val::List(vec![Val::U16(1), Val::U16(2)])),
        (type_of("", "option<list<u16>>"), "[1]", Val::Option(Some(Box::new(Val::List(vec![Val::U16(1)]))))),
        (type_of(SHOP, "extras"), "[\"lid\"]", Val::Flags(vec!["lid".into()])),
    ];
    for (ty, given, expected) in rows {
        assert_eq!(json::from_text(&ty, given), Ok(expected), "{given}");
    }
    for (ty, given, said) in [
        (Type::U8, "256", "expected an integer from 0 to 255, got \"256\""),
        (Type::U8, " 1", "expected an integer from 0 to 255, got \" 1\""),
        (Type::F64, "inf", "expected a number, got \"inf\""),
        (Type::F64, "1 ", "expected a number, got \"1 \""),
        (Type::Bool, "yes", "expected true or false, got \"yes\""),
    ] {
        assert_eq!(json::from_text(&ty, given).unwrap_err().to_string(), said);
    }
}

#[test]
fn pairs_of_text_become_arguments() {
    let find = function("find: func(name: string, tags: list<string>, size: option<u8>);");
    let list = |items: &[&str]| Val::List(items.iter().map(|i| Val::String((*i).into())).collect());
    let bees = Val::String("bees".into());
    assert_eq!(
        json::arguments_from_text(&find, &[("tags", "a"), ("name", "bees"), ("tags", "b")]).unwrap(),
        vec![bees.clone(), list(&["a", "b"]), Val::Option(None)]
    );
    assert_eq!(
        json::arguments_from_text(&find, &[("tags", "[\"a\"]"), ("name", "bees"), ("size", "3")]).unwrap(),
        vec![bees, list(&["a"]), Val::Option(Some(Box::new(Val::U8(3))))]
    );
    let said = |pairs: &[(&str, &str)]| json::arguments_from_text(&find, pairs).unwrap_err().to_string();
    assert_eq!(said(&[("nmae", "x")]), "nmae: unknown; there are: name, tags, size");
    assert_eq!(said(&[("tags", "x")]), "name: missing; expected a string");
    assert_eq!(said(&[("name", "x"), ("name", "y")]), "name: \"y\" comes twice");
    assert_eq!(
        said(&[("name", "x"), ("tags", "y"), ("size", "300")]),
        "size: expected an integer from 0 to 255, got \"300\""
    );
    assert_eq!(said(&[("name", "x")]), "tags: missing; expected a list");
}

/// The examples of RFC 8785: section 3.2.2 and appendix B, and its sorting test.
#[test]
fn canonical_json_is_as_rfc_8785_has_it() {
    let input = br#"{
        "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false]
    }"#;
    assert_eq!(
        json::canonical(&json::parse(input).unwrap()),
        "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"
    );
    let sorting = br#"{
        "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"
    }"#;
    let text = json::canonical(&json::parse(sorting).unwrap());
    let places: Vec<usize> =
        ["Carriage Return", "One", "Control", "Latin Small", "Euro Sign", "Grinning Face", "Hebrew Letter"]
            .iter()
            .map(|name| text.find(name).unwrap())
            .collect();
    assert!(places.is_sorted(), "{text}");
    for (bits, expected) in [
        (0x0000_0000_0000_0000_u64, "0"),
        (0x8000_0000_0000_0000, "0"),
        (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"),
        (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0x4340_0000_0000_0000, "9007199254740992"),
        (0xc340_0000_0000_0000, "-9007199254740992"),
        (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
        (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
        (0x444b_1ae4_d6e2_ef50, "1e+21"),
        (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
        (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
        (0x41b3_de43_5555_5553, "333333333.3333332"),
        (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
    ] {
        assert_eq!(json::canonical(&json!(f64::from_bits(bits))), expected, "{bits:016x}");
    }
    assert_eq!(json::canonical(&json!(u64::MAX)), "18446744073709552000");
    assert_eq!(json::canonical(&json!(-7)), "-7");
}

#[test]
fn a_value_of_the_wrong_shape_is_named_without_showing_what_it_says() {
    let result = type_of("", "result<u8>");
    let paid = type_of(SHOP, "paid");
    let said = |ty: &Type, value: &Val| json::render(ty, value).unwrap_err().to_string();
    assert_eq!(said(&result, &Val::Result(Ok(None))), "ok: expected an integer from 0 to 255, got nothing");
    assert_eq!(
        said(&result, &Val::Result(Err(Some(Box::new(Val::String("secret".into())))))),
        "err: expected nothing, got a string"
    );
    assert_eq!(said(&Type::String, &Val::U8(7)), "expected a string, got an unsigned integer");
    let unknown = Val::Variant("gold".into(), None);
    assert!(said(&paid, &unknown).ends_with("got another variant"));
    assert_eq!(json::from_val(&paid, &unknown), Value::Null);
    assert_eq!(json::canonical(&json!("\u{1}\u{1f}")), "\"\\u0001\\u001f\"");
}
