//! `hamlet:host/storage`: the plugin's own rows, in the transaction of the call.
//!
//! Written by hand over typed functions, because it is the hot path: keys and values go from the guest's memory through
//! one scratch buffer into the batch, and from the store's shared values straight into the guest's memory.

use hamlet_bundle::Kind;
use hamlet_store::{Direction, Namespace, Rows as _, Scan, Value};
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, Linker, Lower, WasmList};

use super::wit::storage::{Direction as WitDirection, Error, Range};
use crate::call::CallError;
use crate::config::{
    BULK_WRITE_SET_BYTES_MAX, GET_MANY_KEYS_MAX, KEY_BYTES_MAX, READ_SET_BYTES_MAX, SCAN_BYTES_MAX,
    SCAN_ENTRIES_MAX, VALUE_BYTES_MAX,
};
use crate::run::{Running, Slot, Tx};

type Cx<'a> = StoreContextMut<'a, Slot>;
type Answer<T> = wasmtime::Result<(Result<T, Error>,)>;

#[derive(ComponentType, Lower)]
#[component(record)]
struct Entry {
    key: Box<[u8]>,
    value: Value,
}

/// As [`Entry`], still in the guest's memory.
#[derive(ComponentType, Lift)]
#[component(record)]
struct Given {
    key: WasmList<u8>,
    value: WasmList<u8>,
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct Page {
    entries: Vec<Entry>,
    next: Option<Vec<u8>>,
}

pub(super) fn add_to_linker(linker: &mut Linker<Slot>) -> wasmtime::Result<()> {
    let mut storage = linker.instance("hamlet:host/storage@0.1.0")?;
    storage.func_wrap("get", get)?;
    storage.func_wrap("get-many", get_many)?;
    storage.func_wrap("set", set)?;
    storage.func_wrap("set-many", set_many)?;
    storage.func_wrap("delete", delete)?;
    storage.func_wrap("scan", scan)?;
    storage.func_wrap("add", add)
}

fn get(mut cx: Cx<'_>, (key,): (WasmList<u8>,)) -> Answer<Option<Value>> {
    if let Err(error) = check_key(key.len()) {
        return Ok((Err(error),));
    }
    let scratch = copy(&mut cx, &[&key])?;
    let running = cx.data_mut().running()?;
    let found = running.read(&scratch);
    give_back(running, scratch);
    Ok((Ok(found?),))
}

fn get_many(mut cx: Cx<'_>, (keys,): (Vec<WasmList<u8>>,)) -> Answer<Vec<Option<Value>>> {
    if keys.len() > GET_MANY_KEYS_MAX {
        return Ok((Err(Error::TooManyKeys(length(keys.len()))),));
    }
    if let Some(error) = keys.iter().find_map(|key| check_key(key.len()).err()) {
        return Ok((Err(error),));
    }
    let mut values = Vec::with_capacity(keys.len());
    let mut bytes = 0;
    for key in keys {
        let scratch = copy(&mut cx, &[&key])?;
        let running = cx.data_mut().running()?;
        let value = running.read(&scratch);
        give_back(running, scratch);
        let value = value?;
        // Held by the host while it is copied; 1,024 of the largest values would be 64 MiB.
        bytes += value.as_ref().map_or(0, |value| value.len());
        if bytes > BULK_WRITE_SET_BYTES_MAX {
            return Err(running.quota("16 MiB of values in one get-many"));
        }
        values.push(value);
    }
    Ok((Ok(values),))
}

fn set(mut cx: Cx<'_>, (key, value): (WasmList<u8>, WasmList<u8>)) -> Answer<()> {
    let (key_length, value_length) = (key.len(), value.len());
    if let Err(error) = check_key(key_length) {
        return Ok((Err(error),));
    }
    if value_length > VALUE_BYTES_MAX {
        return Ok((Err(Error::ValueLength(length(value_length))),));
    }
    let scratch = copy(&mut cx, &[&key, &value])?;
    let running = cx.data_mut().running()?;
    let (key, value) = scratch.split_at(key_length);
    let done = running.write(key, value);
    give_back(running, scratch);
    Ok((Ok(done?),))
}

fn set_many(mut cx: Cx<'_>, (rows,): (Vec<Given>,)) -> Answer<()> {
    if rows.len() > GET_MANY_KEYS_MAX {
        return Ok((Err(Error::TooManyKeys(length(rows.len()))),));
    }
    let mut bytes = 0;
    for Given { key, value } in &rows {
        let (key_length, value_length) = (key.len(), value.len());
        if let Err(error) = check_key(key_length) {
            return Ok((Err(error),));
        }
        if value_length > VALUE_BYTES_MAX {
            return Ok((Err(Error::ValueLength(length(value_length))),));
        }
        bytes += key_length + value_length;
    }
    if bytes > BULK_WRITE_SET_BYTES_MAX {
        return Err(cx.data_mut().running()?.quota("16 MiB written at once"));
    }
    for Given { key, value } in &rows {
        let key_length = key.len();
        let scratch = copy(&mut cx, &[key, value])?;
        let running = cx.data_mut().running()?;
        let (key, value) = scratch.split_at(key_length);
        let done = running.put(key, value);
        give_back(running, scratch);
        done?;
    }
    cx.data_mut().running()?.check_quotas()?;
    Ok((Ok(()),))
}

fn delete(mut cx: Cx<'_>, (key,): (WasmList<u8>,)) -> Answer<bool> {
    if let Err(error) = check_key(key.len()) {
        return Ok((Err(error),));
    }
    let scratch = copy(&mut cx, &[&key])?;
    let running = cx.data_mut().running()?;
    let done = running.remove(&scratch);
    give_back(running, scratch);
    Ok((Ok(done?),))
}

fn scan(
    mut cx: Cx<'_>,
    (range, direction, limit, cursor): (Range, WitDirection, u32, Option<Vec<u8>>),
) -> Answer<Page> {
    let keys = [Some(&range.start), range.end.as_ref(), cursor.as_ref()];
    if let Some(key) = keys.into_iter().flatten().find(|key| key.len() > KEY_BYTES_MAX) {
        return Ok((Err(Error::KeyLength(length(key.len()))),));
    }
    let limit = match usize::try_from(limit).unwrap_or(usize::MAX) {
        0 => SCAN_ENTRIES_MAX,
        limit => limit.min(SCAN_ENTRIES_MAX),
    };
    let running = cx.data_mut().running()?;
    Ok((Ok(page(running, range, direction, limit, cursor)?),))
}

fn page(
    running: &mut Running,
    range: Range,
    direction: WitDirection,
    limit: usize,
    cursor: Option<Vec<u8>>,
) -> wasmtime::Result<Page> {
    let Range { mut start, mut end } = range;
    let direction = match direction {
        WitDirection::Forward => Direction::Forward,
        WitDirection::Reverse => Direction::Reverse,
    };
    match (direction, cursor) {
        (Direction::Forward, Some(mut cursor)) => {
            // The first key after the cursor.
            cursor.push(0);
            start = start.max(cursor);
        }
        (Direction::Reverse, Some(cursor)) => end = Some(end.map_or(cursor.clone(), |end| end.min(cursor))),
        (_, None) => {}
    }
    if end.as_ref().is_some_and(|end| *end <= start) {
        return Ok(Page { entries: Vec::new(), next: None });
    }
    // One more than asked for tells whether there is a next page.
    let scan =
        Scan { start: &start, end: end.as_deref(), direction, limit: limit + 1, max_bytes: SCAN_BYTES_MAX };
    let namespace = running.namespace()?;
    let rows = match running.tx.scan(namespace, scan) {
        Ok(rows) => rows,
        Err(error) => return Err(running.trap(error)),
    };
    running.check_reads()?;
    let bytes: usize = rows.iter().map(|(key, value)| key.len() + value.len()).sum();
    let cut = rows.len() > limit || bytes + KEY_BYTES_MAX + VALUE_BYTES_MAX > SCAN_BYTES_MAX;
    let entries: Vec<Entry> = rows.into_iter().take(limit).map(|(key, value)| Entry { key, value }).collect();
    let next = entries.last().filter(|_| cut).map(|last| last.key.to_vec());
    Ok(Page { entries, next })
}

fn add(mut cx: Cx<'_>, (key, delta): (WasmList<u8>, i64)) -> Answer<i64> {
    if let Err(error) = check_key(key.len()) {
        return Ok((Err(error),));
    }
    let scratch = copy(&mut cx, &[&key])?;
    let running = cx.data_mut().running()?;
    let added = add_to(running, &scratch, delta);
    give_back(running, scratch);
    Ok((added?,))
}

fn add_to(running: &mut Running, key: &[u8], delta: i64) -> wasmtime::Result<Result<i64, Error>> {
    let before = match running.read(key)? {
        None => 0,
        Some(value) => match <[u8; 8]>::try_from(&*value) {
            Ok(bytes) => i64::from_be_bytes(bytes),
            Err(_) => return Ok(Err(Error::NotACounter(length(value.len())))),
        },
    };
    let Some(after) = before.checked_add(delta) else { return Ok(Err(Error::Overflow)) };
    running.write(key, &after.to_be_bytes())?;
    Ok(Ok(after))
}

fn check_key(bytes: usize) -> Result<(), Error> {
    if bytes == 0 || bytes > KEY_BYTES_MAX { Err(Error::KeyLength(length(bytes))) } else { Ok(()) }
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// Copies lists out of the guest, one after another, into the call's scratch buffer.
fn copy(cx: &mut Cx<'_>, lists: &[&WasmList<u8>]) -> wasmtime::Result<Vec<u8>> {
    let mut scratch = std::mem::take(&mut cx.data_mut().running()?.scratch);
    scratch.clear();
    for list in lists {
        scratch.extend_from_slice(list.as_le_slice(&*cx));
    }
    Ok(scratch)
}

fn give_back(running: &mut Running, scratch: Vec<u8>) {
    running.scratch = scratch;
}

impl Running {
    /// The rows of the one at work.
    fn namespace(&mut self) -> wasmtime::Result<Namespace> {
        match self.frame() {
            Ok(frame) => Ok(frame.namespace),
            Err(error) => Err(self.trap(error)),
        }
    }

    fn quota(&mut self, what: &str) -> wasmtime::Error {
        let plugin = match self.frame() {
            Ok(frame) => std::sync::Arc::clone(&frame.name),
            Err(error) => return self.trap(error),
        };
        self.trap(CallError::Quota { plugin, what: what.to_owned() })
    }

    fn read(&mut self, key: &[u8]) -> wasmtime::Result<Option<Value>> {
        let namespace = self.namespace()?;
        let value = self.tx.get(namespace, key).map_err(|error| self.trap(error))?;
        self.check_reads()?;
        Ok(value)
    }

    /// T7: what a command beside the sequencer read is remembered, and memory has an end. On the sequencer nothing is.
    fn check_reads(&mut self) -> wasmtime::Result<()> {
        if let Tx::Beside(beside) = &self.tx
            && beside.reads().bytes() > READ_SET_BYTES_MAX
        {
            return Err(self.quota(&format!("{} MiB of keys read in one command", READ_SET_BYTES_MAX >> 20)));
        }
        Ok(())
    }

    fn write(&mut self, key: &[u8], value: &[u8]) -> wasmtime::Result<()> {
        self.put(key, value)?;
        self.check_quotas()
    }

    /// [`Self::write`] without looking at the quotas, which is to follow.
    fn put(&mut self, key: &[u8], value: &[u8]) -> wasmtime::Result<()> {
        let namespace = self.writable()?;
        let set = self.tx.writable().and_then(|draft| Ok(draft.set(namespace, key, value)?));
        set.map_err(|error| self.trap(error))
    }

    fn remove(&mut self, key: &[u8]) -> wasmtime::Result<bool> {
        let namespace = self.writable()?;
        let deleted = self.tx.writable().and_then(|draft| Ok(draft.delete(namespace, key)?));
        let there = deleted.map_err(|error| self.trap(error))?;
        self.check_quotas()?;
        Ok(there)
    }

    /// The rows of the one at work, if it may write.
    fn writable(&mut self) -> wasmtime::Result<Namespace> {
        match self.frame() {
            Ok(frame) if frame.kind == Kind::Command => Ok(frame.namespace),
            Ok(frame) => {
                let plugin = std::sync::Arc::clone(&frame.name);
                Err(self.trap(CallError::WriteInQuery { plugin }))
            }
            Err(error) => Err(self.trap(error)),
        }
    }

    /// C7: what this command wrote, and what the plugin stores.
    fn check_quotas(&mut self) -> wasmtime::Result<()> {
        let beside = matches!(self.tx, Tx::Beside(_));
        let Some(draft) = self.tx.draft() else { return Ok(()) };
        let Some(plugin) = self.frames.last().and_then(|frame| frame.plugin.as_ref()) else { return Ok(()) };
        let within = plugin
            .check_written(draft.written_bytes())
            .and_then(|()| if beside { plugin.check_rows(draft.written_rows()) } else { Ok(()) })
            .and_then(|()| plugin.check_storage(draft.usage(plugin.namespace)));
        within.map_err(|error| self.trap(error))
    }
}
