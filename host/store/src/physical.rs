//! A physical key as the store keeps it in memory: short ones in place, others shared.
//!
//! Most keys are a letter and an id. In place they cost no allocation, no counting of references, and no second cache
//! line to compare, on the writer's thread as when layers are merged, folded and freed.
//!
//! It is bytes and nothing else. If this is wrong, a row is found under another key.

use std::{borrow::Borrow, cmp::Ordering, fmt, ops::Deref, sync::Arc};

/// Bytes that are kept in place: then a key has 24 bytes, and a layer's row 64.
const IN_PLACE_MAX: usize = 22;

/// An immutable key with its namespace. Cloning a short one copies it, a long one costs an atomic addition.
#[derive(Clone)]
pub(crate) enum PhysicalKey {
    /// Zeros behind the key.
    Short(u8, [u8; IN_PLACE_MAX]),
    Long(Arc<[u8]>),
}

impl From<&[u8]> for PhysicalKey {
    fn from(key: &[u8]) -> Self {
        let mut bytes = [0; IN_PLACE_MAX];
        match (bytes.get_mut(..key.len()), u8::try_from(key.len())) {
            (Some(to), Ok(length)) => {
                to.copy_from_slice(key);
                Self::Short(length, bytes)
            }
            _ => Self::Long(key.into()),
        }
    }
}

impl Deref for PhysicalKey {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Short(length, bytes) => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Self::Long(key) => key,
        }
    }
}

impl Borrow<[u8]> for PhysicalKey {
    fn borrow(&self) -> &[u8] {
        self
    }
}

impl PartialEq for PhysicalKey {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for PhysicalKey {}

impl PartialOrd for PhysicalKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PhysicalKey {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl fmt::Debug for PhysicalKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_has_24_bytes() {
        assert_eq!(size_of::<PhysicalKey>(), 24);
    }

    proptest! {
        #[test]
        fn it_is_as_its_bytes_at_any_length(
            a in prop::collection::vec(0_u8..3, 0..40),
            b in prop::collection::vec(0_u8..3, 0..40),
        ) {
            let (key, other) = (PhysicalKey::from(&*a), PhysicalKey::from(&*b));
            prop_assert_eq!(&*key, &*a);
            prop_assert_eq!(&*key.clone(), &*a);
            prop_assert_eq!(key.cmp(&other), a.cmp(&b));
            prop_assert_eq!(key == other, a == b);
        }
    }
}
