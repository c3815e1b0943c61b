//! What is known by id: sorted, so that it is one block of memory, and what comes in order is put at its end.
//!
//! A call asks for almost all of its ids at once and in order. An id that comes later and out of order costs a move of
//! those behind it.

use crate::model::Id;

/// Values by id.
#[derive(Clone, Debug)]
pub struct Known<V>(Vec<(Id, V)>);

impl<V> Default for Known<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V> Known<V> {
    /// With room for so many more.
    pub fn reserve(&mut self, more: usize) {
        self.0.reserve(more);
    }

    /// The value of an id.
    pub fn get(&self, id: Id) -> Option<&V> {
        let place = self.place(id).ok()?;
        self.0.get(place).map(|(_, value)| value)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, id: Id) -> Option<&mut V> {
        let place = self.place(id).ok()?;
        self.0.get_mut(place).map(|(_, value)| value)
    }

    /// The value of an id, made if there is none.
    #[expect(clippy::indexing_slicing, reason = "the place was found or filled just before")]
    pub fn entry(&mut self, id: Id, make: impl FnOnce() -> V) -> &mut V {
        let place = match self.place(id) {
            Ok(place) => place,
            Err(place) => {
                self.0.insert(place, (id, make()));
                place
            }
        };
        &mut self.0[place].1
    }

    /// Sets the value of an id.
    pub fn insert(&mut self, id: Id, value: V) {
        match self.place(id) {
            Ok(place) => {
                if let Some((_, old)) = self.0.get_mut(place) {
                    *old = value;
                }
            }
            Err(place) => self.0.insert(place, (id, value)),
        }
    }

    /// In the order of ids.
    pub fn iter(&self) -> impl Iterator<Item = &(Id, V)> {
        self.0.iter()
    }

    fn place(&self, id: Id) -> Result<usize, usize> {
        match self.0.last() {
            Some((last, _)) if *last < id => Err(self.0.len()),
            _ => self.0.binary_search_by_key(&id, |(known, _)| *known),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_as_a_map_whatever_the_order_of_ids(ids in prop::collection::vec(1_u128..40, 0..80)) {
            let (mut known, mut map) = (Known::default(), std::collections::BTreeMap::new());
            for (number, id) in ids.into_iter().enumerate() {
                match number % 3 {
                    0 => {
                        known.insert(Id(id), number);
                        map.insert(id, number);
                    }
                    1 => prop_assert_eq!(known.entry(Id(id), || number), map.entry(id).or_insert(number)),
                    _ => prop_assert_eq!(known.get_mut(Id(id)), map.get_mut(&id)),
                }
                prop_assert_eq!(known.get(Id(id)), map.get(&id));
            }
            prop_assert!(known.iter().map(|(id, value)| (id.0, *value)).eq(map));
        }
    }
}
