//! `/`: one plain page of what exists here and what to try.
//!
//! It works without a script and shows nothing that is personal: it is the same for everybody.

use std::fmt::Write as _;

use axum::Extension;
use axum::response::{IntoResponse, Response};
use hamlet_bundle::{Access, Kind};
use hamlet_kernel::catalogue::HOST;
use hamlet_kernel::{Callable, PluginInfo, settings};
use hamlet_reflect::{Interface, Type};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::front::Here;
use crate::html::Html;
use crate::refusal::{path_of, sentence};

const STYLE: &str = include_str!("style.css");

/// Examples at the top of the page.
const EXAMPLES_MAX: usize = 4;

pub(crate) async fn style() -> Response {
    let kind = (CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    let keep = (CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    ([kind, keep], STYLE).into_response()
}

pub(crate) async fn page(Extension(here): Extension<Here>) -> Response {
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
    html.markup("<title>")
        .text(name)
        .markup("</title>\n<link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n");
    html.markup("<header>\n<h1>").text(name).markup("</h1>\n");
    if !place.is_empty() {
        html.markup("<p class=\"lead\">").text(place).markup("</p>\n");
    }
    html.markup("<nav aria-label=\"This page\"><ul><li><a href=\"#try\">Try</a></li>");
    let plugins = || catalogue.plugins.values().filter(|plugin| plugin.name.as_ref() != HOST);
    if plugins().next().is_some() {
        html.markup("<li><a href=\"#plugins\">Plugins</a></li>");
    }
    html.markup("<li><a href=\"#host\">The host</a></li><li><a href=\"/api/openapi.json\">OpenAPI</a></li></ul></nav>\n</header>\n<main>\n");
    examples(&mut html, plugins().next().or_else(|| catalogue.plugins.get(HOST)));
    html.markup("<h2 id=\"plugins\">Plugins</h2>\n");
    if plugins().next().is_none() {
        html.markup("<p>No plugin is installed yet. A steward installs one with <code>hamlet plugin install</code>.</p>\n");
    }
    for info in plugins() {
        plugin(&mut html, info);
    }
    html.markup("<h2 id=\"host\">The host</h2>\n<p>What the host itself keeps, and lets stewards, members and decisions change.</p>\n");
    if let Some(host) = catalogue.plugins.get(HOST) {
        plugin(&mut html, host);
    }
    html.markup("</main>\n<footer><p>Answers are on disk before they leave. <a href=\"/api/openapi.json\">OpenAPI 3.1</a> describes every call; <a href=\"/healthz\">/healthz</a> says whether the host is well.</p></footer>\n</body>\n</html>\n");
    let kind = (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    ([kind], html.finish()).into_response()
}

/// A few calls to copy, queries first: they do no harm.
fn examples(html: &mut Html, info: Option<&PluginInfo>) {
    html.markup("<h2 id=\"try\">Try</h2>\n<ul class=\"try\">\n");
    html.markup("<li>What can be called, on a terminal:<pre><code>hamlet call --help</code></pre></li>\n");
    let Some(info) = info else {
        html.markup("</ul>\n");
        return;
    };
    let of_kind = |kind| info.functions.iter().filter(move |callable| callable.rule.kind == kind);
    for callable in
        of_kind(Kind::Query).take(EXAMPLES_MAX / 2).chain(of_kind(Kind::Command).take(EXAMPLES_MAX / 2))
    {
        html.markup("<li>").inline(&sentence(&callable.function.docs)).markup("<pre><code>");
        html.text(&command_line(callable)).markup("</code></pre></li>\n");
    }
    if let Some(query) = of_kind(Kind::Query).next() {
        html.markup("<li>The same over HTTP:<pre><code>").text(&curl(query)).markup("</code></pre></li>\n");
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
    html.markup("<details>\n<summary>").text(&interface.short).markup(" <span class=\"soft\">");
    html.text(&interface.version).markup("</span></summary>\n").docs(&interface.docs).markup("<dl>\n");
    for callable in functions {
        let (class, word) = match callable.rule.kind {
            Kind::Query => ("query", "asks"),
            Kind::Command => ("command", "changes"),
        };
        html.markup("<dt><span class=\"kind ").text(class).markup("\">").text(word).markup("</span> <code>");
        html.text(&signature(callable)).markup("</code></dt>\n<dd>").docs(&callable.function.docs);
        html.markup("<p class=\"soft\">").text(&admitted(&callable.rule.access)).markup(" <code>/api/");
        html.text(&path_of(callable)).markup("</code></p></dd>\n");
    }
    html.markup("</dl>\n</details>\n");
}

fn signature(callable: &Callable) -> String {
    let params: Vec<_> =
        callable.function.params.iter().map(|param| format!("{}: {}", param.name, param.ty)).collect();
    let mut text = format!("{}({})", callable.function.name, params.join(", "));
    if let Some(result) = &callable.function.result {
        // Writing into a `String` cannot fail.
        let _ = write!(text, " -> {result}");
    }
    text
}

/// Who may call, in words.
fn admitted(access: &[Access]) -> String {
    let words = access.iter().map(|access| match access {
        Access::Public => "anyone".to_owned(),
        Access::Member => "members".to_owned(),
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

fn command_line(callable: &Callable) -> String {
    let mut line = format!("hamlet call {} {}", callable.plugin, callable.function.name);
    for param in callable.function.params.iter().filter(|param| !param.ty.is_option()) {
        let _ = write!(line, " --{} {}", param.name, placeholder(&param.ty));
    }
    line
}

fn placeholder(ty: &Type) -> &'static str {
    match ty {
        Type::Bool => "true",
        Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::S8 | Type::S16 | Type::S32 | Type::S64 => "1",
        Type::F32 | Type::F64 => "1.5",
        Type::Id => "ID",
        Type::Char | Type::String | Type::Bytes => "TEXT",
        _ => "JSON",
    }
}

fn curl(callable: &Callable) -> String {
    let params = callable.function.params.iter().filter(|param| !param.ty.is_option());
    let params: Vec<_> = params.map(|param| format!("{}={}", param.name, placeholder(&param.ty))).collect();
    let mark = if params.is_empty() { "" } else { "?" };
    format!(
        "curl -H 'Authorization: Bearer TOKEN' 'http://HOST/api/{}{mark}{}'",
        path_of(callable),
        params.join("&")
    )
}
