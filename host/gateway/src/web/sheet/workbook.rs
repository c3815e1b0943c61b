//! Spreadsheets (`.xlsx`, ECMA-376): the first table of one, or the one that is named, as the same rows that CSV gives.
//!
//! Written over a reader of zip archives and one of XML, and not over a reader of spreadsheets: those that there are make
//! room for as many strings as a file claims to have, and as many cells as its corners are apart, before they read them,
//! and a file of some hundred bytes ends the process. Here everything is bounded before it is read: the unpacked bytes
//! of each part and of all parts, strings, rows, columns and the letters of a cell. Nothing is calculated and no macro is
//! run: a formula has the value that the program wrote beside it, or the file is refused.
//!
//! If it is wrong, somebody's balance is another number than in her sheet, and is seen before it is brought in.

use std::borrow::Cow;
use std::io::{Cursor, Read as _};

use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use zip::ZipArchive;
use zip::result::ZipError;

use super::values::{self, Formats};
use super::{COLUMNS_MAX, ROWS_MAX, SheetError, cut};

/// Most parts of an archive.
const PARTS_MAX: usize = 1_000;
/// Most unpacked bytes of one part.
const PART_BYTES_MAX: u64 = 16 << 20;
/// Most unpacked bytes of all parts that are read.
const ALL_BYTES_MAX: u64 = 32 << 20;
/// Most texts that cells may share.
const STRINGS_MAX: usize = 100_000;
/// Most bytes of all cells together: a text that many cells share is told once for each.
const TEXT_BYTES_MAX: usize = 4 << 20;
/// Most tables of a file.
const TABLES_MAX: usize = 200;
/// How deep elements may stand in one another.
const DEPTH_MAX: usize = 64;

/// A table of a file, as rows of cells, and what else is in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub rows: Vec<Vec<String>>,
    pub name: String,
    pub others: Vec<String>,
}

type Outcome<T> = Result<T, SheetError>;

/// Reads the table of this name; none: the first.
pub(super) fn read(bytes: &[u8], wanted: Option<&str>) -> Outcome<Table> {
    let mut package = Package::open(bytes)?;
    let book = package.text("xl/workbook.xml")?.ok_or(SheetError::Broken)?;
    let (tables, of_1904) = tables(&book)?;
    let mut names: Vec<String> = tables.iter().map(|(name, _)| name.clone()).collect();
    let at = match wanted {
        None => 0,
        Some(wanted) => {
            let same = |name: &String| name.to_lowercase() == wanted.to_lowercase();
            names.iter().position(same).ok_or_else(|| SheetError::NoSuchTable(names.clone()))?
        }
    };
    let (_, relation) = tables.get(at).ok_or(SheetError::Empty)?;
    let relations = package.text("xl/_rels/workbook.xml.rels")?.ok_or(SheetError::Broken)?;
    let path = target(&relations, relation)?.ok_or(SheetError::Broken)?;
    let strings = match package.text("xl/sharedStrings.xml")? {
        Some(text) => shared(&text)?,
        None => Vec::new(),
    };
    let mut formats = match package.text("xl/styles.xml")? {
        Some(text) => values::formats(&text)?,
        None => Formats::default(),
    };
    formats.of_1904 = of_1904;
    let table = package.text(&path)?.ok_or(SheetError::Broken)?;
    let rows = Cells { strings: &strings, formats: &formats, left: TEXT_BYTES_MAX }.read(&table)?;
    let name = names.remove(at);
    Ok(Table { rows, name, others: names })
}

/// The archive that a file is.
struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    /// Bytes that may still be unpacked.
    left: u64,
}

impl<'a> Package<'a> {
    fn open(bytes: &'a [u8]) -> Outcome<Self> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| SheetError::Broken)?;
        if archive.len() > PARTS_MAX {
            return Err(SheetError::TooLarge);
        }
        if archive.file_names().flatten().any(|name| name.to_ascii_lowercase().ends_with("vbaproject.bin")) {
            return Err(SheetError::Macros);
        }
        Ok(Self { archive, left: ALL_BYTES_MAX })
    }

    /// A part as text; none: there is no such part.
    fn text(&mut self, path: &str) -> Outcome<Option<String>> {
        let part = match self.archive.by_name(path) {
            Ok(part) => part,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(ZipError::UnsupportedArchive(why)) if why == ZipError::PASSWORD_REQUIRED => {
                return Err(SheetError::Encrypted);
            }
            Err(_) => return Err(SheetError::Broken),
        };
        let most = self.left.min(PART_BYTES_MAX);
        let mut bytes = Vec::new();
        // What the archive says of its size is not asked: this is where it ends.
        part.take(most + 1).read_to_end(&mut bytes).map_err(|_| SheetError::Broken)?;
        let length = bytes.len() as u64;
        if length > most {
            return Err(SheetError::TooLarge);
        }
        self.left -= length;
        let text = String::from_utf8(bytes).map_err(|_| SheetError::Broken)?;
        Ok(Some(match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        }))
    }
}

