//! What a plugin's page may not do, shown on hostile pages, arbitrary ones and arbitrary bytes (P1).
//!
//! What comes out is read again by an independent tree (`markup5ever_rcdom`) and judged by rules that are written
//! here a second time: a name that slipped into the allow-list by mistake is found.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use hamlet_pages::{PageError, sanitize, sanitize::ELEMENTS};
use html5ever::tendril::TendrilSink as _;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use proptest::prelude::*;

const HOSTILE: &str = include_str!("corpus/hostile.txt");

/// The cases of the corpus.
fn hostile() -> Vec<String> {
    let cases = HOSTILE.lines().filter(|line| !line.starts_with("# ") && !line.is_empty());
    cases
        .map(|line| {
            let line =
                line.replace("\\0", "\0").replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t");
            line.replace("\\\\", "\\")
        })
        .collect()
}

/// What is around a case: places where a parser goes another way.
const AROUND: [(&str, &str); 14] = [
    ("", ""),
    ("<div>", "</div>"),
    ("<p>", ""),
    ("<table><tr><td>", "</td></tr></table>"),
    ("<table>", "</table>"),
    ("<form action=pay><select name=s><option>", "</option></select></form>"),
    ("<form action=pay><select name=s>", "</select></form>"),
    ("<form action=pay><textarea name=t>", "</textarea></form>"),
    ("<form action=pay>", "</form>"),
    ("<a href=pay><b>", "</b></a>"),
    ("<svg>", "</svg>"),
    ("<math><mtext>", "</mtext></math>"),
    ("<unknown><ul><li>", "</ul></unknown>"),
    ("<!--", "-->"),
];

/// Sanitises, and checks all that must hold of whatever comes out.
fn check(html: &str) -> String {
    let Ok(fragment) = sanitize(html, "shop") else { return String::new() };
    let out = fragment.to_html();
    let again = sanitize(&out, "shop").unwrap_or_else(|error| panic!("{error}: {html:?} gave {out:?}"));
    assert_eq!(again.to_html(), out, "not the same when sanitised again: {html:?}");
    let page = format!(
        "<!doctype html><html><head></head><body><main><div id=\"region\">{out}</div></main>\
         <footer id=\"after\">the host</footer></body></html>"
    );
    let dom = parse_document(RcDom::default(), ParseOpts::default()).one(page);
    let body = find(&dom.document, "body").unwrap();
    let children: Vec<String> = body.children.borrow().iter().map(name).collect();
    assert_eq!(children, ["main", "footer"], "escaped its region: {html:?} gave {out:?}");
    let main = find(&body, "main").unwrap();
    assert_eq!(main.children.borrow().len(), 1, "escaped its region: {html:?} gave {out:?}");
    let region = main.children.borrow()[0].clone();
    assert_eq!(name(&region), "div");
    region.children.borrow().iter().for_each(|child| judge(child, html, &out));
    out
}

fn name(node: &Handle) -> String {
    match &node.data {
        NodeData::Element { name, .. } => name.local.to_string(),
        _ => String::new(),
    }
}

fn find(node: &Handle, wanted: &str) -> Option<Handle> {
    if name(node) == wanted {
        return Some(node.clone());
    }
    node.children.borrow().iter().find_map(|child| find(child, wanted))
}

