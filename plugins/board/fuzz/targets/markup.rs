//! Any text is written, and no markup of its own comes out.
#![no_main]

use hamlet_sdk::Html;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut html = Html::new();
    board::markup::write(&mut html, text);
    let shown = html.finish();
    let mut rest = shown.as_str();
    while let Some((_, tag)) = rest.split_once('<') {
        let (tag, after) = tag.split_once('>').expect("every tag ends");
        let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
        let known = ["p", "ul", "ol", "li", "blockquote", "strong", "em", "code", "br", "a"];
        assert!(known.contains(&name), "{tag}");
        rest = after;
    }
    let _ = (board::markup::mentions(text), board::markup::plain(text, 40));
});
