//! What is committed, as readers see it: immutable *layers* of rows in memory over a *base*, the
//! folded state in redb (J1).
//!
//! A commit adds one layer, sorted once, never changed. A view is a list of layers and a base; a
//! snapshot is a clone of the current view, so it costs one atomic addition and keeps exactly what
//! it may still read. Neither side ever waits for the other: publishing a view is exchanging one
//! pointer. Old versions of a row go when the last view that holds their layer goes.
//!
//! Many layers make reads slow, so neighbours are merged: small ones at once by the writer, large
//! ones by a thread of their own. Folding writes all layers into the base and drops them.
//!
//! If this is wrong, queries see a mixture of two moments.

pub(crate) mod base;
pub(crate) mod layer;
pub(crate) mod view;
