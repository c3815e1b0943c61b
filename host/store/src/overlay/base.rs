//! The folded state: redb (J1). Only the folding thread writes it, in large commits, two-phase and
//! with quick repair, each of which records the last batch that it holds.
//!
//! Tables: `rows` (physical key → value), `usage` (namespace → bytes of keys and values), `meta`
//! (`folded` → the last folded batch).

use std::{collections::BTreeMap, io, ops::Bound, path::Path, sync::Arc};

use redb::{
    Database, ReadOnlyDatabase, ReadOnlyTable, ReadableDatabase, ReadableTable, StorageBackend,
    TableDefinition, TableError, backends::InMemoryBackend,
};

use super::layer::LayerRow;
use crate::{
    disk::{Disk, DiskFile, Open},
    error::StoreError,
    key::{Namespace, PhysicalRange, Sequence, Value},
};

const ROWS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("rows");
const USAGE: TableDefinition<u32, u64> = TableDefinition::new("usage");
const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
const FOLDED: &str = "folded";

/// Bytes of keys (without namespace) and values, by namespace.
pub(crate) type Usage = BTreeMap<Namespace, u64>;

/// The rows of a base, in key order from either end.
pub(crate) type BaseRange = redb::Range<'static, &'static [u8], &'static [u8]>;

/// The database.
pub(crate) struct State {
    database: Database,
}

/// redb on a disk that is not the operating system's.
#[derive(Debug)]
struct Backend(Arc<dyn DiskFile>);

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.0.length()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read_at(out, offset)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.set_length(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write_at([data, &[]], offset)
    }
}

/// One moment of it.
pub(crate) struct Base {
    /// The last batch that is folded in.
    pub folded: Sequence,
    rows: ReadOnlyTable<&'static [u8], &'static [u8]>,
}

impl State {
    pub fn open(disk: &dyn Disk, path: &Path, cache_bytes: usize) -> Result<Self, StoreError> {
        let mut builder = Database::builder();
        builder.set_cache_size(cache_bytes);
        if disk.local() {
            // redb locks the file itself as well.
            return Self::prepare(builder.create(path).map_err(StoreError::state)?);
        }
        let file = disk.open(path, Open::Create);
        let file = file.map_err(StoreError::io(format!("opening {}", path.display())))?;
        Self::prepare(builder.create_with_backend(Backend(file)).map_err(StoreError::state)?)
    }

    pub fn in_memory() -> Result<Self, StoreError> {
        let database =
            Database::builder().create_with_backend(InMemoryBackend::new()).map_err(StoreError::state)?;
        Self::prepare(database)
    }

    /// Makes the tables, so that readers need not ask whether they exist.
    fn prepare(database: Database) -> Result<Self, StoreError> {
        let state = Self { database };
        let reading = state.database.begin_read().map_err(StoreError::state)?;
        match reading.open_table(META) {
            Ok(_) => {}
            Err(TableError::TableDoesNotExist(_)) => state.fold(0, &Usage::new(), &[])?,
            Err(error) => return Err(StoreError::state(error)),
        }
        drop(reading);
        Ok(state)
    }

    /// Writes sorted rows and records how far the state is now. One durable commit.
    pub fn fold(&self, folded: Sequence, usage: &Usage, rows: &[LayerRow]) -> Result<(), StoreError> {
        let mut transaction = self.database.begin_write().map_err(StoreError::state)?;
        transaction.set_two_phase_commit(true);
        transaction.set_quick_repair(true);
        {
            let mut table = transaction.open_table(ROWS).map_err(StoreError::state)?;
            for row in rows {
                match &row.value {
                    Some(value) => table.insert(&*row.key, &**value).map(drop),
                    None => table.remove(&*row.key).map(drop),
                }
                .map_err(StoreError::state)?;
            }
            let mut table = transaction.open_table(USAGE).map_err(StoreError::state)?;
            for (namespace, bytes) in usage {
                table.insert(namespace.0, bytes).map_err(StoreError::state)?;
            }
            let mut table = transaction.open_table(META).map_err(StoreError::state)?;
            table.insert(FOLDED, folded).map_err(StoreError::state)?;
        }
        transaction.commit().map_err(StoreError::state)
    }

