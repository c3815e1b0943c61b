//! The forms that put something up or change it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hamlet_sdk::types::Id;

use super::PageError;
use super::list;
use super::sheet::Sheet;
use crate::market::DAY;
use crate::post::{Kind, Number, Price, Seen, Words};
use crate::world::World;
use crate::{drafts, price, rights};

/// For how long something is shown where nothing else is asked for.
const DAYS: &str = "30";

/// A new post of a kind.
pub(super) fn new<W: World>(sheet: &mut Sheet<'_, W>, kind: Kind) -> Result<(), PageError> {
    sheet.title(Sheet::<W>::of_kind(kind, ["new-offer", "new-want", "new-topic", "new-event"]));
    let action = Sheet::<W>::of_kind(kind, ["market.put-up", "market.put-up", "topics.begin", "events.plan"]);
    sheet.markup("<section class=\"card\">").form(action, "mine");
    if matches!(kind, Kind::Offer | Kind::Want) {
        sheet.hidden("kind", kind.name());
    }
    let draft = draft(sheet, kind)?;
    if let Some((number, _)) = draft {
        sheet.hidden("draft", number);
    }
    fields(sheet, kind, None, &draft.map(|(_, words)| words).unwrap_or_default())?;
    whose(sheet);
    if kind == Kind::Topic {
        sheet.markup("<p><label><input type=\"checkbox\" name=\"later\" value=\"true\"> ");
        sheet.say("keep-draft").markup("</label></p>");
    }
    sheet.send("put-up").markup("</section>");
    Ok(())
}

/// The draft that the page is asked for, of a notice.
fn draft<W: World>(sheet: &Sheet<'_, W>, kind: Kind) -> Result<Option<(u64, Words)>, PageError> {
    let asked: Option<u64> = sheet.given("draft").and_then(|number| number.parse().ok());
    let Some(asked) = asked.filter(|_| kind == Kind::Topic) else { return Ok(None) };
    Ok(drafts::list(sheet.world)?.into_iter().find(|(number, _)| *number == asked))
}

/// One that is up.
pub(super) fn old<W: World>(sheet: &mut Sheet<'_, W>, number: Number) -> Result<(), PageError> {
    let seen = rights::own(sheet.world, number)?;
    sheet.title("change");
    let action = Sheet::<W>::of_kind(
        seen.kind(),
        ["market.change", "market.change", "topics.change", "events.change"],
    );
    sheet.markup("<section class=\"card\">").form(action, &seen.path()).hidden("number", number);
    fields(sheet, seen.kind(), Some(&seen), &seen.words)?;
    sheet.send("save").markup("</section>");
    Ok(())
}

fn fields<W: World>(
    sheet: &mut Sheet<'_, W>,
    kind: Kind,
    old: Option<&Seen>,
    words: &Words,
) -> Result<(), PageError> {
    sheet.field(
        "title",
        "field-title",
        None,
        "maxlength=\"120\" required autocomplete=\"off\"",
        &words.title,
    );
    sheet.area("text", "field-text", Some("markup-help"), kind == Kind::Topic, &words.text);
    if kind != Kind::Topic {
        sheet.field("place", "field-place", None, "maxlength=\"120\" autocomplete=\"off\"", &words.place);
    }
    match kind {
        Kind::Offer | Kind::Want => market(sheet, old)?,
        Kind::Event => super::when::fields(sheet, old),
        Kind::Topic => {}
    }
    audience(sheet, old);
    Ok(())
}

fn market<W: World>(sheet: &mut Sheet<'_, W>, old: Option<&Seen>) -> Result<(), PageError> {
    let category =
        old.and_then(|seen| seen.post.category).map(|number| number.to_string()).unwrap_or_default();
    let mut options = vec![(String::new(), sheet.words.say("no-category"))];
    options.extend(list::categories(sheet)?);
    sheet.choice("category", "category", None, &options, &category);
    let (pricing, amount, unit) = match old.and_then(|seen| seen.post.details.price()) {
        Some(Price::Amount { amount, scale, unit }) => {
            ("amount", price::written(*amount, *scale), unit.clone())
        }
        Some(Price::Gift) => ("gift", String::new(), String::new()),
        Some(Price::Agreement) => ("agreement", String::new(), String::new()),
        None => ("amount", String::new(), String::new()),
    };
    let pricings = [("amount", "pricing-amount"), ("gift", "price-gift"), ("agreement", "price-agreement")];
    let pricings: Vec<_> =
        pricings.iter().map(|(value, id)| ((*value).to_owned(), sheet.words.say(id))).collect();
    sheet.choice("pricing", "pricing", None, &pricings, pricing);
    sheet.field(
        "amount",
        "amount",
        Some("amount-help"),
        "inputmode=\"decimal\" autocomplete=\"off\"",
        &amount,
    );
    let units: Vec<_> =
        sheet.world.units().into_iter().map(|unit| (unit.symbol.clone(), unit.symbol)).collect();
    if !units.is_empty() {
        sheet.choice("unit", "unit", None, &units, &unit);
    }
    picture(sheet, old);
    let now = sheet.world.now();
    let left = old
        .and_then(|seen| seen.post.until)
        .map(|until| (until.saturating_sub(now) / DAY).clamp(1, 400).to_string());
    let days = left.unwrap_or_else(|| DAYS.to_owned());
    sheet.field("days", "field-days", None, "type=\"number\" min=\"1\" max=\"400\" required", &days);
    Ok(())
}

/// A picture of it.
fn picture<W: World>(sheet: &mut Sheet<'_, W>, old: Option<&Seen>) {
    let kept = old.and_then(|seen| seen.post.picture.as_deref());
    sheet
        .markup("<div class=\"item\"><label for=\"picture\">")
        .say("picture")
        .markup("</label><p class=\"soft\">");
    sheet.say("picture-help").markup("</p><h-picture id=\"picture\" name=\"picture\" value=\"");
    sheet
        .text(kept.map(|hash| URL_SAFE_NO_PAD.encode(hash)).unwrap_or_default())
        .markup("\"></h-picture></div>");
}

fn audience<W: World>(sheet: &mut Sheet<'_, W>, old: Option<&Seen>) {
    let chosen = old.map_or_else(|| "members".to_owned(), |seen| seen.post.audience.to_string());
    let mut options: Vec<_> = [("members", "audience-members"), ("public", "audience-public")]
        .iter()
        .map(|(value, id)| ((*value).to_owned(), sheet.words.say(id)))
        .collect();
    for group in sheet.world.groups() {
        options.push((format!("group:{group}"), sheet.words.with("audience-group", &[("group", &group)])));
    }
    sheet.choice("audience", "audience", None, &options, &chosen);
}

/// For which party, where she acts for several.
fn whose<W: World>(sheet: &mut Sheet<'_, W>) {
    let parties: Vec<Id> = sheet.world.parties();
    if parties.len() < 2 {
        return;
    }
    let named =
        parties.into_iter().filter_map(|party| Some((party.to_string(), sheet.world.party(party)?.name)));
    let options: Vec<_> = named.collect();
    let first = options.first().map(|(id, _)| id.clone()).unwrap_or_default();
    sheet.choice("party", "whose", None, &options, &first);
}
