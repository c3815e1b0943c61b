//! `/developers`: one plain page of what exists here and what to try.
//!
//! It works without a script and shows nothing that is personal: it is the same for everybody.

use std::fmt::Write as _;

use axum::Extension;
use axum::response::{IntoResponse, Response};
use hamlet_bundle::{Access, Kind};
use hamlet_kernel::catalogue::HOST;
use hamlet_kernel::{Callable, PluginInfo, settings};
use hamlet_reflect::Interface;
use http::header::{self, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};

use crate::example;
use crate::front::Here;
use crate::html::Html;
use crate::refusal::path_of;
use crate::sentence::sentence;

const STYLE: &str = include_str!("style.css");
pub(crate) const ICON: &str = include_str!("icon.svg");

/// Queries among the examples at the top of the page.
const QUERIES_MAX: usize = 3;

/// What the page is, for somebody who has never seen one.
const WELCOME: &str = "This is where the community keeps its agreements and its books. What it does is done by \
    the plugins below, which its stewards installed. Every function can be called from a terminal, over HTTP and \
    by other plugins.";

/// How somebody comes in.
const TOKENS: &str = "Where it says `anyone`, no token is needed. For the rest a member shows hers: `hamlet call` \
    finds it in the community's folder, and over HTTP it goes where `TOKEN` stands. Her first one comes from a \
    steward.";