/// Every element and attribute below `node`, by rules of this test's own.
fn judge(node: &Handle, html: &str, out: &str) {
    let bad = |what: &str| panic!("{what}\n in: {html:?}\nout: {out:?}");
    match &node.data {
        NodeData::Text { .. } => {}
        NodeData::Element { name, attrs, .. } => {
            if &*name.ns != "http://www.w3.org/1999/xhtml" {
                bad("another namespace");
            }
            let tag: &str = &name.local;
            // A parser puts these in by itself.
            if !ELEMENTS.iter().any(|allowed| allowed.name == tag) && tag != "tbody" {
                bad(tag);
            }
            for never in [
                "script", "style", "iframe", "object", "embed", "svg", "math", "template", "base", "link",
                "meta",
            ] {
                assert_ne!(tag, never, "{html:?}");
            }
            for attribute in attrs.borrow().iter() {
                let (name, value): (&str, &str) = (&attribute.name.local, &attribute.value);
                let dangerous = name.starts_with("on")
                    || name.starts_with("hx-")
                    || name.starts_with("data-")
                    || name.starts_with("form")
                    || name.contains(':')
                    || matches!(
                        name,
                        "style" | "srcdoc" | "srcset" | "target" | "autofocus" | "nonce" | "is" | "ping"
                    );
                if dangerous {
                    bad(name);
                }
                let good = match (tag, name) {
                    ("h-party", "id") => value.len() == 32,
                    // Which thing it is; drawn as part of an address only where it is one.
                    ("h-content", "name") => value.len() <= 320,
                    (_, "id" | "for" | "list" | "name") => value.starts_with("p_"),
                    (_, "headers" | "aria-labelledby" | "aria-describedby") => {
                        value.split(' ').all(|id| id.starts_with("p_"))
                    }
                    (_, "href") => {
                        ["/p/shop/", "#p_", "https://", "mailto:", "tel:"]
                            .iter()
                            .any(|start| value.starts_with(start))
                            && !value.contains("..")
                    }
                    ("h-frame", "src") => {
                        value.starts_with("/p/shop/static/") && !value.contains("..") && !value.contains("//")
                    }
                    (_, "src") => value.starts_with("/p/shop/blob/"),
                    (_, "action") => {
                        value.starts_with("/p/shop/")
                            || value.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c))
                    }
                    (_, "return") => value.starts_with("/p/shop/"),
                    ("input", "type") => !matches!(value, "password" | "file" | "image"),
                    (_, "rel") => value == "noopener noreferrer",
                    _ => true,
                };
                if !good {
                    bad(&format!("{tag} {name}={value}"));
                }
            }
        }
        _ => bad("a comment or the like"),
    }
    node.children.borrow().iter().for_each(|child| judge(child, html, out));
}

#[test]
fn p1_nothing_of_a_hostile_page_executes_or_escapes() {
    let cases = hostile();
    assert!(cases.len() >= 250, "{}", cases.len());
    for case in &cases {
        for (before, after) in AROUND {
            check(&format!("{before}{case}{after}"));
        }
    }
}

#[test]
fn p1_hostile_pages_do_no_harm_to_one_another() {
    let cases = hostile();
    for pair in cases.windows(2) {
        check(&pair.concat());
        check(&format!("{}{}", pair[1], pair[0]));
    }
}

#[test]
fn p1_an_honest_page_stays_as_it_was_written() {
    for page in [
        "<h2>Hello</h2><p>You have <strong>12</strong> &amp; more.</p>",
        "<ul><li><a href=\"/p/shop/pay\">Pay</a></li></ul><hr>",
        "<table><caption>c</caption><thead><tr><th scope=\"col\">a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>",
        "<form action=\"transfers.pay\" return=\"/p/shop/done\"><label for=\"p_to\">To</label><input id=\"p_to\" name=\"p_to\" required><button type=\"submit\">Pay</button></form>",
        "<h-money amount=\"-1250\" scale=\"2\" unit=\"LEAF\">-12.50 LEAF</h-money>",
        "<h-chart kind=\"bar\"><table><tbody><tr><th>day</th><th>in</th></tr><tr><th>1</th><td>5</td></tr></tbody></table></h-chart>",
        "<details open><summary>More</summary><pre>\n a\n b</pre></details>",
        "<dl><div><dt>a</dt><dd>b</dd></div></dl><a href=\"https://example.org/\" rel=\"noopener noreferrer\">x</a>",
    ] {
        assert_eq!(check(page), page);
    }
}

#[test]
fn p1_what_is_unknown_is_taken_apart_and_its_words_stay() {
    let rows = [
        ("<center>a <font size=7>b</font></center>", "a b"),
        ("<h1>Title</h1>", "<h2>Title</h2>"),
        ("a<script>b</script>c", "ac"),
        ("<p class=\"card unknown\" style=\"x\">a</p>", "<p class=\"card\">a</p>"),
        ("<a href=\"javascript:x\">words</a>", "words"),
        ("<img src=\"https://x.example/y.png\" alt=\"a cat\">", "a cat"),
        ("<form action=pay><input type=password name=p>x</form>", "<form action=\"pay\">x</form>"),
        ("<p>a<unknown><div>b</div></unknown></p>", "<p>a</p><div>b</div><p></p>"),
        ("<h-money amount=\"1.5\">one and a half</h-money>", "one and a half"),
    ];
    for (page, expected) in rows {
        assert_eq!(check(page), expected);
    }
}

