//! `<h-qr text="…" label="…">`: a QR code as SVG, dark on white whatever the scheme, with a quiet zone of four
//! squares (ISO/IEC 18004), and the text under it for whoever cannot scan.

use fast_qr::{ECL, QRBuilder};

use crate::tree::{Element, Node};

/// Squares of white around the code.
const QUIET: usize = 4;

pub(super) fn draw(element: &Element) -> Option<Vec<Node>> {
    let text = element.get("text")?;
    let code = QRBuilder::new(text).ecl(ECL::M).build().ok()?;
    let side = code.size + 2 * QUIET;
    let mut path = String::new();
    for row in 0..code.size {
        let mut column = 0;
        while column < code.size {
            let run =
                (column..code.size).take_while(|at| code[row].get(*at).is_some_and(|m| m.value())).count();
            if run > 0 {
                use std::fmt::Write as _;
                // Writing into a `String` cannot fail.
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", column + QUIET, row + QUIET);
            }
            column += run.max(1);
        }
    }
    let label = element.get("label").filter(|label| !label.is_empty()).unwrap_or(text);
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
    let below = Element::new("figcaption").text(label);
    Some(vec![Element::new("figure").with("class", "h-qr").child(picture).child(below).into()])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_code_has_its_three_corners_and_a_quiet_zone() {
        let drawn =
            draw(&Element::new("h-qr").with("text", "https://oakfield.example/p/ledger/pay")).unwrap();
        let mut html = String::new();
        crate::tree::write_nodes(&mut html, &drawn);
        let side: usize =
            html.split("viewBox=\"0 0 ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        let modules = side - 8;
        assert!((21..=177).contains(&modules) && (modules - 17).is_multiple_of(4), "{modules}");
        // The upper edges of the finder patterns are seven squares each.
        assert!(html.contains("M4 4h7v1") && html.contains(&format!("M{} 4h7v1", side - 4 - 7)), "{html}");
        assert!(html.contains(&format!("M4 {}h7v1", side - 4 - 7)));
        assert!(html.contains("<figcaption>https://oakfield.example/p/ledger/pay</figcaption>"));
    }

    #[test]
    fn what_does_not_fit_a_code_is_shown_as_its_text() {
        assert!(draw(&Element::new("h-qr").with("text", "x".repeat(4_000))).is_none());
    }
}
