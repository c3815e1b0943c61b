#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use std::io::Write as _;

use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::super::{Found, read_file};
use super::*;

/// Written by openpyxl 3.1.5.
const REAL: &[u8] = include_bytes!("../../../../tests/sheets/openpyxl.xlsx");
const FORMULA: &[u8] = include_bytes!("../../../../tests/sheets/formula.xlsx");

/// A spreadsheet of parts.
fn packed(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const BOOK: &str =
    r#"<workbook xmlns:r="x"><sheets><sheet name="One" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const RELATIONS: &str =
    r#"<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>"#;

/// One with this table, and these shared strings.
fn with(table: &str, strings: &str) -> Vec<u8> {
    packed(&[
        ("xl/workbook.xml", BOOK),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/sharedStrings.xml", strings),
        ("xl/worksheets/sheet1.xml", table),
    ])
}

fn table(rows: &str) -> String {
    format!("<worksheet><sheetData>{rows}</sheetData></worksheet>")
}

fn rows(rows: &str) -> Outcome<Vec<Vec<String>>> {
    read(&with(&table(rows), "<sst/>"), None).map(|table| table.rows)
}

#[test]
fn a_spreadsheet_gives_the_rows_that_csv_gives() {
    let Found { sheet, table } = read_file(REAL, None).unwrap();
    let csv = "Name,Phone,Since,Balance (LEAF),Credit limit (LEAF)\n\
               Ana Luz,5551234,2024-03-01,12.5,200\nBen & <Co>,+51 555,2023-12-31,-30,\n\
               Íñigo,,,\"1.250,75\",0.1\n";
    assert_eq!(sheet, read_file(csv.as_bytes(), None).unwrap().sheet);
    assert_eq!(table, Some(("Members".to_owned(), vec!["Notes".to_owned()])));
}

#[test]
fn another_table_is_read_by_its_name() {
    let found = read_file(REAL, Some("notes")).unwrap();
    assert_eq!(found.sheet.rows, [["Rule", "Be kind"]]);
    let both = vec!["Members".to_owned(), "Notes".to_owned()];
    assert_eq!(read_file(REAL, Some("Sheet1")), Err(SheetError::NoSuchTable(both)));
}

#[test]
fn texts_are_read_wherever_they_stand() {
    let strings = "<sst><si><t>plain</t></si><si><r><t>of </t></r><r><t xml:space=\"preserve\">parts &amp; &#x41;</t></r>\
                   <rPh><t>aloud</t></rPh></si></sst>";
    let cells = "<row><c t=\"s\"><v>0</v></c><c t=\"s\"><v>1</v></c><c t=\"inlineStr\"><is><t>in&lt;line</t></is></c>\
                 <c t=\"str\"><f>A1</f><v>said</v></c><c t=\"b\"><v>1</v></c><c t=\"d\"><v>2024-03-01T10:00</v></c>\
                 <c r=\"H1\"><v>8</v></c><c/></row><row/><row><c><v></v></c></row>";
    let read = read(&with(&table(cells), strings), None).unwrap();
    let expected = ["plain", "of parts & A", "in<line", "said", "true", "2024-03-01", "", "8"];
    assert_eq!(read.rows, [expected]);
}

#[test]
fn what_is_no_list_is_refused_by_name() {
    assert_eq!(read_file(FORMULA, None), Err(SheetError::FormulaWithoutValue("B2".to_owned())));
    let error = "<row><c r=\"A1\" t=\"e\"><v>#DIV/0!</v></c></row>";
    assert_eq!(rows(error), Err(SheetError::FormulaWithoutValue("A1".to_owned())));
    assert_eq!(read_file(&REAL[..REAL.len() / 2], None), Err(SheetError::Broken));
    assert_eq!(read_file(&packed(&[("mimetype", "odt")]), None), Err(SheetError::Broken));
    let macros = packed(&[("xl/workbook.xml", BOOK), ("xl/vbaProject.bin", "x")]);
    assert_eq!(read_file(&macros, None), Err(SheetError::Macros));
    let mut old = super::super::COMPOUND.to_vec();
    assert_eq!(read_file(&old, None), Err(SheetError::OldKind));
    old.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(read_file(&old, None), Err(SheetError::Encrypted));
    let empty = packed(&[("xl/workbook.xml", "<workbook><sheets/></workbook>")]);
    assert_eq!(read_file(&empty, None), Err(SheetError::Empty));
    assert_eq!(read_file(&with(&table(""), "<sst/>"), None), Err(SheetError::Empty));
}

#[test]
fn what_a_file_claims_makes_no_room_and_what_it_holds_is_bounded() {
    // Claims: 2^60 strings, cells in the last corner.
    let claims =
        "<sst count=\"1152921504606846976\" uniqueCount=\"1152921504606846976\"><si><t>a</t></si></sst>";
    let far =
        "<dimension ref=\"A1:XFD1048576\"/><row r=\"1048576\"><c r=\"XFD1048576\" t=\"s\"><v>0</v></c></row>";
    assert_eq!(read(&with(&table(far), claims), None).unwrap().rows, Vec::<Vec<String>>::new());
    assert_eq!(rows("<row><c r=\"AAAA1\"><v>1</v></c></row>"), Err(SheetError::Broken));
    assert_eq!(rows("<row><c r=\"B1\"><v>1</v></c><c r=\"A1\"><v>1</v></c></row>"), Err(SheetError::Broken));
    assert_eq!(rows("<row><c t=\"s\"><v>7</v></c></row>"), Err(SheetError::Broken), "no such string");
    // A few hundred bytes that unpack to 17 MiB.
    let bomb = table(&" ".repeat(17 << 20));
    let bytes = with(&bomb, "<sst/>");
    assert!(bytes.len() < 40_000, "{}", bytes.len());
    assert_eq!(read(&bytes, None), Err(SheetError::TooLarge));
    // One long text that all cells share.
    let long = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(1 << 20));
    let cells = "<c t=\"s\"><v>0</v></c>".repeat(50);
    let shared = with(&table(&format!("<row>{cells}</row>").repeat(400)), &long);
    assert_eq!(read(&shared, None), Err(SheetError::TooLarge));
    let deep = "<a>".repeat(DEPTH_MAX + 1);
    assert_eq!(rows(&deep), Err(SheetError::TooLarge));
    let many = table(&"<row><c><v>1</v></c></row>".repeat(600));
    assert_eq!(read_file(&with(&many, "<sst/>"), None), Err(SheetError::TooLong));
    let strings = format!("<sst>{}</sst>", "<si/>".repeat(STRINGS_MAX + 1));
    assert_eq!(read(&with(&table(""), &strings), None), Err(SheetError::TooLarge));
    // Names that a file defines for itself are not followed.
    let laughs = "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><sst><si><t>&b;</t></si></sst>";
    assert_eq!(
        read(&with(&table("<row><c t=\"s\"><v>0</v></c></row>"), laughs), None),
        Err(SheetError::Broken)
    );
}

