//! Offers and wants as comma-separated values (RFC 4180), in and out.

use crate::audience::Audience;
use crate::error::Error;
use crate::market::{self, Draft, Filter};
use crate::post::{Details, Kind, Price, Seen, Words};
use crate::world::World;
use crate::{categories, price};
use hamlet_sdk::types::Id;

/// Lines that are brought in at once.
const LINES_MAX: usize = 200;
/// Posts that are taken out at once.
const POSTS_MAX: usize = 1_000;
/// For how many days something is shown where the file does not say.
const DAYS: u16 = 30;
/// The columns, in the order in which they are written.
const COLUMNS: [&str; 9] =
    ["kind", "title", "text", "place", "category", "price", "unit", "days", "audience"];

/// Puts up what a file holds, all or none; how many.
///
/// # Errors
/// [`Error::Line`] for the first line that cannot be taken, with its number and why.
pub fn import(world: &impl World, text: &str, party: Option<Id>) -> Result<u32, Error> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let unreadable = |error: &csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        Error::Line(u32::try_from(line).unwrap_or(u32::MAX), "the line cannot be read".to_owned())
    };
    let columns: Vec<String> =
        reader.headers().map_err(|error| unreadable(&error))?.iter().map(str::to_lowercase).collect();
    let mut count = 0;
    for record in reader.records() {
        let record = record.map_err(|error| unreadable(&error))?;
        let line = record.position().and_then(|at| u32::try_from(at.line()).ok()).unwrap_or(u32::MAX);
        let cell = |name: &str| {
            let at = columns.iter().position(|column| column == name);
            at.and_then(|at| record.get(at)).unwrap_or_default()
        };
        if usize::try_from(count).unwrap_or(usize::MAX) >= LINES_MAX {
            return Err(Error::Line(line, format!("at most {LINES_MAX} lines")));
        }
        let done = draft(world, cell, party).and_then(|draft| market::put_up(world, draft));
        match done {
            Ok(_) => count += 1,
            Err(Error::Storage(error)) => return Err(Error::Storage(error)),
            Err(why) => return Err(Error::Line(line, why.to_string())),
        }
    }
    Ok(count)
}

fn draft<'a>(world: &impl World, cell: impl Fn(&str) -> &'a str, party: Option<Id>) -> Result<Draft, Error> {
    let price = match cell("price") {
        "" => Price::Agreement,
        "0" => Price::Gift,
        amount => price::read(amount, cell("unit"))?,
    };
    let details = match cell("kind") {
        "offer" => Details::Offer(price),
        "want" => Details::Want(price),
        _ => return Err(Error::NotFound),
    };
    let category = match cell("category") {
        "" => None,
        name => Some(category(world, name)?),
    };
    let days = match cell("days") {
        "" => DAYS,
        days => days.parse().map_err(|_| Error::Days)?,
    };
    let audience = match cell("audience") {
        "" => Audience::Members,
        audience => audience.parse()?,
    };
    let [title, text, place] = ["title", "text", "place"].map(|name| cell(name).to_owned());
    let until = Some(market::days_from_now(world, days)?);
    Ok(Draft {
        words: Words { title, text, place },
        audience,
        party,
        category,
        until,
        details,
        picture: None,
    })
}

/// A category by its number or by one of its names.
fn category(world: &impl World, text: &str) -> Result<u32, Error> {
    let all = categories::all(world)?;
    let named = |names: &[String]| names.iter().any(|name| name.to_lowercase() == text.to_lowercase());
    let found =
        all.into_iter().find(|(number, category)| number.to_string() == text || named(&category.names));
    found.map(|(number, _)| number).ok_or(Error::Category)
}

/// What is on the board and for the viewer's eyes, newest first.
///
/// # Errors
/// When the rows cannot be read.
pub fn export(world: &impl World) -> Result<String, Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let unwritable = |_| Error::Storage(hamlet_sdk::Error::Unwritable);
    writer.write_record(COLUMNS).map_err(unwritable)?;
    for kind in [Kind::Offer, Kind::Want] {
        let (mut count, mut cursor) = (0, None);
        loop {
            let page = market::browse(world, Filter { kind, category: None }, 100, cursor)?;
            for seen in &page.rows {
                writer.write_record(row(world, seen)).map_err(unwritable)?;
            }
            count += page.rows.len();
            cursor = page.next.filter(|_| count < POSTS_MAX);
            if cursor.is_none() {
                break;
            }
        }
    }
    let bytes = writer.into_inner().map_err(|_| Error::Storage(hamlet_sdk::Error::Unwritable))?;
    String::from_utf8(bytes).map_err(|_| Error::Storage(hamlet_sdk::Error::Unwritable))
}

fn row(world: &impl World, seen: &Seen) -> [String; 9] {
    let (price, unit) = match seen.post.details.price() {
        Some(Price::Amount { amount, scale, unit }) => (price::written(*amount, *scale), unit.clone()),
        Some(Price::Gift) => ("0".to_owned(), String::new()),
        Some(Price::Agreement) | None => (String::new(), String::new()),
    };
    let left = seen.post.until.map(|until| until.saturating_sub(world.now()) / market::DAY);
    let days = left.map(|days| days.max(1).to_string()).unwrap_or_default();
    let Words { title, text, place } = seen.words.clone();
    let category = seen.post.category.map(|number| number.to_string()).unwrap_or_default();
    [
        seen.kind().name().to_owned(),
        title,
        text,
        place,
        category,
        price,
        unit,
        days,
        seen.post.audience.to_string(),
    ]
}
