//! The host's elements as members see them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod speak;

use hamlet_pages::draw::{Drawing, Hidden, Moderation, Named, Posting, Viewer};
use hamlet_pages::sanitize;
use hamlet_pages::words::Say;
use hamlet_reflect::Id;
use jiff::tz::TimeZone;
use speak::speak;

const NOW: i64 = 1_795_412_400_000_000;

fn drawn(page: &str, say: &Say) -> String {
    let party = |id: Id| {
        (id.0 == 7).then(|| Named { name: "Rosa <Blum>".to_owned(), page: Some("/members/rosa".to_owned()) })
    };
    let place = |name: &str| Some(format!("/moderation/shop/{name}"));
    let hidden = |name: &str| match name {
        "seen" => Some(Hidden { said: "No <b>.".to_owned(), shown: true }),
        "gone" => Some(Hidden { said: "No.".to_owned(), shown: false }),
        _ => None,
    };
    let moderation = Moderation { place: &place, hidden: &hidden };
    let viewer = Viewer {
        say,
        zone: TimeZone::UTC,
        now: NOW,
        origin: "https://oak.example",
        party: &party,
        picture: &|src| format!("{src}?for=x"),
        moderation,
    };
    let key = || "0199".to_owned();
    let function = |name: &str| (name == "transfers.pay").then(|| "/p/shop/do/transfers/pay".to_owned());
    let posting = Posting { csrf: "c\"srf", key: &key, here: "/p/shop/pay?to=rosa", function: &function };
    sanitize(page, "shop").unwrap().draw(&Drawing { viewer, posting: Some(posting) })
}

#[test]
fn each_element_is_drawn_in_the_viewers_language() {
    let rows = [
        (
            "<h-money amount=\"-123456\" scale=2 unit=LEAF>x</h-money>",
            "<data class=\"h-money h-minus\" value=\"-1234.56\">\u{2212}1,234.56\u{a0}<span class=\"h-unit\">LEAF</span></data>",
            "<data class=\"h-money h-minus\" value=\"-1234.56\">\u{2212}1234,56\u{a0}<span class=\"h-unit\">LEAF</span></data>",
        ),
        (
            "<h-money amount=5 scale=0 sign=always></h-money>",
            "<data class=\"h-money\" value=\"5\">+5</data>",
            "<data class=\"h-money\" value=\"5\">+5</data>",
        ),
        (
            "<h-time value=\"1795412400000000\" format=date>x</h-time>",
            "<time datetime=\"2026-11-23T05:40:00Z\">23 November 2026</time>",
            "<time datetime=\"2026-11-23T05:40:00Z\">23 de noviembre de 2026</time>",
        ),
        (
            "<h-party id=00000000000000000000000000000007>x</h-party>",
            "<span class=\"h-party\"><span class=\"h-face\" aria-hidden=\"true\">R</span><bdi><a href=\"/members/rosa\">Rosa &lt;Blum&gt;</a></bdi></span>",
            "<span class=\"h-party\"><span class=\"h-face\" aria-hidden=\"true\">R</span><bdi><a href=\"/members/rosa\">Rosa &lt;Blum&gt;</a></bdi></span>",
        ),
        (
            // No link in a link.
            "<a href=pay><h-party id=00000000000000000000000000000007>x</h-party></a>",
            "<a href=\"/p/shop/pay\"><span class=\"h-party\"><span class=\"h-face\" aria-hidden=\"true\">R</span><bdi>Rosa &lt;Blum&gt;</bdi></span></a>",
            "<a href=\"/p/shop/pay\"><span class=\"h-party\"><span class=\"h-face\" aria-hidden=\"true\">R</span><bdi>Rosa &lt;Blum&gt;</bdi></span></a>",
        ),
        (
            "<h-content name=a><p>Hello</h-content>",
            "<div class=\"h-content\"><p>Hello</p><p class=\"h-act\"><a href=\"/moderation/shop/a\">Report</a></p></div>",
            "<div class=\"h-content\"><p>Hello</p><p class=\"h-act\"><a href=\"/moderation/shop/a\">Denunciar</a></p></div>",
        ),
        (
            "<h-content name=gone><p>Hello</h-content>",
            "<div class=\"h-content\"><p class=\"h-hidden\">No.</p><p class=\"h-act\"><a href=\"/moderation/shop/gone\">More about this</a></p></div>",
            "<div class=\"h-content\"><p class=\"h-hidden\">No.</p><p class=\"h-act\"><a href=\"/moderation/shop/gone\">Más sobre esto</a></p></div>",
        ),
        (
            "<h-content name=seen><p>Hello</h-content>",
            "<div class=\"h-content\"><p class=\"h-hidden\">No &lt;b&gt;.</p><details><summary>What it said</summary><p>Hello</p></details><p class=\"h-act\"><a href=\"/moderation/shop/seen\">More about this</a></p></div>",
            "<div class=\"h-content\"><p class=\"h-hidden\">No &lt;b&gt;.</p><details><summary>Lo que decía</summary><p>Hello</p></details><p class=\"h-act\"><a href=\"/moderation/shop/seen\">Más sobre esto</a></p></div>",
        ),
        (
            "<img src=\"blob/00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\" alt=Bread>",
            "<img src=\"/p/shop/blob/00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff?for=x\" alt=\"Bread\" loading=\"lazy\">",
            "<img src=\"/p/shop/blob/00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff?for=x\" alt=\"Bread\" loading=\"lazy\">",
        ),
        (
            "<h-picture name=photo></h-picture>",
            "<input type=\"file\" name=\"p_photo\" accept=\"image/jpeg,image/png\" data-picture id=\"p_file-p_photo\">",
            "<input type=\"file\" name=\"p_photo\" accept=\"image/jpeg,image/png\" data-picture id=\"p_file-p_photo\">",
        ),
        (
            "<h-live><p>Now <b>3</b></h-live>",
            "<div class=\"h-live\" data-live=\"\" aria-live=\"polite\"><p>Now <b>3</b></p></div>",
            "<div class=\"h-live\" data-live=\"\" aria-live=\"polite\"><p>Now <b>3</b></p></div>",
        ),
        (
            "<h-progress value=3 max=8 label=Votes></h-progress>",
            "<div class=\"h-progress\"><span>Votes</span><progress max=\"8\" value=\"3\" aria-label=\"Votes\"></progress><span class=\"h-soft\">3 of 8</span></div>",
            "<div class=\"h-progress\"><span>Votes</span><progress max=\"8\" value=\"3\" aria-label=\"Votes\"></progress><span class=\"h-soft\">3 de 8</span></div>",
        ),
    ];
    for (page, english, spanish) in rows {
        assert_eq!(drawn(page, speak("en")), english);
        assert_eq!(drawn(page, speak("es")), spanish);
    }
}

