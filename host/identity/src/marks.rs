//! What a browser is known by: a mark that it keeps in a cookie for long, beside no session. It says nothing, opens
//! nothing, and nobody but this host can make one. By it a person's own browser has tries of its own (`attempts`), and
//! signing in from it again is no news to her.
//!
//! ```text
//! browser   32 hex digits, random
//! seal      64 hex digits, of the browser by the host
//! seal …    64 hex digits each, of the browser and a person who signed in in it, newest last
//! ```
//!
//! Here too is the passkey that is made up for a name that has none. If it is wrong, a stranger's browser passes for a
//! known one, and she is not told.

use hamlet_kernel::Kernel;
use hamlet_reflect::Id;

use crate::Identity;
use crate::sign_in::SignInError;

const BROWSER: &str = "hamlet 2026 marks of browsers";
const MADE_UP: &str = "hamlet 2026 passkeys that nobody has";
/// Of the browser alone: no party has this id.
const NOBODY: Id = Id(0);
const ID_DIGITS: usize = 32;
const SEAL_DIGITS: usize = 64;
/// Most people who are remembered in one browser; of more the first is forgotten.
const PEOPLE_MAX: usize = 8;
/// How long the ids are that phones, computers and keys to plug in make, in bytes.
const PASSKEY_LENGTHS: [usize; 4] = [16, 20, 32, 32];

impl Identity {
    /// A mark for a browser in which this person was signed in. `before`: the mark that it has already, so that it stays
    /// the same browser, and others who share it stay known.
    ///
    /// # Errors
    /// There is no randomness.
    pub fn mark(&self, kernel: &Kernel, person: Id, before: Option<&str>) -> Result<String, SignInError> {
        let known = before.and_then(|mark| split(kernel, mark));
        let (browser, people) = if let Some(known) = known {
            known
        } else {
            let mut random = [0; 16];
            getrandom::fill(&mut random)?;
            (Id(u128::from_be_bytes(random)), Vec::new())
        };
        let seal = seal(kernel, browser, person).to_hex().to_string();
        let mut people: Vec<&str> = people.into_iter().filter(|known| *known != seal).collect();
        people.push(&seal);
        let newest = people.len().saturating_sub(PEOPLE_MAX);
        let people = people.get(newest..).unwrap_or_default().concat();
        Ok(format!("{:032x}{}{people}", browser.0, self::seal(kernel, browser, NOBODY).to_hex()))
    }
}

/// The browser of a mark, if this person was signed in in it.
pub(crate) fn of(kernel: &Kernel, mark: &str, person: Id) -> Option<Id> {
    let (browser, people) = split(kernel, mark)?;
    let expected = seal(kernel, browser, person);
    // Equality of BLAKE3 hashes takes constant time.
    people
        .iter()
        .any(|seal| blake3::Hash::from_hex(seal).is_ok_and(|seal| seal == expected))
        .then_some(browser)
}

/// A mark that this host made: the browser, and the seals of people.
fn split<'a>(kernel: &Kernel, mark: &'a str) -> Option<(Id, Vec<&'a str>)> {
    let (browser, rest) = mark.split_at_checked(ID_DIGITS)?;
    let (own, mut rest) = rest.split_at_checked(SEAL_DIGITS)?;
    let browser = Id(u128::from_str_radix(browser, 16).ok()?);
    (blake3::Hash::from_hex(own).ok()? == seal(kernel, browser, NOBODY)).then_some(())?;
    let mut people = Vec::new();
    while let Some((seal, more)) = rest.split_at_checked(SEAL_DIGITS) {
        let hex = seal.bytes().all(|digit| digit.is_ascii_hexdigit());
        (hex && people.len() < PEOPLE_MAX).then_some(())?;
        people.push(seal);
        rest = more;
    }
    Some((browser, people))
}

fn seal(kernel: &Kernel, browser: Id, person: Id) -> blake3::Hash {
    let both = [browser.0.to_be_bytes(), person.0.to_be_bytes()].concat();
    blake3::keyed_hash(&kernel.key_for(BROWSER), &both)
}

/// The id of a passkey that nobody has, for this name: the same each time, and as long as real ones are.
pub(crate) fn made_up_passkey(kernel: &Kernel, handle: &str) -> Vec<u8> {
    let mut bytes = [0; 33];
    blake3::Hasher::new_keyed(&kernel.key_for(MADE_UP))
        .update(handle.as_bytes())
        .finalize_xof()
        .fill(&mut bytes);
    let [first, rest @ ..] = &bytes;
    let length =
        PASSKEY_LENGTHS.get(usize::from(*first) % PASSKEY_LENGTHS.len()).copied().unwrap_or(rest.len());
    rest.iter().copied().take(length).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use hamlet_kernel::KernelConfig;

    use super::*;

    fn kernel() -> Kernel {
        Kernel::open(KernelConfig::in_memory()).unwrap()
    }

    #[test]
    fn a_browser_stays_the_same_whoever_signs_in_in_it() {
        let (kernel, identity) = (kernel(), Identity::new());
        let first = identity.mark(&kernel, Id(7), None).unwrap();
        let both = identity.mark(&kernel, Id(8), Some(&first)).unwrap();
        let browser = of(&kernel, &first, Id(7)).unwrap();
        assert_eq!((of(&kernel, &both, Id(7)), of(&kernel, &both, Id(8))), (Some(browser), Some(browser)));
        assert_eq!(of(&kernel, &first, Id(8)), None, "not before she signed in in it");
        assert_eq!(identity.mark(&kernel, Id(8), Some(&both)).unwrap(), both, "nobody stands there twice");
        let mut crowded = both;
        for person in 9..9 + PEOPLE_MAX {
            crowded = identity.mark(&kernel, Id(u128::try_from(person).unwrap()), Some(&crowded)).unwrap();
        }
        assert_eq!(of(&kernel, &crowded, Id(7)), None, "the first is forgotten");
        assert_eq!(of(&kernel, &crowded, Id(16)), Some(browser));
        // Of another community it is none.
        assert_eq!(of(&self::kernel(), &first, Id(7)), None);
    }

    #[test]
    fn a_made_up_passkey_is_the_same_each_time_and_another_for_each_name() {
        let kernel = kernel();
        let of = |handle: &str| made_up_passkey(&kernel, handle);
        assert_eq!(of("nobody"), of("nobody"));
        assert_ne!(of("nobody"), of("somebody"));
        assert!(["a", "b", "c", "d", "e"].iter().all(|handle| PASSKEY_LENGTHS.contains(&of(handle).len())));
    }

    /// Whatever a browser sends as its mark, it is none unless this host made it.
    #[test]
    fn a_mark_that_was_changed_is_none() {
        let (kernel, identity) = (kernel(), Identity::new());
        let mark = identity.mark(&kernel, Id(7), None).unwrap();
        for at in 0..mark.len() {
            for digit in ['0', '7', 'f', 'F', 'x', ' '] {
                let mut changed = mark.clone();
                changed.replace_range(at..=at, &digit.to_string());
                let same = changed.eq_ignore_ascii_case(&mark);
                assert_eq!(of(&kernel, &changed, Id(7)).is_some(), same, "{at} {digit}");
            }
            assert_eq!(of(&kernel, mark.get(..at).unwrap(), Id(7)), None, "cut at {at}");
        }
        for noise in ["", "ü", &"ü".repeat(90), &"0".repeat(160), &mark.repeat(9), &"é0".repeat(60)] {
            assert_eq!(of(&kernel, noise, Id(7)), None, "{noise}");
        }
    }
}
