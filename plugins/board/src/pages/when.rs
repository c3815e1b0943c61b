//! An event's part of pages: its days, who comes, what there is to do.

use super::PageError;
use super::sheet::Sheet;
use crate::events::{self, Frequency, Gathering, Occurrence, Task};
use crate::post::{Details, Seen};
use crate::world::World;

/// Days of a repeated event that are shown to choose from.
const DAYS: usize = 6;

/// The ways of repeating: as forms name them, in words, and in words where it is every so many.
const REPEATS: [(&str, &str, &str); 6] = [
    ("never", "repeats-never", "repeats-never"),
    ("daily", "repeats-daily", "every-days"),
    ("weekly", "repeats-weekly", "every-weeks"),
    ("monthly-by-day", "repeats-monthly-by-day", "every-months-by-day"),
    ("monthly-by-weekday", "repeats-monthly-by-weekday", "every-months-by-weekday"),
    ("yearly", "repeats-yearly", "every-years"),
];

const fn repeats(gathering: &Gathering) -> usize {
    match &gathering.times.repeats {
        None => 0,
        Some(recurrence) => match recurrence.frequency {
            Frequency::Daily => 1,
            Frequency::Weekly => 2,
            Frequency::MonthlyByDay => 3,
            Frequency::MonthlyByWeekday => 4,
            Frequency::Yearly => 5,
        },
    }
}

impl<W: World> Sheet<'_, W> {
    /// When an event is next.
    pub fn next_day(&mut self, gathering: &Gathering) {
        let next = gathering.times.occurrences(&self.world.zone(), self.world.now(), 1).unwrap_or_default();
        match next.first() {
            Some(next) => self.time(next.start, "datetime"),
            None => self.say("is-over"),
        };
    }
}

/// What an event's page has of its own.
pub(super) fn write<W: World>(
    sheet: &mut Sheet<'_, W>,
    seen: &Seen,
    gathering: &Gathering,
) -> Result<(), PageError> {
    let days = events::occurrences(sheet.world, seen, sheet.world.now(), DAYS)?;
    let asked: Option<u64> = sheet.given("day").and_then(|day| day.parse().ok());
    let chosen = match asked {
        // A day that is over is asked for by its address: the organiser confirms what was done.
        Some(day) => events::occurrences(sheet.world, seen, day.saturating_sub(1), 3)?
            .into_iter()
            .find(|one| one.start == day),
        None => days.first().copied().or(last(sheet, seen)?),
    };
    sheet.markup("<section class=\"card\"><h2>").say("when").markup("</h2>");
    if let Some(one) = chosen {
        sheet
            .markup("<p class=\"big\">")
            .time(one.start, "datetime")
            .markup("</p><p class=\"soft\">")
            .say("ends")
            .text(" ");
        sheet.time(one.end, "time").markup("</p>");
    }
    repetition(sheet, gathering);
    choose(sheet, seen, &days, chosen);
    let Some(one) = chosen else {
        sheet.markup("</section>");
        return Ok(());
    };
    if sheet.is_member() {
        coming(sheet, seen, gathering, one)?;
    }
    sheet.markup("</section>");
    jobs(sheet, seen, one)
}

/// The last time of an event that is over.
fn last<W: World>(sheet: &Sheet<'_, W>, seen: &Seen) -> Result<Option<Occurrence>, PageError> {
    Ok(events::occurrences(sheet.world, seen, 0, 1)?.pop())
}

/// How it comes again, in words.
fn repetition<W: World>(sheet: &mut Sheet<'_, W>, gathering: &Gathering) {
    let Some(recurrence) = &gathering.times.repeats else { return };
    let Some((_, once, many)) = REPEATS.get(repeats(gathering)) else { return };
    sheet.markup("<p class=\"soft\">");
    if recurrence.interval == 1 {
        sheet.say(once);
    } else {
        sheet.with(many, &[("count", &recurrence.interval.to_string())]);
    }
    sheet.markup("</p>");
}

