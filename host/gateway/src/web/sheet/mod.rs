//! Lists of people as programs write them: CSV (RFC 4180) with commas, semicolons or tabs, and spreadsheets (`workbook`),
//! read whole and small. Both give the same rows.
//!
//! It guesses which column is what from its heading, in English, Spanish and German; people mend the guess. It adds
//! nobody (that is `hamlet:host/moves`). If it is wrong, a telephone number becomes a name, and is seen before it is done.

mod values;
mod workbook;

use std::collections::BTreeSet;

/// Most rows besides the heading.
pub(crate) const ROWS_MAX: usize = 500;
/// Most columns that are looked at.
const COLUMNS_MAX: usize = 50;
/// Longest cell that is kept, in bytes; the rest is cut off, and refused later by what it is for.
const CELL_BYTES_MAX: usize = 2_000;

/// A sheet: its heading and its rows. Every row has as many cells as the heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sheet {
    pub heading: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// Why a file is no sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SheetError {
    /// There is no heading, or no row below it.
    Empty,
    /// More than [`ROWS_MAX`] rows.
    TooLong,
    /// A quote is opened and never closed.
    Unclosed,
    /// A spreadsheet that cannot be read.
    Broken,
    /// One that a password keeps.
    Encrypted,
    /// One of the kind that programs wrote before 2007.
    OldKind,
    /// More unpacked bytes, parts, texts or tables than are read.
    TooLarge,
    /// It has macros in it, which are programs.
    Macros,
    /// A formula without its value; where.
    FormulaWithoutValue(String),
    /// There is no table of this name; those that there are.
    NoSuchTable(Vec<String>),
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub sheet: Sheet,
    /// Of a spreadsheet: the name of the table, and those of the others.
    pub table: Option<(String, Vec<String>)>,
}

/// How a zip archive begins, which a spreadsheet is.
const ARCHIVE: &[u8] = b"PK\x03\x04";
/// How the compound files begin that older programs wrote; what a password keeps is in one too.
const COMPOUND: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

/// Reads whatever kind of file it is; of a spreadsheet the table of this name, or the first where none is wanted.
pub(crate) fn read_file(bytes: &[u8], wanted: Option<&str>) -> Result<Found, SheetError> {
    if bytes.starts_with(COMPOUND) {
        let encrypted: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let is_kept = bytes.windows(encrypted.len()).any(|window| window == encrypted.as_slice());
        return Err(if is_kept { SheetError::Encrypted } else { SheetError::OldKind });
    }
    if !bytes.starts_with(ARCHIVE) {
        return read(bytes).map(|sheet| Found { sheet, table: None });
    }
    let table = workbook::read(bytes, wanted)?;
    let sheet = of_rows(table.rows)?;
    Ok(Found { sheet, table: Some((table.name, table.others)) })
}

/// Reads a text. Bytes that are not UTF-8 are taken for Windows-1252, as older programs write. Linear in its length.
pub(crate) fn read(bytes: &[u8]) -> Result<Sheet, SheetError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| windows(*byte)).collect(),
    };
    of_rows(cells(&text, delimiter(&text))?)
}

/// A sheet of rows of which the first is the heading.
fn of_rows(rows: Vec<Vec<String>>) -> Result<Sheet, SheetError> {
    let mut rows = rows.into_iter();
    let heading = rows.next().ok_or(SheetError::Empty)?;
    let mut kept = Vec::new();
    for mut row in rows {
        row.resize(heading.len(), String::new());
        kept.push(row);
    }
    match kept.len() {
        0 => Err(SheetError::Empty),
        rows if rows > ROWS_MAX => Err(SheetError::TooLong),
        _ => Ok(Sheet { heading, rows: kept }),
    }
}

/// What a cell keeps of a text.
fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(CELL_BYTES_MAX));
    text
}

/// A letter of Windows-1252; the five bytes that it leaves free are replaced.
fn windows(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž', '\u{fffd}',
        '\u{fffd}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}', 'ž', 'Ÿ',
    ];
    let high = usize::from(byte).checked_sub(0x80).and_then(|place| HIGH.get(place));
    high.copied().unwrap_or(char::from(byte))
}

/// What the first line has most of.
fn delimiter(text: &str) -> char {
    let first = text.lines().next().unwrap_or_default();
    let count = |wanted: char| first.chars().filter(|letter| *letter == wanted).count();
    [',', ';', '\t'].into_iter().rev().max_by_key(|wanted| count(*wanted)).unwrap_or(',')
}

