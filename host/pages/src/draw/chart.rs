//! `<h-chart kind="line|bar|stacked" scale="2" unit="LEAF"><table>…</table></h-chart>`: a table as a picture.
//!
//! The table is the data: the first row of headers names the series, the first cell of each row its place. Cells are
//! integers in minor units, or hold an `h-money`. The picture is SVG without script or style; the same table, with
//! its amounts written out, is behind it for whoever reads rather than looks. Colours are the style sheet's.

use std::fmt::Write as _;

use super::money;
use crate::tree::{Element, Node};
use crate::words::Say;

/// Most rows that are drawn.
const ROWS_MAX: usize = 400;
/// Most series that are drawn: as many as there are colours.
const SERIES_MAX: usize = 6;
/// The picture, in its own units.
const WIDTH: i128 = 640;
const HEIGHT: i128 = 260;
const LEFT: i128 = 84;
const RIGHT: i128 = 8;
const TOP: i128 = 12;
const BOTTOM: i128 = 30;
/// Labels under the picture, at most.
const LABELS_MAX: usize = 4;
/// Lines across the picture, at most.
const LINES_MAX: i128 = 5;

struct Data {
    series: Vec<String>,
    rows: Vec<(String, Vec<Option<i64>>)>,
}

pub(super) fn draw(element: &Element, say: &Say) -> Option<Vec<Node>> {
    let table = find(&element.children, "table")?;
    let data = read(table)?;
    let scale: u8 = element.get("scale").unwrap_or("0").parse().ok()?;
    let unit = element.get("unit").unwrap_or_default();
    let kind = element.get("kind")?;
    let caption = find(&table.children, "caption").map(text_of).unwrap_or_default();
    let mut figure = Element::new("figure").with("class", "h-chart");
    if !caption.is_empty() {
        figure = figure.child(Element::new("figcaption").text(caption.as_str()));
    }
    let label = if caption.is_empty() { data.series.join(", ") } else { caption };
    figure = figure.child(picture(&data, kind, scale, say, &label));
    if data.series.len() > 1 {
        let entries = data.series.iter().enumerate().map(|(index, name)| {
            let swatch = Element::new("span")
                .with("class", format!("h-swatch h-s{index}"))
                .with("aria-hidden", "true");
            Element::new("li").child(swatch).text(name.as_str()).into()
        });
        figure = figure.child(Element::new("ul").with("class", "h-legend").children(entries));
    }
    let summary = Element::new("summary").text(say.t("element-numbers"));
    let numbers = shown_table(&data, table, scale, unit, say);
    Some(vec![figure.child(Element::new("details").child(summary).child(numbers)).into()])
}

fn read(table: &Element) -> Option<Data> {
    let mut rows = Vec::new();
    collect_rows(table, &mut rows);
    let mut rows = rows.into_iter();
    let head = rows.next()?;
    let series: Vec<String> = cells(head).skip(1).take(SERIES_MAX).map(text_of).collect();
    let rows: Vec<_> = rows
        .take(ROWS_MAX)
        .map(|row| {
            let mut cells = cells(row);
            let label = cells.next().map(text_of).unwrap_or_default();
            let mut values: Vec<Option<i64>> = cells.take(series.len()).map(number).collect();
            values.resize(series.len(), None);
            (label, values)
        })
        .collect();
    (!series.is_empty() && !rows.is_empty()).then_some(Data { series, rows })
}

fn collect_rows<'a>(element: &'a Element, rows: &mut Vec<&'a Element>) {
    for child in elements(element) {
        match child.tag {
            "thead" | "tbody" | "tfoot" => collect_rows(child, rows),
            "tr" => rows.push(child),
            _ => {}
        }
    }
}

fn elements(element: &Element) -> impl Iterator<Item = &Element> {
    element.children.iter().filter_map(|node| match node {
        Node::Element(element) => Some(element),
        Node::Text(_) => None,
    })
}

fn cells(row: &Element) -> impl Iterator<Item = &Element> {
    elements(row).filter(|cell| matches!(cell.tag, "td" | "th"))
}

fn number(cell: &Element) -> Option<i64> {
    if let Some(money) = find(&cell.children, "h-money") {
        return money.get("amount")?.parse().ok();
    }
    text_of(cell).parse().ok()
}