/// The other days.
fn choose<W: World>(sheet: &mut Sheet<'_, W>, seen: &Seen, days: &[Occurrence], chosen: Option<Occurrence>) {
    if days.len() < 2 {
        return;
    }
    sheet.markup("<details><summary>").say("other-days").markup("</summary><ul>");
    for day in days.iter().filter(|day| Some(**day) != chosen) {
        sheet.markup("<li><a href=\"").text(seen.path()).markup("?day=").text(day.start).markup("\">");
        sheet.time(day.start, "datetime").markup("</a></li>");
    }
    sheet.markup("</ul></details>");
}

/// The page of one day, to come back to.
fn path(seen: &Seen, one: Occurrence) -> String {
    format!("{}?day={}", seen.path(), one.start)
}

fn coming<W: World>(
    sheet: &mut Sheet<'_, W>,
    seen: &Seen,
    gathering: &Gathering,
    one: Occurrence,
) -> Result<(), PageError> {
    let guests = events::guests(sheet.world, seen.number, one.start)?;
    let people: u32 = guests.iter().filter(|guest| !guest.waits).map(|guest| guest.people).sum();
    let people = people.to_string();
    match gathering.capacity {
        Some(most) => {
            sheet.markup("<p>").with("coming-of", &[("people", &people), ("most", &most.to_string())])
        }
        None => sheet.markup("<p>").with("coming", &[("people", &people)]),
    };
    sheet.markup("</p><ul>");
    for guest in &guests {
        sheet.markup("<li>").party(guest.party);
        if guest.people > 1 {
            sheet.text(" × ").text(guest.people);
        }
        if guest.waits {
            sheet.markup(" <span class=\"tag warn\">").say("waits").markup("</span>");
        }
        sheet.markup("</li>");
    }
    sheet.markup("</ul>");
    if one.end <= sheet.world.now() || seen.post.closed.is_some() {
        return Ok(());
    }
    let (number, start, to) = (seen.number.to_string(), one.start.to_string(), path(seen, one));
    for party in sheet.world.parties() {
        let comes = guests.iter().find(|guest| guest.party == party);
        let own = sheet.world.person() == Some(party);
        if !own && comes.is_none() {
            continue;
        }
        if comes.is_some() {
            let fields =
                [("number", number.as_str()), ("start", start.as_str()), ("party", &party.to_string())];
            sheet.button("events.cancel", &fields, &to, "come-no", "quiet");
        }
    }
    if guests.iter().all(|guest| Some(guest.party) != sheet.world.person()) {
        sheet.form("events.attend", &to).hidden("number", &number).hidden("start", &start);
        whose(sheet);
        sheet
            .field("people", "people", None, "type=\"number\" min=\"1\" max=\"50\" required", "1")
            .send("come");
    }
    Ok(())
}

/// For whom, where she acts for several.
fn whose<W: World>(sheet: &mut Sheet<'_, W>) {
    let named = sheet.world.parties().into_iter();
    let named: Vec<_> =
        named.filter_map(|party| Some((party.to_string(), sheet.world.party(party)?.name))).collect();
    if let [(first, _), _, ..] = named.as_slice() {
        sheet.choice("party", "who-comes", None, &named, first);
    }
}

/// What there is to do.
fn jobs<W: World>(sheet: &mut Sheet<'_, W>, seen: &Seen, one: Occurrence) -> Result<(), PageError> {
    let tasks = events::tasks(sheet.world, seen.number, one.start)?;
    let organises = sheet.is_member() && sheet.world.acts_for(seen.post.author);
    if tasks.is_empty() && !organises {
        return Ok(());
    }
    sheet.markup("<section class=\"card\"><h2>").say("tasks").markup("</h2><ul class=\"items\">");
    for task in &tasks {
        job(sheet, seen, one, task, organises);
    }
    sheet.markup("</ul>");
    if organises {
        let number = seen.number.to_string();
        sheet.markup("<details><summary>").say("add-task").markup("</summary>");
        sheet.form("events.add-task", &path(seen, one)).hidden("number", &number);
        sheet.field("title", "task-title", None, "maxlength=\"120\" required autocomplete=\"off\"", "");
        sheet.field("places", "task-places", None, "type=\"number\" min=\"1\" max=\"200\" required", "1");
        if sheet.world.units().iter().any(|unit| unit.is_hours) {
            sheet.field(
                "hours",
                "task-hours",
                Some("task-hours-help"),
                "inputmode=\"decimal\" autocomplete=\"off\"",
                "",
            );
        }
        sheet.send("add-task").markup("</details>");
    }
    sheet.markup("</section>");
    Ok(())
}

