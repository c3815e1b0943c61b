//! Tables against a naive model, page turning, and the errors that a plugin can meet.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;

use hamlet_sdk::{Counter, Error, Index, Memory, OrTrap as _, Row, Storage, Table};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Loaf {
    baker: u8,
    names: Vec<String>,
}
impl Row for Loaf {}

type LoafKey = (u8, u16);
const LOAVES: Table<LoafKey, Loaf> = Table::new(1).indexed(&[&BY_BAKER, &BY_NAME]);
const BY_BAKER: Index<u8, LoafKey, Loaf> = Index::new(2, |_, loaf, add| add(loaf.baker));
const BY_NAME: Index<String, LoafKey, Loaf> =
    Index::new(3, |_, loaf, add| loaf.names.iter().cloned().for_each(add));

#[derive(Clone, Debug)]
enum Step {
    Put(LoafKey, Loaf),
    Insert(LoafKey, Loaf),
    Update(LoafKey, u8, Vec<String>),
    Remove(LoafKey),
}

fn step() -> impl Strategy<Value = Step> {
    let key = || (0..3_u8, 0..4_u16);
    let names = || prop::collection::vec("[a-c]{0,2}", 0..3);
    let loaf = move || (0..3_u8, names()).prop_map(|(baker, names)| Loaf { baker, names });
    prop_oneof![
        (key(), loaf()).prop_map(|(key, loaf)| Step::Put(key, loaf)),
        (key(), loaf()).prop_map(|(key, loaf)| Step::Insert(key, loaf)),
        (key(), 0..3_u8, names()).prop_map(|(key, baker, names)| Step::Update(key, baker, names)),
        key().prop_map(Step::Remove),
    ]
}

fn apply(db: &Memory, model: &mut BTreeMap<LoafKey, Loaf>, step: Step) {
    match step {
        Step::Put(key, loaf) => {
            LOAVES.put(db, &key, &loaf).unwrap();
            model.insert(key, loaf);
        }
        Step::Insert(key, loaf) => {
            let new = LOAVES.insert(db, &key, &loaf).unwrap();
            assert_eq!(new, !model.contains_key(&key));
            model.entry(key).or_insert(loaf);
        }
        Step::Update(key, baker, names) => {
            let old = LOAVES
                .update(db, &key, |loaf| {
                    loaf.names.clone_from(&names);
                    std::mem::replace(&mut loaf.baker, baker)
                })
                .unwrap();
            assert_eq!(old, model.get(&key).map(|loaf| loaf.baker));
            if let Some(loaf) = model.get_mut(&key) {
                *loaf = Loaf { baker, names };
            }
        }
        Step::Remove(key) => assert_eq!(LOAVES.remove(db, &key).unwrap(), model.remove(&key)),
    }
}

fn in_order_of<I: Ord + Clone>(
    model: &BTreeMap<LoafKey, Loaf>,
    of: impl Fn(&Loaf) -> Vec<I>,
) -> Vec<(I, LoafKey)> {
    let mut entries: Vec<_> =
        model.iter().flat_map(|(key, loaf)| of(loaf).into_iter().map(|by| (by, *key))).collect();
    entries.sort();
    entries.dedup();
    entries
}