fn find<'a>(nodes: &'a [Node], tag: &str) -> Option<&'a Element> {
    nodes.iter().find_map(|node| match node {
        Node::Element(element) if element.tag == tag => Some(element),
        Node::Element(element) => find(&element.children, tag),
        Node::Text(_) => None,
    })
}

fn text_of(element: &Element) -> String {
    let mut text = String::new();
    element.children.iter().for_each(|child| child.append_text(&mut text));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// From where to where the values go, and how far the lines across are from one another.
#[derive(Debug, PartialEq, Eq)]
struct Range {
    low: i128,
    high: i128,
    step: i128,
}

/// Zero is always in it; lines are 1, 2 or 5 times a power of ten apart.
fn range(values: impl Iterator<Item = i128>) -> Range {
    let (mut low, mut high) = (0, 0);
    for value in values {
        low = low.min(value);
        high = high.max(value);
    }
    let mut step = 1;
    for factor in [2, 5, 10].into_iter().cycle().scan(1_i128, |power, factor| {
        let step = *power * factor;
        if factor == 10 {
            *power *= 10;
        }
        Some(step)
    }) {
        if (high - low) / step < LINES_MAX {
            break;
        }
        step = factor;
    }
    let low = low.div_euclid(step) * step;
    let high = (high + step - 1).div_euclid(step) * step;
    Range { low, high: if high == low { low + step } else { high }, step }
}

impl Range {
    /// How far down the picture a value is, in tenths.
    fn y(&self, value: i128) -> i128 {
        TOP * 10 + (HEIGHT - TOP - BOTTOM) * 10 * (self.high - value) / (self.high - self.low)
    }
}

fn picture(data: &Data, kind: &str, scale: u8, say: &Say, label: &str) -> Element {
    let each = |row: &[Option<i64>]| -> Vec<i128> { row.iter().flatten().map(|v| i128::from(*v)).collect() };
    let range = if kind == "stacked" {
        // What is above zero is piled up, what is below is piled down.
        let sums = data.rows.iter().flat_map(|(_, row)| {
            let values = each(row);
            [values.iter().filter(|v| **v > 0).sum(), values.iter().filter(|v| **v < 0).sum()]
        });
        range(sums)
    } else {
        range(data.rows.iter().flat_map(|(_, row)| each(row)))
    };
    let mut svg = Element::new("svg")
        .with("viewBox", format!("0 0 {WIDTH} {HEIGHT}"))
        .with("role", "img")
        .with("aria-label", label);
    let mut at = range.low;
    while at <= range.high {
        let y = tenths(range.y(at));
        let class = if at == 0 { "h-zero" } else { "h-rule" };
        svg = svg.child(
            Element::new("line")
                .with("class", class)
                .with("x1", LEFT.to_string())
                .with("x2", (WIDTH - RIGHT).to_string())
                .with("y1", y.as_str())
                .with("y2", y.as_str()),
        );
        let text = Element::new("text")
            .with("x", (LEFT - 6).to_string())
            .with("y", tenths(range.y(at) + 40))
            .with("text-anchor", "end");
        svg = svg.child(text.text(money::written(at, scale, say)));
        at += range.step;
    }
    let rows = i128::try_from(data.rows.len()).unwrap_or(1);
    let slot = (WIDTH - LEFT - RIGHT) * 10 / rows;
    let center = |index: usize| LEFT * 10 + slot * i128::try_from(index).unwrap_or(0) + slot / 2;
    let every = data.rows.len().div_ceil(LABELS_MAX);
    for (index, (label, _)) in data.rows.iter().enumerate().step_by(every) {
        let text = Element::new("text")
            .with("x", tenths(center(index)))
            .with("y", (HEIGHT - 8).to_string())
            .with("text-anchor", "middle");
        svg = svg.child(text.text(label.chars().take(12).collect::<String>()));
    }
    let shapes: Vec<Node> = match kind {
        "line" => lines(data, &range, center),
        _ => bars(data, &range, kind == "stacked", slot, center),
    };
    svg.children(shapes)
}

fn lines(data: &Data, range: &Range, center: impl Fn(usize) -> i128) -> Vec<Node> {
    let line = |series: usize| {
        let mut path = String::new();
        let mut pen_down = false;
        for (index, (_, row)) in data.rows.iter().enumerate() {
            let Some(value) = row.get(series).copied().flatten() else {
                // A gap in the data is a gap in the line.
                pen_down = false;
                continue;
            };
            let (x, y) = (tenths(center(index)), tenths(range.y(value.into())));
            path.push_str(if pen_down { "L" } else { "M" });
            // Writing into a `String` cannot fail.
            let _ = write!(path, "{x} {y}");
            pen_down = true;
        }
        Element::new("path").with("class", format!("h-line h-s{series}")).with("fill", "none").with("d", path)
    };
    (0..data.series.len()).map(|series| line(series).into()).collect()
}

fn bars(data: &Data, range: &Range, stacked: bool, slot: i128, center: impl Fn(usize) -> i128) -> Vec<Node> {
    let count = if stacked { 1 } else { i128::try_from(data.series.len()).unwrap_or(1) };
    let width = (slot * 7 / 10 / count).max(5);
    let mut shapes = Vec::new();
    for (index, (_, row)) in data.rows.iter().enumerate() {
        let (mut above, mut below) = (0, 0);
        for (series, value) in row.iter().enumerate() {
            let Some(value) = value.map(i128::from).filter(|value| *value != 0) else { continue };
            let from = match (stacked, value > 0) {
                (false, _) => 0,
                (true, true) => above,
                (true, false) => below,
            };
            let to = from + value;
            if value > 0 {
                above = to;
            } else {
                below = to;
            }
            let column = if stacked { 0 } else { i128::try_from(series).unwrap_or(0) };
            let (top, bottom) = (range.y(from.max(to)), range.y(from.min(to)));
            let bar = Element::new("rect")
                .with("class", format!("h-bar h-s{series}"))
                .with("x", tenths(center(index) - width * count / 2 + width * column))
                .with("y", tenths(top))
                .with("width", tenths(width))
                .with("height", tenths((bottom - top).max(5)));
            shapes.push(bar.into());
        }
    }
    shapes
}

/// Tenths with their point, as SVG reads them.
fn tenths(value: i128) -> String {
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{}.{}", value.abs() / 10, value.abs() % 10)
}

fn shown_table(data: &Data, table: &Element, scale: u8, unit: &str, say: &Say) -> Element {
    let corner = {
        let mut rows = Vec::new();
        collect_rows(table, &mut rows);
        rows.first().and_then(|row| cells(row).next()).map(text_of).unwrap_or_default()
    };
    let head = |text: String| -> Node { Element::new("th").with("scope", "col").text(text).into() };
    let named = data.series.iter().map(|name| match unit {
        "" => head(name.clone()),
        unit => head(format!("{name} ({unit})")),
    });
    let first = Element::new("tr").child(head(corner)).children(named);
    let rows = data.rows.iter().map(|(label, row)| {
        let values = row.iter().map(|value| {
            let text = value.map_or_else(String::new, |value| money::written(value.into(), scale, say));
            Element::new("td").with("class", "num").text(text).into()
        });
        Element::new("tr")
            .child(Element::new("th").with("scope", "row").text(label.as_str()))
            .children(values)
            .into()
    });
    let table = Element::new("table")
        .child(Element::new("thead").child(first))
        .child(Element::new("tbody").children(rows));
    Element::new("div").with("class", "h-scroll").with("tabindex", "0").child(table)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_across_are_round_and_few_and_zero_is_among_them() {
        assert_eq!(range([0, 7].into_iter()), Range { low: 0, high: 8, step: 2 });
        assert_eq!(range([0].into_iter()), Range { low: 0, high: 1, step: 1 });
        assert_eq!(range([-1_250, 4_700].into_iter()), Range { low: -2_000, high: 6_000, step: 2_000 });
    }

    proptest! {
        #[test]
        fn any_values_fit_the_picture(values in proptest::collection::vec(any::<i64>(), 1..20)) {
            let range = range(values.iter().map(|value| i128::from(*value)));
            prop_assert!(range.low <= 0 && range.high >= 0 && range.high > range.low);
            prop_assert!((range.high - range.low) / range.step <= LINES_MAX + 2);
            for value in values {
                let y = range.y(value.into());
                prop_assert!((TOP * 10..=(HEIGHT - BOTTOM) * 10).contains(&y), "{}", y);
            }
        }
    }
}