/// A reader of elements that stops where they stand too deep in one another.
pub(super) struct Xml<'a> {
    reader: Reader<&'a [u8]>,
    depth: usize,
}

impl<'a> Xml<'a> {
    pub fn of(text: &'a str) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Self { reader, depth: 0 }
    }

    /// The next piece; none at the end.
    pub fn next(&mut self) -> Outcome<Option<Event<'a>>> {
        let event = self.reader.read_event().map_err(|_| SheetError::Broken)?;
        match &event {
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::Eof if self.depth > 0 => return Err(SheetError::Broken),
            Event::Eof => return Ok(None),
            _ => {}
        }
        if self.depth > DEPTH_MAX { Err(SheetError::TooLarge) } else { Ok(Some(event)) }
    }
}

/// An attribute by its name without prefix; none: there is no such one.
pub(super) fn attribute(element: &BytesStart<'_>, wanted: &str) -> Outcome<Option<String>> {
    for attribute in element.attributes().with_checks(false) {
        let attribute = attribute.map_err(|_| SheetError::Broken)?;
        if attribute.key.local_name().as_ref() == wanted {
            return value_of(&attribute).map(Some);
        }
    }
    Ok(None)
}

fn value_of(attribute: &Attribute<'_>) -> Outcome<String> {
    let value = attribute.normalized_value(XmlVersion::Implicit1_0);
    value.map(Cow::into_owned).map_err(|_| SheetError::Broken)
}

/// What a piece says; none: it is no text.
fn said<'a>(event: &Event<'a>) -> Outcome<Option<Cow<'a, str>>> {
    Ok(match event {
        Event::Text(text) => Some(text.xml10_content()),
        Event::CData(text) => Some(text.xml10_content()),
        Event::GeneralRef(name) => match name.resolve_char_ref() {
            Ok(Some(letter)) => Some(letter.to_string().into()),
            Ok(None) => {
                let name = name.xml10_content();
                let known = quick_xml::escape::resolve_predefined_entity(&name);
                // A name that the file would have to define itself is none of a spreadsheet's.
                Some(known.ok_or(SheetError::Broken)?.into())
            }
            Err(_) => return Err(SheetError::Broken),
        },
        _ => None,
    })
}

/// Names and relations of the tables, and whether days are counted from 1904.
fn tables(book: &str) -> Outcome<(Vec<(String, String)>, bool)> {
    let (mut found, mut of_1904) = (Vec::new(), false);
    let mut xml = Xml::of(book);
    while let Some(event) = xml.next()? {
        let Event::Start(element) = event else { continue };
        match element.local_name().as_ref() {
            "sheet" => {
                let name = attribute(&element, "name")?.unwrap_or_default();
                let relation = relation(&element)?.unwrap_or_default();
                found.push((cut(name), relation));
                if found.len() > TABLES_MAX {
                    return Err(SheetError::TooLarge);
                }
            }
            "workbookPr" => {
                of_1904 = matches!(attribute(&element, "date1904")?.as_deref(), Some("1" | "true"));
            }
            _ => {}
        }
    }
    if found.is_empty() { Err(SheetError::Empty) } else { Ok((found, of_1904)) }
}

/// The attribute `r:id`, whatever its prefix: the one named `id` that has one.
fn relation(element: &BytesStart<'_>) -> Outcome<Option<String>> {
    for attribute in element.attributes().with_checks(false) {
        let attribute = attribute.map_err(|_| SheetError::Broken)?;
        if attribute.key.prefix().is_some() && attribute.key.local_name().as_ref() == "id" {
            return value_of(&attribute).map(Some);
        }
    }
    Ok(None)
}

/// The part to which a relation leads.
fn target(relations: &str, wanted: &str) -> Outcome<Option<String>> {
    let mut xml = Xml::of(relations);
    while let Some(event) = xml.next()? {
        let Event::Start(element) = event else { continue };
        if element.local_name().as_ref() == "Relationship"
            && attribute(&element, "Id")?.as_deref() == Some(wanted)
            && let Some(target) = attribute(&element, "Target")?
        {
            // From the root of the archive, or from the folder of the workbook. Names are only looked up in the archive.
            return Ok(Some(match target.strip_prefix('/') {
                Some(path) => path.to_owned(),
                None => format!("xl/{target}"),
            }));
        }
    }
    Ok(None)
}

