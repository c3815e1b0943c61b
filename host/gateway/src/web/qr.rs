//! A text as a QR code: an SVG in the page.

use maud::{Markup, PreEscaped, html};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

/// The code, with what it holds for those who cannot see it; nothing where the text is too long for one (some 2,300
/// bytes).
pub(crate) fn code(text: &str, label: &str) -> Markup {
    let Ok(code) = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::M) else { return html! {} };
    // Dark on light whatever the scheme, or cameras do not read it. Only what this crate draws is in it.
    let drawn = code
        .render::<svg::Color<'_>>()
        .min_dimensions(200, 200)
        .dark_color(svg::Color("#000000"))
        .light_color(svg::Color("#ffffff"))
        .build();
    let drawn = drawn.split_once("?>").map_or(drawn.as_str(), |(_, svg)| svg);
    html! { div class="qr" role="img" aria-label=(label) { (PreEscaped(drawn)) } }
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn a_text_is_drawn_and_one_that_is_too_long_is_left_out() {
        let drawn = code("https://oak.example/join/1", "join").into_string();
        assert!(drawn.contains("<svg") && !drawn.contains("<?xml"), "{drawn}");
        assert!(!code(&"x".repeat(5_000), "").into_string().contains("<svg"));
        assert!(!code("<script>", "\"><script>").into_string().contains("<script"));
    }
}