fn job<W: World>(sheet: &mut Sheet<'_, W>, seen: &Seen, one: Occurrence, task: &Task, organises: bool) {
    let (number, start, job) = (seen.number.to_string(), one.start.to_string(), task.number.to_string());
    let to = path(seen, one);
    let fields = [("number", number.as_str()), ("start", start.as_str()), ("task", job.as_str())];
    let taken = task.helpers.len().to_string();
    sheet
        .markup("<li class=\"item\"><p><strong>")
        .text(&task.title)
        .markup("</strong> <span class=\"soft\">");
    sheet.with("places-taken", &[("taken", &taken), ("places", &task.places.to_string())]).markup("</span>");
    if let Some(credit) = &task.credit {
        sheet.text(" · ").price(credit);
    }
    sheet.markup("</p>");
    let is_ahead = one.end > sheet.world.now() && seen.post.closed.is_none();
    for helper in &task.helpers {
        sheet.markup("<p>").party(helper.party);
        if helper.confirmed {
            sheet.markup(" <span class=\"tag good\">").say("confirmed").markup("</span>");
        }
        sheet.markup("</p>");
        if organises && !helper.confirmed && one.start <= sheet.world.now() {
            let party = helper.party.to_string();
            let [number, start, job] = fields;
            sheet.button("events.confirm", &[number, start, job, ("party", &party)], &to, "confirm", "quiet");
        }
    }
    let [number_field, start_field, job_field] = fields;
    let helps = task.helpers.iter().any(|helper| Some(helper.party) == sheet.world.person());
    let has_room = task.helpers.len() < usize::try_from(task.places).unwrap_or(usize::MAX);
    if sheet.is_member() && is_ahead && (helps || has_room) {
        let (on, label) = if helps { ("false", "help-no") } else { ("true", "help") };
        sheet.button("events.help", &[number_field, start_field, job_field, ("on", on)], &to, label, "quiet");
    }
    if organises && task.helpers.is_empty() {
        sheet.button("events.remove-task", &[number_field, job_field], &to, "remove", "quiet");
    }
    sheet.markup("</li>");
}

/// The fields of an event's form.
pub(super) fn fields<W: World>(sheet: &mut Sheet<'_, W>, old: Option<&Seen>) {
    let gathering = old.and_then(|seen| match &seen.post.details {
        Details::Event(gathering) => Some(gathering.clone()),
        _ => None,
    });
    let start = gathering.as_ref().map(|known| known.times.start.clone()).unwrap_or_default();
    sheet.field("start", "field-start", None, "type=\"datetime-local\" required", &start);
    let minutes = gathering.as_ref().map_or(120, |known| known.times.minutes).to_string();
    sheet.field(
        "minutes",
        "field-minutes",
        None,
        "type=\"number\" min=\"1\" max=\"20160\" required",
        &minutes,
    );
    let options: Vec<_> =
        REPEATS.iter().map(|(value, id, _)| ((*value).to_owned(), sheet.words.say(id))).collect();
    let chosen = REPEATS.get(gathering.as_ref().map_or(0, repeats)).map_or("never", |(value, ..)| value);
    sheet.choice("repeats", "field-repeats", None, &options, chosen);
    let recurrence = gathering.as_ref().and_then(|known| known.times.repeats.clone());
    let interval = recurrence.as_ref().map_or(1, |known| known.interval).to_string();
    sheet.field(
        "interval",
        "field-interval",
        Some("interval-help"),
        "type=\"number\" min=\"1\" max=\"52\" required",
        &interval,
    );
    let until = recurrence.and_then(|known| known.until).unwrap_or_default();
    sheet.field("until", "field-until", Some("until-help"), "type=\"date\"", &until);
    let capacity =
        gathering.and_then(|known| known.capacity).map(|most| most.to_string()).unwrap_or_default();
    sheet.field(
        "capacity",
        "field-capacity",
        Some("capacity-help"),
        "type=\"number\" min=\"1\" max=\"10000\"",
        &capacity,
    );
}
