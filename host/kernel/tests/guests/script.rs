// What every guest does: it runs scripts. A script is statements separated by `;`. Each gives one output; the result is
// the outputs joined by `,`. A script in `[ … ]` is an argument. A statement that fails gives `err(why)`; with `?` before
// it, it ends the script with that error, and with `!` it traps, as an exception that nobody catches does.

struct Plugin;

use hamlet::host::{blobs, clock, consent, identity, log, random, schedule, sealed, storage, types};

/// How often this very instance was entered: 1 in a fresh one.
static ENTERED: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);

impl me::Guest for Plugin {
    fn run(script: String) -> Result<String, String> {
        begin(&script)
    }
    fn look(script: String) -> Result<String, String> {
        begin(&script)
    }
    fn again(script: String) -> Result<String, String> {
        begin(&script)
    }
    fn tell(script: String) -> String {
        begin(&script).unwrap_or_else(|error| format!("err({error})"))
    }
    fn baker(script: String) -> Result<String, String> {
        begin(&script)
    }
    fn direct(script: String) -> Result<String, String> {
        begin(&script)
    }
    fn hidden(script: String) -> Result<String, String> {
        begin(&script)
    }
    fn bump(number: u64, by: u64) -> Result<u64, String> {
        // Two accounts read and written, one row that grows: as a small payment would.
        let from = [b"n".as_slice(), &number.to_be_bytes()].concat();
        let to = [b"n".as_slice(), &(number ^ 1).to_be_bytes()].concat();
        let read = |key: &[u8]| -> u64 {
            let row = storage::get(key).unwrap_or(None);
            row.and_then(|row| Some(u64::from_be_bytes(row.get(..8)?.try_into().ok()?))).unwrap_or(0)
        };
        let after = read(&from).wrapping_add(by);
        let other = read(&to).wrapping_sub(by);
        let row = |value: u64| {
            let mut row = vec![0_u8; 100];
            row[..8].copy_from_slice(&value.to_be_bytes());
            row
        };
        storage::set(&from, &row(after)).map_err(|_| "set")?;
        storage::set(&to, &row(other)).map_err(|_| "set")?;
        let id = random::new_id();
        let key = [b"t".as_slice(), &id.high.to_be_bytes(), &id.low.to_be_bytes()].concat();
        storage::set(&key, &row(by)).map_err(|_| "set")?;
        Ok(after)
    }
    fn peek(number: u64) -> Result<u64, String> {
        let from = [b"n".as_slice(), &number.to_be_bytes()].concat();
        let to = [b"n".as_slice(), &(number ^ 1).to_be_bytes()].concat();
        let read = |key: &[u8]| -> u64 {
            let row = storage::get(key).unwrap_or(None);
            row.and_then(|row| Some(u64::from_be_bytes(row.get(..8)?.try_into().ok()?))).unwrap_or(0)
        };
        Ok(read(&from).wrapping_add(read(&to)))
    }
}

export!(Plugin);

fn begin(script: &str) -> Result<String, String> {
    ENTERED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    run(script)
}

fn run(script: &str) -> Result<String, String> {
    let mut outputs = Vec::new();
    for statement in split(script, ';') {
        let statement = statement.trim();
        if statement.is_empty() {
            continue;
        }
        let strict = statement.starts_with('?');
        let throws = statement.starts_with('!');
        let statement = statement.trim_start_matches(['?', '!']);
        let words: Vec<&str> = split(statement, ' ').into_iter().filter(|word| !word.is_empty()).collect();
        if words[0] == "fail" {
            return Err(words[1..].join(" "));
        }
        match one(&words) {
            Ok(output) => outputs.push(output),
            Err(_) if throws => core::arch::wasm32::unreachable(),
            Err(error) if strict => return Err(error),
            Err(error) => outputs.push(format!("err({error})")),
        }
    }
    Ok(outputs.join(","))
}

