//! Answers for people: a list of records as a table, a record as lines, anything else as it is.
//!
//! What others wrote (names, memos, a plugin's words) is shown without control characters, or a
//! member's memo could rewrite a steward's terminal.

use std::io::{self, ErrorKind, Write as _};
use std::process;

use serde_json::{Map, Value};

/// Cells longer than this are cut in tables.
const CELL_CHARACTERS_MAX: usize = 48;

/// Prints a line. When nobody reads any more (`hamlet … | head`), the program ends quietly.
pub fn say(line: &str) {
    let mut stdout = io::stdout().lock();
    let end = if line.ends_with('\n') { "" } else { "\n" };
    let written = write!(stdout, "{line}{end}").and_then(|()| stdout.flush());
    if let Err(error) = written {
        if error.kind() == ErrorKind::BrokenPipe {
            process::exit(0);
        }
        eprintln!("hamlet: the answer cannot be printed: {error}");
        process::exit(1);
    }
}

/// A text without what a terminal would obey. Lines stay lines.
pub fn plain(text: &str) -> String {
    let keep = |letter: char| !letter.is_control() || letter == '\n' || letter == '\t';
    text.chars().map(|letter| if keep(letter) { letter } else { char::REPLACEMENT_CHARACTER }).collect()
}

/// An answer as text.
pub fn render(value: &Value) -> String {
    match value {
        Value::Null => "done".to_owned(),
        Value::Array(rows) if rows.is_empty() => "nothing".to_owned(),
        Value::Array(rows) if rows.iter().all(Value::is_object) => {
            table(&rows.iter().filter_map(Value::as_object).collect::<Vec<_>>())
        }
        Value::Array(rows) => rows.iter().map(cell).collect::<Vec<_>>().join("\n"),
        Value::Object(record) => lines(record),
        scalar => cell(scalar),
    }
}

fn lines(record: &Map<String, Value>) -> String {
    let width = record.keys().map(String::len).max().unwrap_or_default();
    let mut text = Vec::new();
    for (name, value) in record {
        match value {
            Value::Array(rows) if !rows.is_empty() && rows.iter().all(Value::is_object) => {
                text.push(format!("{name}:\n{}", render(value)));
            }
            _ => text.push(format!("{name:width$}  {}", cell(value))),
        }
    }
    text.join("\n")
}

/// A table with the columns of the first row; nested records are flattened by one level.
fn table(rows: &[&Map<String, Value>]) -> String {
    let flat: Vec<Map<String, Value>> = rows.iter().map(|row| flatten(row)).collect();
    let mut columns: Vec<&str> = Vec::new();
    for row in &flat {
        for name in row.keys() {
            if !columns.contains(&name.as_str()) {
                columns.push(name);
            }
        }
    }
    let empty = |name: &&str| flat.iter().all(|row| row.get(*name).is_none_or(Value::is_null));
    columns.retain(|name| !empty(name));
    let mut grid: Vec<Vec<String>> = vec![columns.iter().map(|name| (*name).to_owned()).collect()];
    for row in &flat {
        grid.push(columns.iter().map(|name| short(&row.get(*name).map(cell).unwrap_or_default())).collect());
    }
    let widths: Vec<usize> = (0..columns.len())
        .map(|column| {
            grid.iter().filter_map(|row| row.get(column)).map(|text| text.chars().count()).max().unwrap_or(0)
        })
        .collect();
    grid.iter()
        .map(|row| {
            let cells: Vec<String> =
                row.iter().zip(&widths).map(|(text, &width)| format!("{text:<width$}")).collect();
            cells.join("  ").trim_end().to_owned()
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn flatten(row: &Map<String, Value>) -> Map<String, Value> {
    let mut flat = Map::new();
    for (name, value) in row {
        match value {
            Value::Object(inner) => {
                for (inner_name, inner_value) in inner {
                    flat.insert(format!("{name}.{inner_name}"), inner_value.clone());
                }
            }
            other => {
                flat.insert(name.clone(), other.clone());
            }
        }
    }
    flat
}

/// One cell of a table: one line, cut when it is long.
fn short(text: &str) -> String {
    let text = text.replace(['\n', '\t'], " ");
    if text.chars().count() <= CELL_CHARACTERS_MAX {
        return text;
    }
    let mut cut: String = text.chars().take(CELL_CHARACTERS_MAX - 1).collect();
    cut.push('…');
    cut
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => plain(text),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_of_records_is_a_table_without_empty_columns() {
        let rows = json!([{"name": "a", "n": 1, "note": null}, {"name": "long", "n": 22, "note": null}]);
        assert_eq!(render(&rows), "name  n\na     1\nlong  22");
    }

    #[test]
    fn a_text_cannot_steer_the_terminal_or_break_a_table() {
        assert_eq!(render(&json!("a\u{1b}[2Jb\nc")), "a\u{fffd}[2Jb\nc");
        assert_eq!(
            render(&json!([{"memo": "two\nlines\u{7}"}, {"memo": "x"}])),
            "memo\ntwo lines\u{fffd}\nx"
        );
    }

    #[test]
    fn a_record_is_lines() {
        assert_eq!(render(&json!({"id": "x", "balance": "12"})), "id       x\nbalance  12");
    }
}