/// Rows of cells; empty rows are left out.
fn cells(text: &str, delimiter: char) -> Result<Vec<Vec<String>>, SheetError> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    let end_cell = |row: &mut Vec<String>, cell: &mut String| {
        let text = std::mem::take(cell);
        if row.len() < COLUMNS_MAX {
            row.push(text.trim().to_owned());
        }
    };
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.trim().is_empty() => {
                cell.clear();
                quoted = true;
            }
            letter if letter == delimiter && !quoted => end_cell(&mut row, &mut cell),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                end_cell(&mut row, &mut cell);
                let row = std::mem::take(&mut row);
                if row.iter().any(|cell| !cell.is_empty()) {
                    rows.push(row);
                }
                // One more than may be: enough to know that there are too many.
                if rows.len() > ROWS_MAX + 1 {
                    return Ok(rows);
                }
            }
            letter if cell.len() < CELL_BYTES_MAX => cell.push(letter),
            _ => {}
        }
    }
    if quoted {
        return Err(SheetError::Unclosed);
    }
    end_cell(&mut row, &mut cell);
    if row.iter().any(|cell| !cell.is_empty()) {
        rows.push(row);
    }
    Ok(rows)
}

/// What a column can be, in the order in which they are guessed; the words by which it is known.
pub(crate) const COLUMNS: [(&str, &[&str]); 7] = [
    (
        "handle",
        &[
            "handle",
            "short name",
            "username",
            "user name",
            "login",
            "nombre corto",
            "usuario",
            "kürzel",
            "benutzername",
        ],
    ),
    ("email", &["email", "e-mail", "mail", "correo"]),
    ("phone", &["phone", "telephone", "mobile", "tel", "teléfono", "telefono", "móvil", "telefon", "handy"]),
    ("address", &["address", "street", "dirección", "direccion", "calle", "adresse", "straße"]),
    ("household", &["household", "family", "hogar", "familia", "haushalt", "familie"]),
    ("kind", &["kind", "type", "tipo", "clase", "art"]),
    ("name", &["name", "full name", "nombre", "member", "miembro", "mitglied"]),
];

/// Which column is what: for each of [`COLUMNS`] a place in the heading.
pub(crate) fn guess(heading: &[String]) -> [Option<usize>; COLUMNS.len()] {
    let heading: Vec<String> = heading.iter().map(|cell| cell.to_lowercase()).collect();
    let mut taken = BTreeSet::new();
    COLUMNS.map(|(_, words)| {
        let is = |cell: &String| words.contains(&cell.as_str());
        let has = |cell: &String| words.iter().any(|word| word.len() > 3 && cell.contains(word));
        let free = |place: &usize| !taken.contains(place);
        let exact =
            heading.iter().enumerate().filter(|(_, cell)| is(cell)).map(|(place, _)| place).find(free);
        let found = exact.or_else(|| {
            heading.iter().enumerate().filter(|(_, cell)| has(cell)).map(|(place, _)| place).find(free)
        });
        taken.extend(found);
        found
    })
}

