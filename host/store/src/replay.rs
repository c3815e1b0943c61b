//! Reopening: the journal's batches that the state does not hold yet become layers over it, and where they are
//! more than memory should hold (a state that is made anew), rows of it.

use std::{hash::BuildHasher, sync::Arc};

use hashbrown::DefaultHashBuilder;

use crate::{
    error::StoreError,
    journal::JournalRead,
    key::{Value, write_physical},
    overlay::{
        base::State,
        layer::{Layer, LayerRow},
        view::View,
    },
    record::PayloadReader,
    writer::draft::change_usage,
};

/// Rows that one layer gathers before the next is begun.
const LAYER_ROWS: usize = 131_072;

/// The view after replaying what follows the state. With more than about `bytes_max` bytes in memory they are folded
/// into the state, in a commit of their own, so that a replay which is interrupted goes on where it was.
pub(crate) fn replay(
    state: &State,
    reader: &dyn JournalRead,
    hasher: &DefaultHashBuilder,
    bytes_max: usize,
) -> Result<View, StoreError> {
    let base = state.base()?;
    let mut usage = state.usage()?;
    let mut view = View { sequence: base.folded, usage: Arc::default(), base, layers: Vec::new() };
    let (mut rows, mut bytes) = (Vec::new(), 0);
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
        bytes += record.payload.len();
        if rows.len() >= LAYER_ROWS || bytes >= bytes_max {
            let layer = Layer::of_history(first, view.sequence, std::mem::take(&mut rows));
            view.layers.push(Arc::new(layer));
            (first, bytes) = (view.sequence + 1, 0);
            if view.unfolded().1 >= bytes_max {
                state.fold(view.sequence, &usage, Layer::merge(&view.layers).rows())?;
                view.layers.clear();
                view.base = state.base()?;
            }
        }
    }
    if !rows.is_empty() {
        view.layers.push(Arc::new(Layer::of_history(first, view.sequence, rows)));
    }
    view.usage = Arc::new(usage);
    Ok(view)
}
