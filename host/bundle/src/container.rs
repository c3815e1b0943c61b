//! The container of a bundle: a plain tar, in the one way in which it can be written.
//!
//! A tar because every system can list and unpack one without us; uncompressed because then nothing
//! can grow while it is read, and because the same input gives the same bytes with every version of
//! every library. (Compressed on the way is for HTTP to do.)
//!
//! The form: POSIX ustar, files only, sorted by name in byte order, each name of at most 100 bytes,
//! mode 0644, no owner, no time, padding of zeros, two blocks of zeros at the end and nothing after
//! them. The reader writes each header anew and compares: whatever a tar could say besides, in links,
//! in longer names, in numbers written otherwise, is refused because it differs.
//!
//! What breaks if it is wrong: two readers see two different plugins in one signed file.

use tar::{EntryType, Header};

/// A tar's unit, in bytes.
const BLOCK: usize = 512;
/// What ends a tar, in bytes.
const END: usize = 2 * BLOCK;
/// Longest name, in bytes: what the header's one field holds.
const NAME_BYTES_MAX: usize = 100;
/// Most files in a container.
pub(crate) const ENTRIES_MAX: usize = 2_100;

/// Why a container is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContainerError {
    /// It ends too early.
    #[error("it ends in the middle of {0}; fetch it again")]
    Cut(String),
    /// A header is not as this program writes it.
    #[error("entry {index} is not in the one form that a bundle has; pack it with `hamlet plugin pack`")]
    Form {
        /// Which, from 0.
        index: usize,
    },
    /// A name is not in its place.
    #[error("{name:?} comes twice or out of order")]
    Order {
        /// Which.
        name: String,
    },
    /// A name that is too long or not one.
    #[error("{name:?} cannot be a name in a bundle")]
    Name {
        /// Which.
        name: String,
    },
    /// Something follows the end.
    #[error("something stands after its end")]
    Trailing,
    /// The number of entries.
    #[error("it has more than {ENTRIES_MAX} entries")]
    TooMany,
}

/// Writes a container. The entries may come in any order.
///
/// # Errors
/// A name is too long, empty or there twice; too many entries.
pub(crate) fn write(mut entries: Vec<(String, &[u8])>) -> Result<Vec<u8>, ContainerError> {
    entries.sort_by(|(one, _), (other, _)| one.as_bytes().cmp(other.as_bytes()));
    if entries.len() > ENTRIES_MAX {
        return Err(ContainerError::TooMany);
    }
    for pair in entries.windows(2) {
        if let [(one, _), (other, _)] = pair
            && one == other
        {
            return Err(ContainerError::Order { name: one.clone() });
        }
    }
    let bytes_sum: usize = entries.iter().map(|(_, bytes)| BLOCK + bytes.len().next_multiple_of(BLOCK)).sum();
    let mut tar = Vec::with_capacity(bytes_sum + END);
    for (name, bytes) in entries {
        let Some(header) = header(&name, bytes.len() as u64) else {
            return Err(ContainerError::Name { name });
        };
        tar.extend_from_slice(header.as_bytes());
        tar.extend_from_slice(bytes);
        tar.resize(tar.len().next_multiple_of(BLOCK), 0);
    }
    tar.resize(tar.len() + END, 0);
    Ok(tar)
}

/// Reads a container without copying: the name and bytes of each entry, in order of their names.
///
/// # Errors
/// Anything that [`write`] would have written otherwise.
pub(crate) fn read(tar: &[u8]) -> Result<Vec<(&str, &[u8])>, ContainerError> {
    let mut entries: Vec<(&str, &[u8])> = Vec::new();
    let mut rest = tar;
    loop {
        let index = entries.len();
        let form = ContainerError::Form { index };
        let cut = |what: &str| ContainerError::Cut(what.to_owned());
        let (block, after) = rest.split_at_checked(BLOCK).ok_or_else(|| cut("a header"))?;
        if is_zeros(block) {
            return match after.split_at_checked(BLOCK) {
                None => Err(cut("its end")),
                Some((second, [])) if is_zeros(second) => Ok(entries),
                Some(_) => Err(ContainerError::Trailing),
            };
        }
        if index == ENTRIES_MAX {
            return Err(ContainerError::TooMany);
        }
        let (name, bytes_len) = claimed(block).ok_or_else(|| form.clone())?;
        let expected = header(name, bytes_len).ok_or_else(|| form.clone())?;
        if expected.as_bytes() != block {
            return Err(form);
        }
        if entries.last().is_some_and(|(before, _)| before.as_bytes() >= name.as_bytes()) {
            return Err(ContainerError::Order { name: name.to_owned() });
        }
        let length = usize::try_from(bytes_len).map_err(|_| cut(name))?;
        let (bytes, after) = after.split_at_checked(length).ok_or_else(|| cut(name))?;
        let padding = length.next_multiple_of(BLOCK) - length;
        let (zeros, after) = after.split_at_checked(padding).ok_or_else(|| cut(name))?;
        if !is_zeros(zeros) {
            return Err(form);
        }
        entries.push((name, bytes));
        rest = after;
    }
}

