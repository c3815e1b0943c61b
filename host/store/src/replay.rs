//! Reopening: the journal's batches that the state does not hold yet become layers over it.

use std::{hash::BuildHasher, sync::Arc};

use hashbrown::DefaultHashBuilder;

use crate::{
    error::StoreError,
    journal::JournalRead,
    key::{Value, write_physical},
    overlay::{
        layer::{Layer, LayerRow},
        view::View,
    },
    record::PayloadReader,
    writer::draft::change_usage,
};

/// Rows that one layer gathers before the next is begun.
const LAYER_ROWS: usize = 131_072;

/// The view after replaying what follows `view`.
pub(crate) fn replay(
    mut view: View,
    reader: &dyn JournalRead,
    hasher: &DefaultHashBuilder,
) -> Result<View, StoreError> {
    let mut usage = (*view.usage).clone();
    let mut rows = Vec::new();
    let mut first = view.sequence + 1;
    let mut physical = Vec::new();
    for record in reader.read(view.sequence + 1)? {
        let record = record?;
        let mut payload = PayloadReader::new(record.sequence, &record.payload)?;
        while let Some((_, count)) = payload.entry()? {
            for _ in 0..count {
                let (ns, key, value) = payload.row()?;
                write_physical(&mut physical, ns, key);
                let hash = hasher.hash_one(&*physical);
                rows.push(LayerRow::new(hash, (&*physical).into(), value.map(Value::from)));
            }
        }
        for (ns, change) in payload.usage()? {
            change_usage(&mut usage, ns, change);
        }
        view.sequence = record.sequence;
        if rows.len() >= LAYER_ROWS {
            let layer = Layer::of_history(first, view.sequence, std::mem::take(&mut rows));
            view.layers.push(Arc::new(layer));
            first = view.sequence + 1;
        }
    }
    if !rows.is_empty() {
        view.layers.push(Arc::new(Layer::of_history(first, view.sequence, rows)));
    }
    view.usage = Arc::new(usage);
    Ok(view)
}