fn numbered(count: usize, before: &str, after: &str) -> String {
    let parts: Vec<String> = (0..count).map(|number| format!("{before}{number}{after}")).collect();
    parts.concat()
}

#[test]
fn a_page_past_a_limit_is_refused_and_quickly() {
    use hamlet_pages::sanitize::{DEPTH_MAX, NODES_MAX, PAGE_BYTES_MAX};
    let cut = |text: String| text[..text.len().min(PAGE_BYTES_MAX)].to_owned();
    let bombs = [
        "<div>".repeat(60_000),
        "<b>".repeat(60_000),
        numbered(8_000, "<b a=", ">") + &"<p>".repeat(50_000),
        "<a href=x><table><td>".repeat(10_000),
        "<p>".repeat(80_000),
        "<table><b>".repeat(20_000),
        "<svg><foreignObject>".repeat(9_000),
        "<template>".repeat(20_000),
    ];
    for bomb in bombs {
        let error = sanitize(&cut(bomb), "shop").map(|_| "a page").unwrap_err();
        assert!(matches!(error, PageError::TooMany | PageError::TooDeep), "{error}");
    }
    let attributes: String = numbered(30_000, " a", "");
    assert_eq!(sanitize(&format!("<b{attributes}>"), "shop").unwrap_err(), PageError::TagTooLong);
    let long = "x".repeat(PAGE_BYTES_MAX + 1);
    assert_eq!(sanitize(&long, "shop").unwrap_err(), PageError::TooLong(PAGE_BYTES_MAX + 1));
    assert!(sanitize(&"x".repeat(PAGE_BYTES_MAX), "shop").is_ok());
    assert!(sanitize(&"<i>x</i>".repeat(NODES_MAX / 2 - 100), "shop").is_ok());
    let deep = format!("{}x{}", "<div>".repeat(DEPTH_MAX - 10), "</div>".repeat(DEPTH_MAX - 10));
    assert!(sanitize(&deep, "shop").is_ok());
}

/// Pieces of markup that mean something, to be put together in any order.
fn piece() -> impl Strategy<Value = String> {
    let tags: Vec<String> = ELEMENTS
        .iter()
        .map(|allowed| allowed.name)
        .chain([
            "h1",
            "script",
            "style",
            "svg",
            "math",
            "template",
            "noscript",
            "title",
            "xmp",
            "ruby",
            "rt",
            "nobr",
            "mtext",
            "mglyph",
            "foreignObject",
            "center",
            "font",
            "object",
            "menu",
            "body",
            "html",
            "frameset",
            "x-y",
            "image",
            "selectedcontent",
        ])
        .map(str::to_owned)
        .collect();
    let tag = prop::sample::select(tags);
    let attribute = prop::sample::select(vec![
        "",
        " id=a",
        " class=card",
        " href=pay",
        " href='javascript:x'",
        " onclick=x",
        " action=pay",
        " name=n",
        " kind=bar",
        " amount=5",
        " value=5 max=9",
        " type=hidden name=h",
        " type=password",
        " text=t",
        " title='</p><b>'",
        " style=x",
        " encoding=text/html",
        " src=x alt=y",
    ]);
    prop_oneof![
        4 => (tag.clone(), attribute).prop_map(|(tag, attribute)| format!("<{tag}{attribute}>")),
        3 => tag.prop_map(|tag| format!("</{tag}>")),
        2 => prop::sample::select(vec!["x", " ", "\n", "&lt;b>", "&amp;", "<!--", "-->", "]]>", "<![CDATA[", "\0", "&#13;", "\"", "'"])
            .prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn p1_any_soup_of_tags_is_safe_and_stays_as_it_became(pieces in prop::collection::vec(piece(), 0..40)) {
        check(&pieces.concat());
    }

    #[test]
    fn p1_any_text_is_safe_and_stays_as_it_became(text in "(<[a-z!/]{0,6}|[ -~]|[\\x00-\\x20]|\\PC){0,120}") {
        check(&text);
    }

    #[test]
    fn p1_a_mutated_hostile_page_is_safe(
        case in 0usize..250, at in 0usize..200, byte in any::<u8>(), cut in any::<bool>(),
    ) {
        let mut bytes = hostile()[case].clone().into_bytes();
        let at = at % bytes.len();
        if cut { bytes.remove(at); } else { bytes[at] = byte; }
        check(&String::from_utf8_lossy(&bytes));
    }
}
