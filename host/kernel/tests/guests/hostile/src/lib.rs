//! A plugin that tries all that it should not: each trick has to end in an error with a name, or gain it nothing.
wit_bindgen::generate!({ world: "test:hostile/hostile-world", path: ["../../../../../wit/host", "wit"], generate_all });

use exports::hamlet::host::scheduled;
use exports::test::hostile::{storm as heard, tricks};
use hamlet::host::{identity, log, schedule, sealed, storage, types};
use test::hostile::{deputy, storm};

struct Plugin;

impl tricks::Guest for Plugin {
    fn spin() {
        loop {
            std::hint::black_box(0);
        }
    }

    fn spin_in_query() {
        Self::spin();
    }

    fn work(rounds: u64) -> u64 {
        let done = (0..rounds).fold(1_u64, |sum, round| std::hint::black_box(sum.wrapping_mul(31).wrapping_add(round)));
        storage::set(b"work", &done.to_be_bytes()).unwrap();
        done
    }

    fn eat_memory(mebibytes: u32) -> u32 {
        let mut held: Vec<Vec<u8>> = Vec::new();
        for _ in 0..mebibytes {
            held.push(std::hint::black_box(vec![1; 1 << 20]));
        }
        held.len() as u32
    }

    fn recurse(deep: u64) -> u64 {
        recurse(deep)
    }

    fn long_list(items: u32) -> Vec<u64> {
        vec![7; items as usize]
    }

    fn long_text(bytes: u32) -> String {
        "x".repeat(bytes as usize)
    }

    fn same_text(items: u32, bytes: u32) -> Vec<String> {
        vec!["x".repeat(bytes as usize); items as usize]
    }

    fn read_query(bytes: u32) -> Result<(), String> {
        storage::get(&vec![b'k'; bytes as usize]).map(|_| ()).map_err(|error| format!("{error:?}"))
    }

    fn hand_over(items: u32) -> u64 {
        deputy::sum(&vec![1; items as usize])
    }

    fn log_flood(lines: u32, bytes: u32) {
        let line = "log ".repeat(bytes as usize / 4);
        for _ in 0..lines {
            log::write(log::Level::Error, &line);
        }
    }

    fn storage_flood(rows: u32, bytes: u32) -> Result<(), String> {
        let value = vec![1; bytes as usize];
        for row in 0..rows {
            storage::set(format!("flood{row:08}").as_bytes(), &value).map_err(|error| format!("{error:?}"))?;
        }
        Ok(())
    }

    fn write_in_query() {
        let _ = storage::set(b"sly", b"1");
    }

    fn event_storm(events: u32) {
        for number in 0..events {
            storm::gust(number);
        }
    }

    fn schedule_storm(schedules: u32) -> Result<(), String> {
        for number in 0..schedules {
            set_schedule(&format!("storm{number}"))?;
        }
        Ok(())
    }

    fn keys(start: Vec<u8>, end: Option<Vec<u8>>) -> Vec<String> {
        let range = storage::Range { start, end };
        let (mut keys, mut cursor) = (Vec::new(), None);
        for direction in [storage::Direction::Forward, storage::Direction::Reverse] {
            loop {
                let page = storage::scan(&range, direction, 0, cursor.as_deref()).unwrap();
                keys.extend(page.entries.iter().map(|entry| String::from_utf8_lossy(&entry.key).into_owned()));
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
        }
        keys
    }

    fn peep(key: Vec<u8>) -> Option<Vec<u8>> {
        storage::get(&key).unwrap_or(None)
    }

    fn pose() -> String {
        deputy::caller()
    }

    fn use_deputy(trick: String, who: types::Id) -> Result<String, String> {
        match &*trick {
            "spend" => deputy::spend(who, 1_000),
            "vote" => deputy::vote(),
            "secret" => deputy::secret(),
            other => Err(format!("no such trick: {other}")),
        }
    }

    fn unseal(who: types::Id, value: Vec<u8>) -> Result<Vec<u8>, String> {
        sealed::open(who, &value).map_err(|error| format!("{error:?}"))
    }
}

impl heard::Guest for Plugin {
    fn gust(number: u32) {
        let heard = storage::add(b"gusts", 1).unwrap();
        storage::set(b"chain", &heard.to_be_bytes()).unwrap();
        storm::gust(number + 1);
    }
}

impl scheduled::Guest for Plugin {
    fn run(name: String, _: u64, _: Vec<u8>) -> Result<(), String> {
        storage::add(b"ran", 1).map_err(|error| format!("{error:?}"))?;
        assert!(matches!(identity::get_actor(), identity::Actor::Plugin(_)));
        set_schedule(&name)?;
        set_schedule(&format!("{name}'"))
    }
}

fn set_schedule(name: &str) -> Result<(), String> {
    let retries = schedule::Retries { most: 255, wait: 0 };
    schedule::set(name, &schedule::When::At(0), &[], retries).map_err(|error| format!("{error:?}"))
}

#[inline(never)]
fn recurse(deep: u64) -> u64 {
    let room = std::hint::black_box([deep; 64]);
    if deep == 0 { room[0] } else { recurse(deep - 1) + std::hint::black_box(room[1]) }
}

export!(Plugin);