fn one(words: &[&str]) -> Result<String, String> {
    let number = |at: usize| words[at].parse::<u64>().unwrap();
    let bytes = |at: usize| words[at].as_bytes().to_vec();
    match words[0] {
        // Storage.
        "set" => storage::set(&bytes(1), &bytes(2)).map(|()| "ok".into()).map_err(storage_error),
        "get" => storage::get(&bytes(1)).map(shown).map_err(storage_error),
        // `sets K V K V …`: in one crossing.
        "sets" => {
            let entry = |pair: &[&str]| storage::Entry { key: pair[0].into(), value: pair[1].into() };
            let rows: Vec<storage::Entry> = words[1..].chunks(2).map(entry).collect();
            storage::set_many(&rows).map(|()| "ok".into()).map_err(storage_error)
        }
        "del" => storage::delete(&bytes(1)).map(|there| there.to_string()).map_err(storage_error),
        "add" => storage::add(&bytes(1), words[2].parse().unwrap())
            .map(|sum| sum.to_string())
            .map_err(storage_error),
        "many" => {
            let keys: Vec<Vec<u8>> = words[1..].iter().map(|word| word.as_bytes().to_vec()).collect();
            storage::get_many(&keys)
                .map(|values| values.into_iter().map(shown).collect::<Vec<_>>().join("|"))
                .map_err(storage_error)
        }
        "scan" => scan(words),
        // `key N V`: a key of N bytes. `value N`: a value of N bytes. `fill N M`: N values of M bytes each.
        "key" => {
            storage::set(&vec![b'k'; number(1) as usize], &[1]).map(|()| "ok".into()).map_err(storage_error)
        }
        "value" => storage::set(b"value", &vec![b'v'; number(1) as usize])
            .map(|()| "ok".into())
            .map_err(storage_error),
        // `rows-at-once N M`: N rows with values of M bytes in one crossing.
        "rows-at-once" => {
            let value = vec![b'v'; number(2) as usize];
            let row = |place| storage::Entry { key: format!("row{place:06}").into(), value: value.clone() };
            let rows: Vec<storage::Entry> = (0..number(1)).map(row).collect();
            storage::set_many(&rows).map(|()| "ok".into()).map_err(storage_error)
        }
        "fill" => {
            let value = vec![b'v'; number(2) as usize];
            for place in 0..number(1) {
                storage::set(format!("fill{place:06}").as_bytes(), &value).map_err(storage_error)?;
            }
            Ok("ok".into())
        }
        // `rows PREFIX FROM N`: N small rows. `tally START END`: how many rows there are, read by the page.
        "rows" => {
            for place in number(2)..number(2) + number(3) {
                storage::set(format!("{}{place:08}", words[1]).as_bytes(), b"1").map_err(storage_error)?;
            }
            Ok("ok".into())
        }
        "tally" => {
            let range = storage::Range { start: bytes(1), end: Some(bytes(2)) };
            let (mut rows, mut cursor) = (0, None);
            loop {
                let page = storage::scan(&range, storage::Direction::Forward, 0, cursor.as_deref())
                    .map_err(storage_error)?;
                rows += page.entries.len();
                cursor = page.next;
                if cursor.is_none() {
                    return Ok(rows.to_string());
                }
            }
        }
        // Control.
        "call" => call_peer(words[1], words[2], words.get(3).map_or("", |script| unwrapped(script))),
        "count" => {
            // A read, a call, and a write of what was read: what T4 and T5 are about.
            let before = number_at("count");
            let inner = call_peer(words[1], words[2], words.get(3).map_or("", |script| unwrapped(script)));
            storage::set(b"count", (before + 1).to_string().as_bytes()).map_err(storage_error)?;
            inner.map(|_| (before + 1).to_string())
        }
        "trap" => core::arch::wasm32::unreachable(),
        "spin" => loop {
            std::hint::black_box(0);
        },
        "deep" => Ok(deep(number(1)).to_string()),
        "memory" => {
            let mut held: Vec<Vec<u8>> = Vec::new();
            for _ in 0..number(1) {
                held.push(std::hint::black_box(vec![1; 1 << 20]));
            }
            Ok(held.len().to_string())
        }
        "entered" => Ok(ENTERED.load(std::sync::atomic::Ordering::Relaxed).to_string()),
        "repeat" => {
            let mut last = String::new();
            for _ in 0..number(1) {
                last = run(unwrapped(words[2]))?;
            }
            Ok(last)
        }
        // Who, when.
        "now" => Ok(clock::now().to_string()),
        "today" => Ok(clock::today()),
        "actor" => Ok(match identity::get_actor() {
            identity::Actor::Person(id) => format!("person:{}", hex(id)),
            identity::Actor::Device(id) => format!("device:{}", hex(id)),
            identity::Actor::Plugin(name) => format!("plugin:{name}"),
            identity::Actor::Decision(id) => format!("decision:{}", hex(id)),
            identity::Actor::Neighbour(name) => format!("neighbour:{name}"),
            identity::Actor::Console => "console".into(),
            identity::Actor::Anyone => "anyone".into(),
        }),
        "caller" => Ok(match identity::get_caller() {
            identity::Caller::Direct => "direct".into(),
            identity::Caller::Plugin(name) => format!("plugin:{name}"),
        }),
        // The same as `now`, `today`, `actor` and `caller`, in one crossing.
        "whole" => {
            let call = identity::get_call();
            let same = call.now == clock::now()
                && format!("{:?}", call.actor) == format!("{:?}", identity::get_actor())
                && format!("{:?}", call.caller) == format!("{:?}", identity::get_caller());
            Ok(format!("{same}:{}:{}", call.day, call.in_person))
        }
        "chain" => Ok(identity::get_chain().join(">")),
        "mandate" => Ok(format!("{:?}", identity::mandate_for(id(words[1])))),
        "group" => Ok(identity::in_group(words[1]).to_string()),
        "request" => Ok(identity::request_id()),
        "id" => Ok(hex(random::new_id())),
        "random" => Ok(random::bytes(number(1) as u32).len().to_string()),
        "log" => {
            log::write(log::Level::Info, words[1]);
            Ok("ok".into())
        }
        // Consent, sealed values, schedules, events.
        "need" => consent::require(&consent::Need {
            kind: words[1].into(),
            thing: words[2].into(),
            owner: id(words[3]),
            amount: words.get(4).map(|amount| match *amount {
                "random" => random::new_id().low >> 1,
                amount => amount.parse().unwrap(),
            }),
            sentence: "use it".into(),
        })
        .map(|()| "ok".into())
        .map_err(|refusal| format!("{refusal:?}")),
        "seal" => {
            let value =
                sealed::seal(id(words[1]), words[2].as_bytes()).map_err(|error| format!("{error:?}"))?;
            storage::set(b"sealed", &value).map_err(storage_error)?;
            Ok(value.len().to_string())
        }
        "open" => {
            let value = storage::get(b"sealed").map_err(storage_error)?.unwrap_or_default();
            let plain = sealed::open(id(words[1]), &value).map_err(|error| format!("{error:?}"))?;
            Ok(String::from_utf8_lossy(&plain).into_owned())
        }
        "at" => schedule::set(
            words[1],
            &schedule::When::At(number(2)),
            words.get(3).map_or("", |script| unwrapped(script)).as_bytes(),
            schedule::Retries { most: 2, wait: 1_000 },
        )
        .map(|()| "ok".into())
        .map_err(|error| format!("{error:?}")),
        // `every NAME RULE ZONE START once|each|skip [SCRIPT]`, with `&` for the rule's `;`.
        "every" => schedule::set(
            words[1],
            &schedule::When::Every(schedule::Recurrence {
                rule: words[2].replace('&', ";"),
                zone: words[3].into(),
                start: number(4),
                missed: match words[5] {
                    "once" => schedule::Missed::Once,
                    "each" => schedule::Missed::Each,
                    _ => schedule::Missed::Skip,
                },
            }),
            words.get(6).map_or("", |script| unwrapped(script)).as_bytes(),
            schedule::Retries { most: 1, wait: 1_000 },
        )
        .map(|()| "ok".into())
        .map_err(|error| format!("{error:?}")),
        "cancel" => Ok(schedule::cancel(words[1]).to_string()),
        // `hold HASH`, `release HASH`, `blob HASH OFFSET LENGTH`.
        "hold" => blobs::hold(&unhex(words[1])).map(|()| "ok".into()).map_err(|error| format!("{error:?}")),
        "release" => Ok(blobs::release(&unhex(words[1])).to_string()),
        "blob" => {
            let length = blobs::describe(&unhex(words[1])).map_err(|error| format!("{error:?}"))?.length;
            let bytes = blobs::read(&unhex(words[1]), number(2), number(3) as u32)
                .map_err(|error| format!("{error:?}"))?;
            Ok(format!("{length}:{}", String::from_utf8_lossy(&bytes)))
        }
        "emit" => {
            emit(words[1], words[2..].iter().map(|word| id(word)).collect());
            Ok("ok".into())
        }
        "native" => native(words[1], words.get(2).map_or(0, |by| by.parse().unwrap())),
        other => Err(format!("no such statement: {other}")),
    }
}