/// The texts that cells share, each cut to what a cell keeps. How they are read aloud (`rPh`) is left out.
fn shared(text: &str) -> Outcome<Vec<String>> {
    let (mut all, mut one) = (Vec::new(), String::new());
    let (mut within, mut aloud) = (false, 0usize);
    let mut xml = Xml::of(text);
    while let Some(event) = xml.next()? {
        match &event {
            Event::Start(element) => match element.local_name().as_ref() {
                "t" => within = true,
                "rPh" => aloud += 1,
                _ => {}
            },
            Event::End(element) => match element.local_name().as_ref() {
                "t" => within = false,
                "rPh" => aloud = aloud.saturating_sub(1),
                "si" => {
                    all.push(cut(std::mem::take(&mut one)));
                    if all.len() > STRINGS_MAX {
                        return Err(SheetError::TooLarge);
                    }
                }
                _ => {}
            },
            other if within && aloud == 0 => one.extend(said(other)?),
            _ => {}
        }
    }
    Ok(all)
}

/// What cells need to be read.
struct Cells<'a> {
    strings: &'a [String],
    formats: &'a Formats,
    /// Bytes of text that may still come.
    left: usize,
}

/// A cell that is being read.
#[derive(Default)]
struct Cell {
    place: String,
    column: usize,
    kind: String,
    style: usize,
    value: String,
    /// It has a formula.
    calculated: bool,
}

impl Cells<'_> {
    /// The rows of a table; empty ones are left out, as with CSV.
    fn read(mut self, table: &str) -> Outcome<Vec<Vec<String>>> {
        let mut rows: Vec<Vec<String>> = Vec::new();
        let mut row: Vec<String> = Vec::new();
        let (mut cell, mut within, mut aloud) = (Cell::default(), false, 0usize);
        let mut next_column = 0;
        let mut xml = Xml::of(table);
        while let Some(event) = xml.next()? {
            match &event {
                Event::Start(element) => match element.local_name().as_ref() {
                    "row" => (row, next_column) = (Vec::new(), 0),
                    "c" => cell = begun(element, next_column)?,
                    "f" => cell.calculated = true,
                    "v" | "t" => within = true,
                    "rPh" => aloud += 1,
                    _ => {}
                },
                Event::End(element) => match element.local_name().as_ref() {
                    "v" | "t" => within = false,
                    "rPh" => aloud = aloud.saturating_sub(1),
                    "c" => {
                        let done = std::mem::take(&mut cell);
                        next_column = done.column.saturating_add(1);
                        let column = done.column;
                        let text = self.text(done)?;
                        if column < COLUMNS_MAX && !text.is_empty() {
                            row.resize(row.len().max(column), String::new());
                            row.truncate(column);
                            row.push(text);
                        }
                    }
                    "row" if row.iter().any(|cell| !cell.is_empty()) => {
                        rows.push(std::mem::take(&mut row));
                        // One more than may be: enough to know that there are too many.
                        if rows.len() > ROWS_MAX + 1 {
                            return Ok(rows);
                        }
                    }
                    _ => {}
                },
                other if within && aloud == 0 => cell.value.extend(said(other)?),
                _ => {}
            }
        }
        Ok(rows)
    }

    /// What a cell says, as CSV would have it.
    fn text(&mut self, cell: Cell) -> Outcome<String> {
        let Cell { place, kind, style, value, calculated, .. } = cell;
        if calculated && value.is_empty() && kind != "str" {
            return Err(SheetError::FormulaWithoutValue(place));
        }
        let text = match kind.as_str() {
            "s" => {
                let at: usize = value.trim().parse().map_err(|_| SheetError::Broken)?;
                self.strings.get(at).ok_or(SheetError::Broken)?.clone()
            }
            "inlineStr" | "str" => value,
            "b" => (if value.trim() == "1" { "true" } else { "false" }).to_owned(),
            // What could not be calculated: `#DIV/0!`.
            "e" => return Err(SheetError::FormulaWithoutValue(place)),
            "d" => value.split('T').next().unwrap_or_default().to_owned(),
            _ => self.formats.written(value.trim(), style)?,
        };
        let text = cut(text).trim().to_owned();
        self.left = self.left.checked_sub(text.len()).ok_or(SheetError::TooLarge)?;
        Ok(text)
    }
}

fn begun(element: &BytesStart<'_>, next_column: usize) -> Outcome<Cell> {
    let place = attribute(element, "r")?.unwrap_or_default();
    let column = if place.is_empty() { next_column } else { column_of(&place)? };
    // Cells of a row stand in their order: none is written over.
    if column < next_column {
        return Err(SheetError::Broken);
    }
    let style = attribute(element, "s")?.and_then(|style| style.parse().ok()).unwrap_or_default();
    let kind = attribute(element, "t")?.unwrap_or_default();
    Ok(Cell { place: cut(place), column, kind, style, ..Cell::default() })
}

/// The column of a place such as `AB12`, from 0.
fn column_of(place: &str) -> Outcome<usize> {
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic);
    let mut column = 0usize;
    let mut count = 0;
    for letter in letters {
        count += 1;
        if count > 3 {
            return Err(SheetError::Broken);
        }
        column = column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1;
    }
    column.checked_sub(1).ok_or(SheetError::Broken)
}

#[cfg(test)]
mod tests;
