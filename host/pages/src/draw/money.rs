//! `<h-money amount="1250" scale="2" unit="LEAF">`: an amount in minor units, written as people of the place do.
//!
//! Integers only, from the attribute to the page: no amount is ever a float.

use crate::tree::{Element, Node};
use crate::words::Say;

/// A true minus, which a screen reader says and a line does not break after.
const MINUS: char = '\u{2212}';

/// The element as nodes; none when its amount is no integer.
pub(super) fn draw(element: &Element, say: &Say) -> Option<Vec<Node>> {
    let amount: i128 = element.get("amount")?.parse().ok()?;
    let scale: u8 = element.get("scale").unwrap_or("0").parse().ok()?;
    let mut text = String::new();
    if amount > 0 && element.get("sign") == Some("always") {
        text.push('+');
    }
    text.push_str(&written(amount, scale, say));
    let mut drawn =
        Element::new("data").with("class", if amount < 0 { "h-money h-minus" } else { "h-money" });
    drawn.set("value", plain(amount, scale));
    let mut drawn = drawn.text(text);
    if let Some(unit) = element.get("unit").filter(|unit| !unit.is_empty()) {
        let unit = Element::new("span").with("class", "h-unit").text(unit);
        drawn = drawn.text("\u{a0}").child(unit);
    }
    Some(vec![drawn.into()])
}

/// An amount of minor units as people write it: 1250 with scale 2 is `12.50`, or `12,50`.
pub fn written(amount: i128, scale: u8, say: &Say) -> String {
    let (whole, fraction) = parts(amount, scale);
    let mut text = String::new();
    if amount < 0 {
        text.push(MINUS);
    }
    let (separator, from) = (say.t("number-group"), say.t("number-group-from").parse().unwrap_or(usize::MAX));
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && whole.len() >= from && (whole.len() - index) % 3 == 0 {
            text.push_str(&separator);
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push_str(&say.t("number-decimal"));
        text.push_str(&fraction);
    }
    text
}

/// The same for machines.
fn plain(amount: i128, scale: u8) -> String {
    let (whole, fraction) = parts(amount, scale);
    let sign = if amount < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// The digits before and after the point.
fn parts(amount: i128, scale: u8) -> (String, String) {
    let scale = usize::from(scale);
    let digits = format!("{:0>width$}", amount.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    (whole.to_owned(), fraction.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::tests::speak;

    #[test]
    fn an_amount_is_written_by_scale_and_language() {
        let (english, spanish) = (speak("en"), speak("es"));
        let (english, spanish) = (&english, &spanish);
        let rows = [
            (1_250, 2, english, "12.50"),
            (1_250, 2, spanish, "12,50"),
            (-5, 2, english, "\u{2212}0.05"),
            (0, 0, english, "0"),
            (0, 2, english, "0.00"),
            (123_456_789, 2, english, "1,234,567.89"),
            (123_456, 2, spanish, "1234,56"),
            (1_234_567, 2, spanish, "12\u{202f}345,67"),
            (i128::from(i64::MIN), 2, english, "\u{2212}92,233,720,368,547,758.08"),
            (
                i128::MIN,
                0,
                spanish,
                "\u{2212}170\u{202f}141\u{202f}183\u{202f}460\u{202f}469\u{202f}231\u{202f}731\u{202f}687\u{202f}303\u{202f}715\u{202f}884\u{202f}105\u{202f}728",
            ),
        ];
        for (amount, scale, language, text) in rows {
            assert_eq!(written(amount, scale, language), text);
        }
    }
}