/// The header of a file; none: it cannot have this name.
fn header(name: &str, bytes_len: u64) -> Option<Header> {
    // A name with a slash at its end is a folder to other readers.
    let length = (1..=NAME_BYTES_MAX).contains(&name.len());
    if !length || name.ends_with('/') || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let mut header = Header::new_ustar();
    // It also refuses `..`, and takes `a//b` and `./a` for other names, so the result is compared.
    header.set_path(name).ok()?;
    if *header.path_bytes() != *name.as_bytes() {
        return None;
    }
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(bytes_len);
    header.set_cksum();
    Some(header)
}

/// What a header says, before anything of it is believed.
fn claimed(block: &[u8]) -> Option<(&str, u64)> {
    let field = block.get(..NAME_BYTES_MAX)?;
    let name = field.split(|byte| *byte == 0).next()?;
    let size = Header::from_byte_slice(block).entry_size().ok()?;
    // A tar's size field may hold a binary number of up to 95 bits; no bundle comes near 8 GiB.
    (size < 1 << 33).then_some((std::str::from_utf8(name).ok()?, size))
}

fn is_zeros(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name() -> impl Strategy<Value = String> {
        "[a-z]{1,8}(/[a-zA-Z0-9_-]{1,8}){0,3}(\\.[a-z]{1,3})?"
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_and_has_one_form(
            entries in proptest::collection::btree_map(name(), proptest::collection::vec(any::<u8>(), 0..1500), 0..8),
        ) {
            let given = |reverse: bool| {
                let mut list: Vec<_> =
                    entries.iter().map(|(name, bytes)| (name.clone(), bytes.as_slice())).collect();
                if reverse { list.reverse(); }
                list
            };
            let tar = write(given(false)).unwrap();
            prop_assert_eq!(&tar, &write(given(true)).unwrap());
            let read: Vec<_> = read(&tar).unwrap();
            prop_assert_eq!(
                read,
                entries.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect::<Vec<_>>()
            );
        }

        #[test]
        fn whatever_is_read_would_be_written_the_same(
            at in 0_usize..4096, to in any::<u8>(), cut in 0_usize..4096,
        ) {
            let mut tar = write(vec![("a/b.txt".into(), b"hello"), ("c".into(), b"")]).unwrap();
            let place = at % tar.len();
            if let Some(byte) = tar.get_mut(place) { *byte = to; }
            tar.truncate(tar.len() - cut % 3);
            if let Ok(entries) = read(&tar) {
                let again = entries.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect();
                prop_assert_eq!(write(again).unwrap(), tar);
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2048)) {
            let _ = read(&bytes);
        }
    }

    #[test]
    fn names_that_lead_out_are_no_names() {
        for name in ["", "../a", "a/../b", "/a", "a//b", "./a", "a/", "a b", "a\0b", "ä", &"a".repeat(101)] {
            let refused = write(vec![(name.to_owned(), b"x")]).err();
            assert_eq!(refused, Some(ContainerError::Name { name: name.to_owned() }), "{name:?}");
        }
    }

    #[test]
    fn nothing_may_stand_twice_or_after_the_end() {
        let twice = || ("a".to_owned(), b"x".as_slice());
        assert_eq!(write(vec![twice(), twice()]).err(), Some(ContainerError::Order { name: "a".into() }));
        let one = write(vec![twice()]).unwrap();
        let doubled = [&one[..1024], &one].concat();
        assert_eq!(read(&doubled), Err(ContainerError::Order { name: "a".into() }));
        let longer = [&one[..], &[0]].concat();
        assert_eq!(read(&longer), Err(ContainerError::Trailing));
    }
}
