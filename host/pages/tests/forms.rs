//! Forms and values, for arbitrary types: around and back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod speak;
#[path = "../../reflect/tests/support/mod.rs"]
mod support;

use hamlet_pages::draw::{Drawing, Moderation, Viewer};
use hamlet_pages::forms::{Field, FieldError, fill, form, from_fields, parse_body, to_fields, view};
use hamlet_pages::{Fragment, Node, sanitize};
use hamlet_reflect::{Function, Param, Type, json};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Value, json};
use speak::speak;
use support::{function, typed_value};

fn of(ty: &Type) -> Function {
    let params = vec![Param { name: "it".to_owned(), ty: ty.clone() }];
    Function { name: "do-it".to_owned(), docs: "Does it.".to_owned(), params, result: Some(ty.clone()) }
}

fn fields(pairs: &[(&str, &str)]) -> Vec<Field> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn read(function: &Function, pairs: &[(&str, &str)]) -> Result<Value, Vec<FieldError>> {
    from_fields(function, &fields(pairs), speak("en"), &TimeZone::UTC, None)
}

fn drawing() -> Drawing<'static> {
    let moderation = Moderation { place: &|_| None, hidden: &|_| None };
    let viewer = Viewer {
        say: speak("en"),
        zone: TimeZone::UTC,
        now: 0,
        origin: "",
        party: &|_| None,
        picture: &|src| format!("{src}?for=x"),
        moderation,
    };
    Drawing { viewer, posting: None }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_value_comes_back_from_its_fields((ty, value) in typed_value()) {
        let written = json::from_val(&ty, &value);
        let mut given = Vec::new();
        to_fields(&ty, &written, "it", &mut given);
        let read = from_fields(&of(&ty), &given, speak("en"), &TimeZone::UTC, None)
            .map_err(|errors| TestCaseError::fail(format!("{errors:?} of {given:?}")))?;
        let back = json::arguments(&of(&ty), &read).unwrap().remove(0);
        prop_assert_eq!(json::from_val(&ty, &back), written);
    }

    #[test]
    fn any_value_is_shown_safely((ty, value) in typed_value()) {
        let shown = Fragment { nodes: view(&ty, &json::from_val(&ty, &value), "it", speak("es")) };
        let html = shown.to_html();
        prop_assert_eq!(sanitize(&html, "x").unwrap().to_text(), sanitize(&html, "x").unwrap().to_text());
        shown.draw(&drawing());
    }

    #[test]
    fn any_function_has_a_form_that_is_a_page((ty, _) in typed_value()) {
        let made = Fragment::from(form(&of(&ty), "things.do-it", &[], speak("en")));
        let html = made.to_html();
        // What the host makes for a function is no more than what a plugin could have written itself.
        prop_assert_eq!(sanitize(&html, "x").unwrap().to_html(), html);
    }

    #[test]
    fn any_fields_are_read_or_refused(
        (ty, _) in typed_value(),
        pairs in prop::collection::vec(("(it)?[.~a-z0-9-]{0,12}", "\\PC{0,12}|[0-9]{1,4}|some|none"), 0..20),
    ) {
        let read = from_fields(&of(&ty), &pairs, speak("en"), &TimeZone::UTC, None);
        if let Ok(arguments) = read {
            json::arguments(&of(&ty), &arguments).unwrap();
        }
    }

    #[test]
    fn any_bytes_are_a_body_or_none(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Some((own, host)) = parse_body(&bytes) {
            prop_assert!(own.iter().all(|(name, _)| !name.starts_with("p_") || name.len() >= 2));
            prop_assert!(host.iter().all(|(name, _)| !name.starts_with("p_")));
        }
    }

    #[test]
    fn what_was_typed_stands_in_the_form_again((ty, value) in typed_value()) {
        let mut given = Vec::new();
        to_fields(&ty, &json::from_val(&ty, &value), "it", &mut given);
        let mut made = form(&of(&ty), "do-it", &given, speak("en"));
        let wrong = FieldError { path: "it".to_owned(), message: "No <b>so</b>.".to_owned() };
        fill(&mut made, &given, &[wrong]);
        let html = Fragment::from(made).to_html();
        prop_assert_eq!(html.matches("No &lt;b&gt;so&lt;/b&gt;.").count(), 1);
        prop_assert_eq!(sanitize(&html, "x").is_ok(), true);
    }
}

const PAY: &str = "
    enum speed { slow, fast }
    record line { to: string, amount: u64, note: option<string> }
    variant when { now, at(u64), never(string) }
    pay: func(lines: list<line>, tags: list<string>, speed: speed, when: when, quiet: bool, limit: option<u32>) -> u32;";

#[test]
fn a_persons_form_is_read_when_fields_are_left_empty() {
    let function = function(PAY);
    let read = read(
        &function,
        &[
            ("lines.0.to", "rosa"),
            ("lines.0.amount", " 1250 "),
            ("lines.0.note", ""),
            ("lines.1.to", ""),
            ("lines.1.amount", ""),
            ("lines.1.note", " "),
            ("lines.2.to", "tom"),
            ("lines.2.amount", "5"),
            ("lines.2.note", "for bread"),
            ("tags", "a"),
            ("tags", ""),
            ("tags", "b"),
            ("speed", "fast"),
            ("when.at", "2026-11-23T05:40"),
            ("limit", ""),
        ],
    )
    .unwrap();
    assert_eq!(
        read,
        json!({
            "lines": [{"to": "rosa", "amount": "1250"}, {"to": "tom", "amount": "5", "note": "for bread"}],
            "tags": ["a", "b"], "speed": "fast", "when": {"at": "1795412400000000"}, "quiet": false,
        })
    );
}