fn scan(words: &[&str]) -> Result<String, String> {
    // `scan START END LIMIT forward|reverse [CURSOR]`, with `-` for none.
    let given = |at: usize| words.get(at).filter(|word| **word != "-").map(|word| word.as_bytes().to_vec());
    let range = storage::Range { start: given(1).unwrap_or_default(), end: given(2) };
    let direction =
        if words[4] == "reverse" { storage::Direction::Reverse } else { storage::Direction::Forward };
    let page = storage::scan(&range, direction, words[3].parse().unwrap(), given(5).as_deref())
        .map_err(storage_error)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let entries: Vec<String> =
        page.entries.iter().map(|entry| format!("{}={}", text(&entry.key), text(&entry.value))).collect();
    Ok(format!("{}>{}", entries.join("|"), page.next.map_or("-".into(), |next| text(&next))))
}

fn number_at(key: &str) -> u64 {
    let value = storage::get(key.as_bytes()).unwrap_or(None).unwrap_or_default();
    String::from_utf8_lossy(&value).parse().unwrap_or(0)
}

fn storage_error(error: storage::Error) -> String {
    format!("{error:?}")
}

fn shown(value: Option<Vec<u8>>) -> String {
    value.map_or("-".into(), |value| String::from_utf8_lossy(&value).into_owned())
}

fn id(text: &str) -> types::Id {
    let number = u128::from_str_radix(text, 16).unwrap();
    types::Id { high: (number >> 64) as u64, low: number as u64 }
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap()).collect()
}

fn hex(id: types::Id) -> String {
    format!("{:016x}{:016x}", id.high, id.low)
}

/// Uses the guest's own stack until it ends.
#[inline(never)]
fn deep(more: u64) -> u64 {
    let room = std::hint::black_box([more; 64]);
    if more == 0 { room[0] } else { deep(more - 1) + std::hint::black_box(room[1]) - more }
}

fn unwrapped(script: &str) -> &str {
    script.strip_prefix('[').and_then(|script| script.strip_suffix(']')).unwrap_or(script)
}

/// Splits where no bracket is open.
fn split(text: &str, at: char) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (place, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            c if c == at && depth == 0 => {
                parts.push(&text[start..place]);
                start = place + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}
