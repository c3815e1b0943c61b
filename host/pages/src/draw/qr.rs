//! `<h-qr text="…" label="…">` or `<h-qr href="PAGE">`: a QR code as SVG, dark on white whatever the scheme, with a
//! quiet zone of four squares (ISO/IEC 18004), and the text under it for whoever cannot scan. A page is written out
//! with the community's own address, which a plugin does not know.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

use crate::tree::{Element, Node};

/// Squares of white around the code.
const QUIET: usize = 4;

/// `origin`: scheme and host of the community.
pub(super) fn draw(element: &Element, origin: &str) -> Option<Vec<Node>> {
    let text = match (element.get("href"), element.get("text")) {
        (Some(href), _) => format!("{origin}{href}"),
        (None, text) => text?.to_owned(),
    };
    let code = QrCode::with_error_correction_level(&text, EcLevel::M).ok()?;
    let (width, squares) = (code.width(), code.to_colors());
    let side = width + 2 * QUIET;
    let mut path = String::new();
    for (row, line) in squares.chunks(width).enumerate() {
        let mut column = 0;
        while column < width {
            let run = line.iter().skip(column).take_while(|square| **square == Color::Dark).count();
            if run > 0 {
                // Writing into a `String` cannot fail.
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", column + QUIET, row + QUIET);
            }
            column += run.max(1);
        }
    }
    let label = element.get("label").filter(|label| !label.is_empty()).unwrap_or(&text);
    let ground = Element::new("rect")
        .with("width", side.to_string())
        .with("height", side.to_string())
        .with("fill", "#ffffff");
    let squares = Element::new("path").with("fill", "#000000").with("d", path);
    let picture = Element::new("svg")
        .with("viewBox", format!("0 0 {side} {side}"))
        .with("role", "img")
        .with("aria-label", label)
        .with("shape-rendering", "crispEdges")
        .child(ground)
        .child(squares);
    let mut below = Element::new("figcaption").text(label);
    if label != text {
        below = below.child(Element::new("br")).child(Element::new("small").text(text.as_str()));
    }
    Some(vec![Element::new("figure").with("class", "h-qr").child(picture).child(below).into()])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_code_has_its_three_corners_and_a_quiet_zone() {
        let drawn =
            draw(&Element::new("h-qr").with("href", "/p/shop/pay"), "https://oakfield.example").unwrap();
        let mut html = String::new();
        crate::tree::write_nodes(&mut html, &drawn);
        let side: usize =
            html.split("viewBox=\"0 0 ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        let modules = side - 8;
        assert!((21..=177).contains(&modules) && (modules - 17).is_multiple_of(4), "{modules}");
        // The upper edges of the finder patterns are seven squares each.
        assert!(html.contains("M4 4h7v1") && html.contains(&format!("M{} 4h7v1", side - 4 - 7)), "{html}");
        assert!(html.contains(&format!("M4 {}h7v1", side - 4 - 7)));
        assert!(html.contains("<figcaption>https://oakfield.example/p/shop/pay</figcaption>"));
    }

    #[test]
    fn what_does_not_fit_a_code_is_shown_as_its_text() {
        assert!(draw(&Element::new("h-qr").with("text", "x".repeat(4_000)), "").is_none());
    }
}