    /// The newest moment.
    pub fn base(&self) -> Result<Arc<Base>, StoreError> {
        let reading = self.database.begin_read().map_err(StoreError::state)?;
        let meta = reading.open_table(META).map_err(StoreError::state)?;
        let folded = meta.get(FOLDED).map_err(StoreError::state)?.map_or(0, |guard| guard.value());
        let rows = reading.open_table(ROWS).map_err(StoreError::state)?;
        Ok(Arc::new(Base { folded, rows }))
    }

    /// The newest moment with the usage of that same moment.
    pub fn moment(&self) -> Result<(Arc<Base>, Usage), StoreError> {
        loop {
            // A fold may come in between the two; then they are taken anew.
            let (base, usage) = (self.base()?, self.usage()?);
            if self.base()?.folded == base.folded {
                return Ok((base, usage));
            }
        }
    }

    /// Usage at the newest moment.
    pub fn usage(&self) -> Result<Usage, StoreError> {
        let reading = self.database.begin_read().map_err(StoreError::state)?;
        let table = reading.open_table(USAGE).map_err(StoreError::state)?;
        let mut usage = Usage::new();
        for row in table.iter().map_err(StoreError::state)? {
            let (namespace, bytes) = row.map_err(StoreError::state)?;
            usage.insert(Namespace(namespace.value()), bytes.value());
        }
        Ok(usage)
    }
}

impl Base {
    pub fn get(&self, key: &[u8]) -> Result<Option<Value>, StoreError> {
        let found = self.rows.get(key).map_err(StoreError::state)?;
        Ok(found.map(|guard| Value::from(guard.value())))
    }

    pub fn range(&self, range: &PhysicalRange) -> Result<BaseRange, StoreError> {
        let upper = range.upper.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        self.rows.range::<&[u8]>((Bound::Included(&*range.lower), upper)).map_err(StoreError::state)
    }

    /// Every row by its physical key, in order.
    pub fn each<E: From<StoreError>>(
        &self,
        mut each: impl FnMut(&[u8], &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        for row in self.rows.iter().map_err(StoreError::state)? {
            let (key, value) = row.map_err(StoreError::state)?;
            each(key.value(), value.value())?;
        }
        Ok(())
    }

    /// The first key after `key`.
    pub fn next_key(&self, key: &[u8]) -> Result<Option<Box<[u8]>>, StoreError> {
        let mut range =
            self.rows.range::<&[u8]>((Bound::Excluded(key), Bound::Unbounded)).map_err(StoreError::state)?;
        let first = range.next().transpose().map_err(StoreError::state)?;
        Ok(first.map(|(key, _)| key.value().into()))
    }
}

/// The state for reading only, by who verifies it.
pub(crate) struct Audit {
    database: ReadOnlyDatabase,
    pub folded: Sequence,
    pub usage: Usage,
}

impl Audit {
    /// Changes nothing; a file that needs repair is an error.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let database = ReadOnlyDatabase::open(path).map_err(StoreError::state)?;
        let reading = database.begin_read().map_err(StoreError::state)?;
        let meta = reading.open_table(META).map_err(StoreError::state)?;
        let folded = meta.get(FOLDED).map_err(StoreError::state)?.map_or(0, |guard| guard.value());
        let table = reading.open_table(USAGE).map_err(StoreError::state)?;
        let mut usage = Usage::new();
        for row in table.iter().map_err(StoreError::state)? {
            let (namespace, bytes) = row.map_err(StoreError::state)?;
            usage.insert(Namespace(namespace.value()), bytes.value());
        }
        Ok(Self { database, folded, usage })
    }

    /// Every row by its physical key.
    pub fn rows(&self, mut each: impl FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        let reading = self.database.begin_read().map_err(StoreError::state)?;
        let rows = reading.open_table(ROWS).map_err(StoreError::state)?;
        for row in rows.iter().map_err(StoreError::state)? {
            let (key, value) = row.map_err(StoreError::state)?;
            each(key.value(), value.value());
        }
        Ok(())
    }
}