proptest! {
    #[test]
    fn any_bytes_are_a_sheet_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let archive = [super::super::ARCHIVE, &bytes].concat();
        let _ = read_file(&archive, None);
    }

    #[test]
    fn a_spreadsheet_that_was_changed_is_read_or_refused(at in 0..REAL.len(), byte: u8) {
        let mut bytes = REAL.to_vec();
        bytes[at] = byte;
        let _ = read_file(&bytes, None);
    }

    #[test]
    fn any_table_is_read_or_refused(text in "(<(row|c|v|t|is|f)( (r|t|s)=\"[A-C0-9a-z]{0,3}\")?/?>|</(row|c|v|t|is|f)>|[0-9a-z&;]{0,4}){0,30}") {
        if let Ok(rows) = rows(&text) {
            prop_assert!(rows.iter().all(|row| row.len() <= COLUMNS_MAX));
        }
    }

    #[test]
    fn what_is_written_into_cells_comes_back(cells in proptest::collection::vec("[a-zA-Z &<>\"'0-9ñ€]{0,12}x", 1..9)) {
        let escape = |text: &String| quick_xml::escape::escape(text.as_str()).into_owned();
        let inline = |cell: &String| format!("<c t=\"inlineStr\"><is><t>{}</t></is></c>", escape(cell));
        let row = cells.iter().map(inline).collect::<Vec<_>>().concat();
        let expected: Vec<String> = cells.iter().map(|cell| cell.trim().to_owned()).collect();
        prop_assert_eq!(rows(&format!("<row>{row}</row>")), Ok(vec![expected]));
    }
}