/// A short name from a name: plain letters, digits and hyphens, not among `taken`, to which it is added.
pub(crate) fn handle(name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut plain = String::new();
    for letter in name.to_lowercase().chars() {
        match letter {
            'a'..='z' | '0'..='9' => plain.push(letter),
            'á' | 'à' | 'â' | 'ã' | 'å' => plain.push('a'),
            'ä' | 'æ' => plain.push_str("ae"),
            'é' | 'è' | 'ê' | 'ë' => plain.push('e'),
            'í' | 'ì' | 'î' | 'ï' => plain.push('i'),
            'ó' | 'ò' | 'ô' | 'õ' | 'ø' => plain.push('o'),
            'ö' | 'œ' => plain.push_str("oe"),
            'ú' | 'ù' | 'û' => plain.push('u'),
            'ü' => plain.push_str("ue"),
            'ñ' => plain.push('n'),
            'ç' => plain.push('c'),
            'ß' => plain.push_str("ss"),
            _ if !plain.is_empty() && !plain.ends_with('-') => plain.push('-'),
            _ => {}
        }
    }
    let short: String = plain.chars().take(28).collect();
    let short = short.trim_matches('-');
    let short = if short.len() < 2 { "member" } else { short };
    let mut handle = short.to_owned();
    let mut number = 2;
    while taken.contains(&handle) {
        handle = format!("{short}-{number}");
        number += 1;
    }
    taken.insert(handle.clone());
    handle
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_sheet_is_read_whatever_its_delimiter_quotes_and_letters() {
        let comma = "Name,E-Mail\r\n\"Luz, Ana\",ana@example.org\r\n\r\n\"The \"\"Mill\"\"\"\r\n".as_bytes();
        let sheet = read(comma).unwrap();
        assert_eq!(sheet.heading, ["Name", "E-Mail"]);
        assert_eq!(sheet.rows, [["Luz, Ana", "ana@example.org"], ["The \"Mill\"", ""]]);
        let semicolon = read(b"\xef\xbb\xbfName;Tel\nBen;1,5\n").unwrap();
        assert_eq!(semicolon.rows, [["Ben", "1,5"]]);
        let tab = read("Name\tTel\nZoë\t\"two\nlines\"".as_bytes()).unwrap();
        assert_eq!(tab.rows, [["Zoë", "two\nlines"]]);
        let old = read(b"Nombre;Tel\nI\xf1aki;\x80").unwrap();
        assert_eq!(old.rows, [["Iñaki", "€"]]);
    }

    #[test]
    fn what_is_no_sheet_is_refused_by_name() {
        assert_eq!(read(b""), Err(SheetError::Empty));
        assert_eq!(read(b"Name,Tel\n\n,\n"), Err(SheetError::Empty));
        assert_eq!(read(b"Name\n\"Ana"), Err(SheetError::Unclosed));
        let long = format!("Name\n{}", "x\n".repeat(ROWS_MAX + 1));
        assert_eq!(read(long.as_bytes()), Err(SheetError::TooLong));
        assert!(read(format!("Name\n{}", "x\n".repeat(ROWS_MAX)).as_bytes()).is_ok());
    }

    #[test]
    fn columns_are_guessed_from_their_headings_each_once() {
        let guessed =
            |heading: &[&str]| guess(&heading.iter().map(|&cell| cell.to_owned()).collect::<Vec<_>>());
        // handle, email, phone, address, household, kind, name
        assert_eq!(
            guessed(&["Full name", "E-Mail", "Mobile phone", "Street address", "Family"]),
            [None, Some(1), Some(2), Some(3), Some(4), None, Some(0)]
        );
        assert_eq!(
            guessed(&["Nombre corto", "Nombre", "Correo electrónico", "Teléfono", "Tipo"]),
            [Some(0), Some(2), Some(3), None, None, Some(4), Some(1)]
        );
        assert_eq!(guessed(&["x", "y"]), [None; 7]);
        assert_eq!(guessed(&["username", "name"])[6], Some(1));
    }

    #[test]
    fn a_short_name_is_plain_and_nobody_elses() {
        let mut taken = BTreeSet::from(["ana-luz".to_owned()]);
        assert_eq!(handle("Ana  Luz", &mut taken), "ana-luz-2");
        assert_eq!(handle("ANA LUZ!", &mut taken), "ana-luz-3");
        assert_eq!(handle("Íñigo Müller-Groß", &mut taken), "inigo-mueller-gross");
        assert_eq!(handle("李", &mut taken), "member");
        assert_eq!(handle(&"x".repeat(99), &mut taken).len(), 28);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_sheet_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
            if let Ok(sheet) = read(&bytes) {
                prop_assert!(sheet.rows.iter().all(|row| row.len() == sheet.heading.len()));
                let _ = guess(&sheet.heading);
            }
        }

        #[test]
        fn what_is_written_as_csv_comes_back(rows in proptest::collection::vec(("[a-z \",;\n]{0,9}x", "[a-z\"\n]{0,9}y"), 1..9)) {
            let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
            let mut text = "a,b\n".to_owned();
            for (left, right) in &rows {
                text.push_str(&quoted(left));
                text.push(',');
                text.push_str(&quoted(right));
                text.push_str("\r\n");
            }
            let read = read(text.as_bytes()).unwrap();
            let expected: Vec<_> = rows.iter().map(|(left, right)| vec![left.trim().to_owned(), right.trim().to_owned()]).collect();
            prop_assert_eq!(read.rows, expected);
        }

        #[test]
        fn every_short_name_is_one(names in proptest::collection::vec(any::<String>(), 1..20)) {
            let mut taken = BTreeSet::new();
            for name in &names {
                let handle = handle(name, &mut taken);
                prop_assert!((2..=32).contains(&handle.len()) && !handle.starts_with('-') && !handle.ends_with('-'));
                prop_assert!(handle.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
            }
            prop_assert_eq!(taken.len(), names.len());
        }
    }
}