proptest! {
    #[test]
    fn tables_and_indexes_agree_with_a_model_after_any_steps(
        steps in prop::collection::vec(step(), 0..60),
        range in (0..3_u8, 0..3_u8),
    ) {
        let db = Memory::new();
        let mut model = BTreeMap::new();
        for step in steps {
            apply(&db, &mut model, step);
        }
        let rows: Vec<_> = LOAVES.scan().iter(&db).map(Result::unwrap).collect();
        prop_assert_eq!(&rows, &model.clone().into_iter().collect::<Vec<_>>());

        let by_baker: Vec<_> = LOAVES.by(&BY_BAKER).iter(&db).map(|row| row.unwrap().0).collect();
        let expected = in_order_of(&model, |loaf| vec![loaf.baker]);
        prop_assert_eq!(by_baker, expected.iter().map(|(_, key)| *key).collect::<Vec<_>>());

        let by_name: Vec<_> =
            LOAVES.by(&BY_NAME).reverse().iter(&db).map(|row| row.unwrap().0).collect();
        let expected_names = in_order_of(&model, |loaf| loaf.names.clone());
        prop_assert_eq!(by_name, expected_names.iter().rev().map(|(_, key)| *key).collect::<Vec<_>>());

        let (low, high) = range;
        let inclusive: Vec<_> =
            LOAVES.by(&BY_BAKER).range(low..=high).iter(&db).map(|row| row.unwrap().0).collect();
        let within = expected.iter().filter(|(baker, _)| (low..=high).contains(baker));
        prop_assert_eq!(inclusive, within.map(|(_, key)| *key).collect::<Vec<_>>());

        // Nothing stays behind: a row each, and an entry each.
        prop_assert_eq!(db.len(), rows.len() + expected.len() + expected_names.len());
    }

    #[test]
    fn pages_turned_one_by_one_give_every_row_once(count in 0..40_u16, limit in 1..9_u32, reverse: bool) {
        let db = Memory::new();
        for number in 0..count {
            LOAVES.put(&db, &(1, number), &Loaf { baker: 7, names: vec![] }).unwrap();
            LOAVES.put(&db, &(2, number), &Loaf { baker: 8, names: vec![] }).unwrap();
        }
        let mut met = Vec::new();
        let mut cursor = None;
        loop {
            let scan = LOAVES.by(&BY_BAKER).prefix(&7).after(cursor);
            let page = if reverse { scan.reverse() } else { scan }.page(&db, limit).unwrap();
            prop_assert!(page.rows.len() <= limit as usize);
            met.extend(page.rows.into_iter().map(|(key, _)| key));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let mut expected: Vec<_> = (0..count).map(|number| (1, number)).collect();
        if reverse {
            expected.reverse();
        }
        prop_assert_eq!(met, expected);
    }

    #[test]
    fn an_arbitrary_cursor_never_panics_and_never_shows_another_table(cursor in "[0-9a-f]{0,12}|\\PC{0,5}") {
        let db = Memory::new();
        LOAVES.put(&db, &(1, 1), &Loaf { baker: 7, names: vec!["rye".into()] }).unwrap();
        match LOAVES.scan().prefix(&1).after(Some(cursor)).page(&db, 5) {
            Ok(page) => prop_assert!(page.rows.iter().all(|(key, _)| *key == (1, 1))),
            Err(error) => prop_assert_eq!(error, Error::Cursor),
        }
    }

    #[test]
    fn arbitrary_bytes_in_a_row_are_an_error_and_no_panic(value: Vec<u8>) {
        let db = Memory::new();
        db.set(&[1, 1, 0, 1], &value).unwrap();
        let _ = LOAVES.get(&db, &(1, 1));
        let _ = LOAVES.scan().page(&db, 1);
    }
}

#[test]
fn a_change_that_changes_nothing_writes_nothing() {
    let db = Memory::new();
    let loaf = Loaf { baker: 1, names: vec!["rye".into()] };
    LOAVES.put(&db, &(1, 1), &loaf).unwrap();
    let before = db.clone();
    assert_eq!(LOAVES.update(&db, &(1, 1), |loaf| loaf.baker).unwrap(), Some(1));
    assert_eq!(LOAVES.update(&db, &(1, 2), |_| ()).unwrap(), None);
    assert_eq!(db, before);
}

#[test]
fn rows_are_given_in_the_order_of_the_keys_that_were_asked_for() {
    let db = Memory::new();
    for number in 0..3000_u16 {
        LOAVES.put(&db, &(0, number), &Loaf { baker: 1, names: vec![number.to_string()] }).unwrap();
    }
    let keys: Vec<LoafKey> = (0..3001).rev().map(|number| (0, number)).collect();
    let rows = LOAVES.get_many(&db, &keys).unwrap();
    assert_eq!(rows.len(), 3001);
    assert_eq!(rows[0], None);
    assert_eq!(rows[1].as_ref().unwrap().names, ["2999"]);
    assert_eq!(rows[3000].as_ref().unwrap().names, ["0"]);
}

#[test]
fn a_row_of_an_earlier_format_is_read_by_upgrade() {
    #[derive(Serialize, Deserialize)]
    struct Old {
        name: String,
    }
    impl Row for Old {}
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct New {
        name: String,
        price: u64,
    }
    impl Row for New {
        const FORMAT: u8 = 2;
        fn upgrade(format: u8, bytes: &[u8]) -> Option<New> {
            let old = (format == 1).then(|| Old::from_postcard(bytes))??;
            Some(New { name: old.name, price: 0 })
        }
    }
    let db = Memory::new();
    Table::<u8, Old>::new(9).put(&db, &1, &Old { name: "jam".into() }).unwrap();
    let table = Table::<u8, New>::new(9);
    assert_eq!(table.get(&db, &1).unwrap().unwrap(), New { name: "jam".into(), price: 0 });
    table.update(&db, &1, |row| row.price = 3).unwrap();
    assert_eq!(table.get(&db, &1).unwrap().unwrap().price, 3);
    // The old version does not misread what the new one wrote.
    assert_eq!(Table::<u8, Old>::new(9).get(&db, &1).err(), Some(Error::Damaged { table: 9 }));
}

#[test]
fn the_hosts_limits_hold_in_memory_too() {
    let db = Memory::new();
    let texts = Table::<String, Loaf>::new(1);
    let long = "x".repeat(1024);
    let loaf = Loaf { baker: 0, names: vec![] };
    assert_eq!(texts.put(&db, &long, &loaf), Err(Error::KeyLength(1027)));
    let heavy = Loaf { baker: 0, names: vec!["y".repeat(70_000)] };
    assert!(matches!(texts.put(&db, &"a".into(), &heavy), Err(Error::ValueLength(70_000..))));
    assert!(db.is_empty());
}

#[test]
fn a_counter_adds_up_and_refuses_to_leave_its_range() {
    let db = Memory::new();
    let counter = Counter::<(String, u8)>::new(5);
    let key = ("a".to_owned(), 1);
    assert_eq!(counter.get(&db, &key), Ok(0));
    assert_eq!(counter.add(&db, &key, 5), Ok(5));
    assert_eq!(counter.add(&db, &key, -7), Ok(-2));
    assert_eq!(counter.add(&db, &key, i64::MIN), Err(Error::Overflow));
    assert_eq!(counter.get(&db, &key), Ok(-2));
}

#[test]
#[should_panic(expected = "a counter would leave its range")]
fn t3_what_the_contract_has_no_case_for_ends_the_call() {
    Err::<(), _>(Error::Overflow).or_trap();
}
