//! A guest that speaks pages: good ones, and whatever HTML the query gives, as a hostile plugin would.
wit_bindgen::generate!({ world: "test:speaker/speaker", path: ["../../../../../wit/host", "../wit"], generate_all });

use exports::hamlet::host::{about, pages};
use exports::test::speaker::speaking::{Error, Guest, Id, Line, Mood, PartyId};
use hamlet::host::{identity, storage};
use test::speaker::till;

struct Plugin;

const OFTEN: u32 = 5;

fn lines() -> Vec<Line> {
    let Ok(Some(rows)) = storage::get(b"lines") else { return Vec::new() };
    let text = String::from_utf8_lossy(&rows).into_owned();
    text.split('\n')
        .filter_map(|row| {
            let mut parts = row.split('\t');
            let (text, times) = (parts.next()?.to_owned(), parts.next()?.parse().ok()?);
            Some(Line { text, times, note: parts.next().map(str::to_owned) })
        })
        .collect()
}

impl Guest for Plugin {
    fn say(_id: Id, line: Line, mood: Mood, tags: Vec<String>) -> Result<u64, Error> {
        if line.times > OFTEN {
            return Err(Error::TooOften(OFTEN));
        }
        let mut rows = storage::get(b"lines").ok().flatten().unwrap_or_default();
        let text = if mood == Mood::Loud { line.text.to_uppercase() } else { line.text };
        let note = line.note.map(|note| format!("\t{note}")).unwrap_or_default();
        rows.extend(format!("{text}{}\t{}{note}\n", tags.concat(), line.times).into_bytes());
        storage::set(b"lines", &rows).map_err(|_| Error::Till)?;
        Ok(lines().len() as u64)
    }

    fn buy(owner: PartyId, amount: u64) -> Result<u64, Error> {
        till::take(owner, amount).map_err(|_| Error::Till)?;
        let bought = storage::get(b"bought").ok().flatten().map_or(0, |row| row.len() as u64) + 1;
        storage::set(b"bought", &vec![1; bought as usize]).map_err(|_| Error::Till)?;
        Ok(bought)
    }

    fn hush() -> Result<(), Error> {
        storage::delete(b"lines").map(drop).map_err(|_| Error::Till)
    }

    fn said() -> Vec<Line> {
        lines()
    }
}

const FORM: &str = "<form action=speaking.say return=done><input type=hidden name=id value=new>\
    <label for=text>Words</label><input id=text name=line.text required>\
    <input name=line.times inputmode=numeric value=1><textarea name=line.note></textarea>\
    <select name=mood><option value=calm>Calm<option value=loud>Loud</select>\
    <input name=tags><input name=tags><button>Say it</button></form>";

impl pages::Guest for Plugin {
    fn render(request: pages::Request) -> Result<pages::Page, pages::Error> {
        let given = |name: &str| {
            let found = request.query.iter().find(|parameter| parameter.name == name);
            found.map(|parameter| parameter.value.clone()).unwrap_or_default()
        };
        let html = match request.path.as_str() {
            "" => format!("<p>{} in {}</p>", lines().len(), request.locale),
            "done" => format!("<p>Said so far: {}</p>", lines().len()),
            "form" => FORM.to_owned(),
            "find" => format!("<p>from {}</p><form action=./find><input name=from></form>", given("from")),
            "echo" => given("html"),
            "me" => match identity::get_actor() {
                identity::Actor::Person(id) => format!("<h-party id={:016x}{:016x}>you</h-party>", id.high, id.low),
                _ => return Err(pages::Error::SignInNeeded),
            },
            "recovered" => match identity::get_actor() {
                identity::Actor::Person(id) => format!("<p>{:?}</p>", identity::recently_recovered(id)),
                _ => return Err(pages::Error::SignInNeeded),
            },
            "no" => return Err(pages::Error::Refused("not <b>today</b>".into())),
            "long" => "<p>".repeat(50_000),
            _ => return Err(pages::Error::NotFound),
        };
        let entry = |path: &str, title: &str| pages::Entry { path: path.into(), title: title.into() };
        let navigation = vec![
            entry("", "First"), entry("form", "<Form>"), entry("../../sign-out", "Out"), entry("//evil.example", "Evil"),
        ];
        Ok(pages::Page { title: "Speaking <b>freely</b>".into(), html, navigation })
    }
}

impl about::Guest for Plugin {
    /// Two pages of one item each, to whoever may act for the party.
    fn held(party: about::PartyId, cursor: Option<String>) -> about::Page {
        if identity::mandate_for(party).is_none() {
            return about::Page { items: Vec::new(), next: None };
        }
        let (what, next) = match cursor {
            None => ("Said", Some("2".to_owned())),
            Some(_) => ("Bought <things>", None),
        };
        let item = about::Item { what: what.into(), at: Some(7), text: format!("{} lines", lines().len()) };
        about::Page { items: vec![item], next }
    }
}

export!(Plugin);