#[test]
fn an_element_that_cannot_be_drawn_shows_what_is_inside() {
    for (page, text) in [
        ("<h-money amount=99999999999999999999 scale=99>lots</h-money>", "lots"),
        ("<h-money amount=twelve>twelve</h-money>", "twelve"),
        ("<h-time value=99999999999999999999>some day</h-time>", "some day"),
        ("<h-party id=00000000000000000000000000000009>somebody</h-party>", "somebody"),
        ("<h-party id=7>somebody</h-party>", "somebody"),
        ("<h-progress value=-1 max=0>nothing</h-progress>", "nothing"),
        ("<h-chart kind=bar>no table</h-chart>", "no table"),
        ("<h-chart kind=pie>no such kind</h-chart>", "no such kind"),
    ] {
        assert_eq!(drawn(page, speak("en")), text, "{page}");
    }
}

const TABLE: &str = "<table><caption>Circulation</caption><tr><th>Month</th><th>in</th><th>out</th></tr>\
    <tr><th>Jan</th><td>1250</td><td>-300</td></tr><tr><th>Feb</th><td>&lt;none></td><td><h-money amount=50 scale=2></h-money></td></tr></table>";

#[test]
fn a_chart_is_a_picture_with_its_numbers_behind_it() {
    for (kind, shape, count) in [
        ("line", "<path class=\"h-line", 2),
        ("bar", "<rect class=\"h-bar", 3),
        ("stacked", "<rect class=\"h-bar", 3),
    ] {
        let html = drawn(&format!("<h-chart kind={kind} scale=2 unit=LEAF>{TABLE}</h-chart>"), speak("es"));
        assert_eq!(html.matches(shape).count(), count, "{html}");
        for part in [
            "<figcaption>Circulation</figcaption>",
            "role=\"img\" aria-label=\"Circulation\"",
            "<summary>Ver los números</summary>",
            "<th scope=\"col\">in (LEAF)</th>",
            "<th scope=\"row\">Jan</th><td class=\"num\">12,50</td><td class=\"num\">\u{2212}3,00</td>",
            "<th scope=\"row\">Feb</th><td class=\"num\"></td><td class=\"num\">0,50</td>",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(!html.contains("style=") && !html.contains("<script"));
    }
}

#[test]
fn a_form_posts_to_its_function_with_the_hosts_own_fields() {
    let page = "<form action=transfers.pay return=done><input name=csrf value=forged></form>\
        <form action=./statement><input name=from></form><form action=nothing><input name=x></form>";
    let html = drawn(page, speak("en"));
    for part in [
        "<form action=\"/p/shop/do/transfers/pay\" method=\"post\"><input type=\"hidden\" name=\"csrf\" value=\"c&quot;srf\">",
        "name=\"key\" value=\"0199\"",
        "name=\"page\" value=\"/p/shop/pay?to=rosa\"",
        "name=\"form\" value=\"0\"",
        "name=\"return\" value=\"/p/shop/done\"",
        "name=\"p_csrf\" value=\"forged\"",
        "<form action=\"/p/shop/statement\" method=\"get\"><input name=\"p_from\">",
        "This form asks for something that is not there.",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert_eq!(html.matches("name=\"csrf\"").count(), 1, "{html}");
}