#[test]
fn x1_a_new_id_comes_from_the_forms_own_key() {
    let function = function("f: func(id: string, ids: list<u64>);");
    let mut function = (*function).clone();
    function.params[0].ty = Type::Id;
    function.params[1].ty = Type::List(std::sync::Arc::new(Type::Id));
    let given = fields(&[("id", "new"), ("ids", "new"), ("ids", "new")]);
    let read = |new| from_fields(&function, &given, speak("en"), &TimeZone::UTC, new);
    let hex = |n: u128| format!("{n:032x}");
    assert_eq!(read(Some(hamlet_reflect::Id(9))).unwrap(), json!({"id": hex(9), "ids": [hex(10), hex(11)]}));
    assert_eq!(read(None).unwrap_err().len(), 3);
}

#[test]
fn each_wrong_field_is_named_with_what_to_do() {
    let errors = read(
        &function(PAY),
        &[
            ("lines.0.to", "rosa"),
            ("lines.0.amount", "12,50"),
            ("speed", "sideways"),
            ("when", "now"),
            ("limit", "-1"),
            ("quiet", "perhaps"),
            ("colour", "red"),
        ],
    )
    .unwrap_err();
    let said: Vec<(&str, &str)> = errors.iter().map(|e| (e.path.as_str(), e.message.as_str())).collect();
    assert_eq!(
        said,
        [
            ("lines.0.amount", "Write a whole number, not below zero."),
            ("speed", "Choose one of these."),
            ("quiet", "Choose yes or no."),
            ("limit", "Write a whole number from 0 to 4294967295."),
            ("", "Nothing here is called “colour”."),
        ]
    );
}

#[test]
fn a_generated_form_asks_for_what_the_function_takes() {
    let made = Fragment::from(form(&function(PAY), "things.pay", &[], speak("en"))).to_html();
    for part in [
        "<form action=\"things.pay\">",
        "name=\"p_lines.1.amount\"",
        "name=\"p_lines.0.note\"",
        "<textarea",
        "<option value=\"fast\">Fast</option>",
        "name=\"p_when.at\"",
        "name=\"p_quiet\" value=\"true\"",
        "Limit<span class=\"soft\"> (optional)</span>",
        "<button class=\"quiet\" name=\"p_~more\" value=\"lines\" type=\"submit\">",
    ] {
        assert!(made.contains(part), "{part} in {made}");
    }
    let more = fields(&[("lines.1.to", "x"), ("~more", "lines")]);
    let made = Fragment::from(form(&function(PAY), "things.pay", &more, speak("en"))).to_html();
    assert!(made.contains("p_lines.4.to") && !made.contains("p_lines.5.to"), "{made}");
}

#[test]
fn a_form_is_filled_in_again_with_its_errors_beside_the_fields() {
    let page = "<form action=pay><input name=to value=old><select name=s><option value=a>A<option>b</select>\
        <input type=checkbox name=c value=1><input type=radio name=r value=1 checked><input type=radio name=r value=2>\
        <textarea name=t>old</textarea><input type=hidden name=h value=kept><input name=m><input name=m></form>";
    let mut page = sanitize(page, "x").unwrap();
    let Some(Node::Element(made)) = page.nodes.first_mut() else { panic!() };
    let typed = fields(&[
        ("to", "<new>"),
        ("s", "b"),
        ("c", "1"),
        ("r", "2"),
        ("t", "said"),
        ("h", "forged"),
        ("m", "1"),
        ("m", "2"),
    ]);
    let errors = [("to", "Who?"), ("gone", "Not here."), ("", "All of it.")]
        .map(|(path, message)| FieldError { path: path.to_owned(), message: message.to_owned() });
    fill(made, &typed, &errors);
    let html = page.to_html();
    for part in [
        "value=\"&lt;new&gt;\" aria-invalid=\"true\" aria-describedby=\"p_error-to\"><span class=\"h-error\" id=\"p_error-to\">Who?</span>",
        "<option selected>b</option>",
        "<option value=\"a\">A</option>",
        "value=\"1\" checked><input type=\"radio\" name=\"p_r\" value=\"1\">",
        "value=\"2\" checked>",
        "<textarea name=\"p_t\">\nsaid</textarea>",
        "value=\"kept\"",
        "<input name=\"p_m\" value=\"1\"><input name=\"p_m\" value=\"2\">",
        "role=\"alert\"><p>gone: Not here.</p><p>All of it.</p></div>",
    ] {
        assert!(html.contains(part), "{part}\n in {html}");
    }
}

#[test]
fn a_value_is_shown_as_lists_and_tables() {
    let function = function(
        "
        record row { owner: string, since: u64, note: option<string> }
        f: func() -> list<row>;",
    );
    let Some(ty) = &function.result else { panic!() };
    let value = json!([{"owner": "rosa", "since": "0"}, {"owner": "<tom>", "since": "1"}]);
    let html = Fragment { nodes: view(ty, &value, "f", speak("en")) }.to_html();
    assert!(html.contains("<th scope=\"col\" title>Owner</th>"), "{html}");
    assert!(html.contains("<td>&lt;tom&gt;</td>") && html.contains("<h-time value=\"0\">"), "{html}");
    assert!(!html.contains("Note"), "an empty column is left out: {html}");
}