pub(crate) async fn style() -> Response {
    let kind = (CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    let keep = (CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    ([kind, keep], STYLE).into_response()
}

pub(crate) async fn icon() -> Response {
    let kind = (CONTENT_TYPE, HeaderValue::from_static("image/svg+xml"));
    let keep = (CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400"));
    ([kind, keep], ICON).into_response()
}

pub(crate) async fn page(Extension(here): Extension<Here>, headers: HeaderMap) -> Response {
    let community = here.state.kernel.read(|snapshot| settings::community(snapshot)).ok();
    let set = community.filter(|community| *community != settings::Community::default());
    let catalogue = here.state.kernel.catalogue();
    let (name, place) = match &set {
        Some(set) => (set.name.as_str(), set.place.as_str()),
        None => (here.state.name.as_ref(), ""),
    };
    let mut html = Html::default();
    // The words of this page are English, whatever language the community speaks.
    html.markup("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.markup("<meta name=\"color-scheme\" content=\"light dark\">\n<title>")
        .text(name)
        .markup("</title>\n<link rel=\"icon\" href=\"/icon.svg\" type=\"image/svg+xml\">\n")
        .markup("<link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n<header>\n<h1>");
    html.text(name).markup("</h1>\n");
    if !place.is_empty() {
        html.markup("<p class=\"lead\">").text(place).markup("</p>\n");
    }
    html.markup("<nav aria-label=\"This page\"><ul><li><a href=\"#try\">Try</a></li>");
    html.markup("<li><a href=\"#plugins\">Plugins</a></li><li><a href=\"#host\">The host</a></li>");
    html.markup("<li><a href=\"/api/openapi.json\">OpenAPI</a></li></ul></nav>\n</header>\n<main>\n<p>");
    html.text(WELCOME).markup("</p>\n");
    let plugins = || catalogue.plugins.values().filter(|plugin| plugin.name.as_ref() != HOST);
    examples(&mut html, plugins().next().or_else(|| catalogue.plugins.get(HOST)), &address(&headers));
    html.markup("<h2 id=\"plugins\">Plugins</h2>\n");
    if plugins().next().is_none() {
        html.markup("<p>No plugin is installed yet. A steward installs one with <code>hamlet plugin install</code>.</p>\n");
    } else {
        html.markup("<p class=\"soft\">Open an interface to see its functions. <span class=\"kind query\">asks</span> reads and changes nothing; <span class=\"kind command\">changes</span> is done wholly or not at all.</p>\n");
    }
    for info in plugins() {
        plugin(&mut html, info);
    }
    html.markup("<h2 id=\"host\">The host</h2>\n<p class=\"soft\">What the host itself keeps, and lets stewards, members and decisions change.</p>\n");
    if let Some(host) = catalogue.plugins.get(HOST) {
        plugin(&mut html, host);
    }
    html.markup("</main>\n<footer><p>Answers are on disk before they leave. <a href=\"/api/openapi.json\">OpenAPI 3.1</a> describes every call; <a href=\"/healthz\">/healthz</a> says whether the host is well.</p></footer>\n</body>\n</html>\n");
    let kind = (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    ([kind], html.finish()).into_response()
}

/// Where the reader found this page, for examples to copy. Only shown to her: nothing is decided by it.
fn address(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = if text("x-forwarded-proto") == Some("https") { "https" } else { "http" };
    format!("{scheme}://{}", text(header::HOST.as_str()).unwrap_or("HOST"))
}

/// A few calls to copy, queries first: they do no harm.
fn examples(html: &mut Html, info: Option<&PluginInfo>, address: &str) {
    html.markup("<h2 id=\"try\">Try</h2>\n<p class=\"soft\">")
        .inline(TOKENS)
        .markup("</p>\n<ul class=\"try\">\n");
    let Some(info) = info else {
        html.markup("</ul>\n");
        return;
    };
    html.markup("<li>What can be called:<pre><code>hamlet call ")
        .text(&info.name)
        .markup("</code></pre></li>\n");
    let queries = example::some(info, Kind::Query, QUERIES_MAX);
    for callable in queries.iter().copied().chain(example::some(info, Kind::Command, 1)) {
        html.markup("<li>").inline(&sentence(&callable.function.docs)).markup("<pre><code>");
        example::command_line(html, callable);
        html.markup("</code></pre></li>\n");
    }
    if let Some(query) = queries.first() {
        html.markup("<li>The same over HTTP:<pre><code>").text(&example::curl(query, address));
        html.markup("</code></pre></li>\n");
    }
    html.markup("</ul>\n");
}

fn plugin(html: &mut Html, info: &PluginInfo) {
    html.markup("<section class=\"card\">\n<header><h3>")
        .text(&info.title)
        .markup("</h3> <span class=\"soft\"><code>");
    html.text(&info.name).markup("</code> ").text(&info.version);
    if !info.active {
        html.markup(" · paused");
    }
    html.markup("</span></header>\n");
    for interface in &info.interfaces {
        self::interface(html, info, interface);
    }
    html.markup("</section>\n");
}

fn interface(html: &mut Html, info: &PluginInfo, interface: &Interface) {
    let functions: Vec<_> =
        info.functions.iter().filter(|callable| callable.interface.id == interface.id).collect();
    if functions.is_empty() {
        return;
    }
    html.markup("<details>\n<summary><code>").text(&interface.short).markup("</code> <span class=\"soft\">");
    let about = first_sentence(&interface.docs);
    html.inline(&about).markup("</span></summary>\n");
    if about != sentence(&interface.docs) || interface.docs.contains("\n\n") {
        html.docs(&interface.docs);
    }
    html.markup("<dl>\n");
    for callable in functions {
        let (class, word) = match callable.rule.kind {
            Kind::Query => ("query", "asks"),
            Kind::Command => ("command", "changes"),
        };
        html.markup("<dt><span class=\"kind ").text(class).markup("\">").text(word).markup("</span> <code>");
        html.markup("<b>").text(&callable.function.name).markup("</b>").text(&signature(callable));
        html.markup("</code></dt>\n<dd>").docs(&callable.function.docs);
        html.markup("<p class=\"soft\">").text(&admitted(&callable.rule.access)).markup(" <code>/api/");
        html.text(&path_of(callable)).markup("</code></p></dd>\n");
    }
    html.markup("</dl>\n</details>\n");
}

/// What a function takes and gives, to be put behind its name.
fn signature(callable: &Callable) -> String {
    let params: Vec<_> =
        callable.function.params.iter().map(|param| format!("{}: {}", param.name, param.ty)).collect();
    let mut text = format!("({})", params.join(", "));
    if let Some(result) = &callable.function.result {
        // Writing into a `String` cannot fail.
        let _ = write!(text, " → {result}");
    }
    text
}

/// Who may call, in words.
fn admitted(access: &[Access]) -> String {
    let words = access.iter().map(|access| match access {
        Access::Public => "anyone".to_owned(),
        Access::Member => "members".to_owned(),
        Access::Ward => "people under age by themselves".to_owned(),
        Access::Group(group) => format!("the group {group}"),
        Access::Plugin => "plugins".to_owned(),
        Access::Device => "devices".to_owned(),
        Access::Decision => "decisions".to_owned(),
        Access::Neighbour => "neighbours".to_owned(),
        Access::Console => "the holder of the box".to_owned(),
        Access::Schedule => "its own schedules".to_owned(),
    });
    format!("For {}.", words.collect::<Vec<_>>().join(", "))
}

/// The first sentence of a doc comment: what an interface is about.
fn first_sentence(docs: &str) -> String {
    let paragraph = sentence(docs);
    let end = paragraph.find(". ").map_or(paragraph.len(), |end| end + 1);
    paragraph.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use std::collections::BTreeMap;

    use super::*;

    /// The colours of a scheme: every `--name: #rrggbb` of a block, over those of the block before.
    fn colours(block: &str, mut over: BTreeMap<String, [f64; 3]>) -> BTreeMap<String, [f64; 3]> {
        for part in block.split("--").skip(1) {
            let (name, value) = part.split_once(": #").unwrap();
            let channel = |at: usize| {
                let value = f64::from(u8::from_str_radix(&value[at..at + 2], 16).unwrap()) / 255.0;
                if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            };
            over.insert(name.to_owned(), [channel(0), channel(2), channel(4)]);
        }
        over
    }

    /// The contrast of two colours by WCAG 2.
    fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
        let light = |[red, green, blue]: [f64; 3]| 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
        let (one, other) = (light(one), light(other));
        one.max(other) / one.min(other)
    }

    #[test]
    fn every_text_can_be_read_by_light_and_by_night() {
        let block = |from: &str| STYLE.split_once(from).unwrap().1.split_once('}').unwrap().0;
        let light = colours(block(":root {\n  color-scheme: light dark;"), BTreeMap::new());
        let dark = colours(block("(prefers-color-scheme: dark) {\n  :root {"), light.clone());
        assert!(contrast(light["ink"], dark["ink"]) > 4.5, "two schemes");
        for (scheme, colours) in [("light", light), ("dark", dark)] {
            let texts =
                ["ink", "soft", "leaf", "query", "command"].map(|ink| (ink, ["paper", "card", "code"]));
            for (ink, grounds) in texts {
                for ground in grounds {
                    let contrast = contrast(colours[ink], colours[ground]);
                    assert!(contrast >= 4.5, "{scheme}: {ink} on {ground} is {contrast:.2}, AA asks for 4.5");
                }
            }
        }
    }

    #[test]
    fn the_style_fetches_nothing() {
        for never in ["url(", "@import", "http", "//"] {
            assert!(!STYLE.contains(never), "{never}");
        }
        assert!(!ICON.contains("href") && !ICON.contains("<script"));
    }

    #[test]
    fn an_interface_is_summed_up_by_its_first_sentence() {
        assert_eq!(first_sentence("Moving money. Nobody takes from another."), "Moving money.");
        assert_eq!(first_sentence("Version 0.1\nof it\n\nAnd more. So"), "Version 0.1 of it");
        assert_eq!(first_sentence(""), "");
    }
}
