//! Any times of an event are counted or refused, in order, in short time.
#![no_main]

use board::events::{Frequency, Recurrence, Times};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, u32, u8, u8, &str, u64)| {
    let (start, until, minutes, frequency, interval, except, from) = input;
    let frequency = match frequency % 6 {
        0 => None,
        1 => Some(Frequency::Daily),
        2 => Some(Frequency::Weekly),
        3 => Some(Frequency::MonthlyByDay),
        4 => Some(Frequency::MonthlyByWeekday),
        _ => Some(Frequency::Yearly),
    };
    let repeats = frequency.map(|frequency| Recurrence {
        frequency,
        interval,
        until: (!until.is_empty()).then(|| until.to_owned()),
        except: except.split(',').filter(|day| !day.is_empty()).map(str::to_owned).collect(),
    });
    let times = Times { start: start.to_owned(), minutes, repeats };
    if times.check("Europe/Madrid").is_ok() {
        let found = times.occurrences("Europe/Madrid", from, 50).expect("checked times are counted");
        assert!(found.is_sorted() && found.iter().all(|one| one.end > from && one.end > one.start));
        let _ = times.end("Europe/Madrid");
    }
});
