//! Several people on one phone: the sessions of those who are not using it now rest, each behind a PIN of its own.
//!
//! A session that rests opens nothing, even for whoever copies its cookie (`browsers`); a PIN wakes it and proves nothing
//! else, so what asks for a fresh proof asks again. Five wrong ones in a row end it, and the whole way in is left. If it is
//! wrong, a child pays from her mother's account.

use hamlet_kernel::Kernel;
use hamlet_reflect::Id;
use hamlet_store::StoreError;
use wasmtime::component::Val;

use crate::browsers::{IDLE, micros};
use crate::read::{self, Read as _, Room};
use crate::rows;
use crate::secret;
use crate::session_row::SessionRow;
use crate::sign_in::{bytes, host};
use crate::{Identity, SignInError};

/// Shortest and longest PIN, in digits.
pub const PIN_DIGITS: std::ops::RangeInclusive<usize> = 4..=8;

/// Somebody whose session rests in a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resting {
    /// The session's id.
    pub session: Id,
    /// What is kept of its cookie.
    pub hash: [u8; 32],
    /// Whose it is.
    pub person: Id,
    /// Her handle.
    pub handle: String,
}

/// Why a session was not laid aside or taken up.
#[derive(Debug, thiserror::Error)]
pub enum AsideError {
    /// Not 4 to 8 digits, or digits that are all the same or in a row.
    #[error("a PIN is 4 to 8 digits, not all the same and not in a row")]
    PinInvalid,
    /// The session has no PIN yet.
    #[error("a session needs a PIN before it can rest")]
    NoPin,
    /// There is no such session any more.
    #[error("this session has ended")]
    Ended,
    /// Wrong; so many tries are left.
    #[error("this PIN is wrong; {0} tries are left")]
    Wrong(u32),
    /// The host failed.
    #[error(transparent)]
    Failed(#[from] SignInError),
}

impl Identity {
    /// Those of these cookies whose sessions rest and have not ended.
    ///
    /// # Errors
    /// The store.
    pub fn resting(&self, kernel: &Kernel, cookies: &[&str]) -> Result<Vec<Resting>, SignInError> {
        let mut found = Vec::new();
        for cookie in cookies.iter().filter(|cookie| cookie.len() <= secret::TEXT_LENGTH_MAX) {
            let hash = secret::hash(cookie);
            if let Some((row, handle)) = resting_row(kernel, &hash)? {
                found.push(Resting { session: row.id, hash, person: row.person, handle });
            }
        }
        Ok(found)
    }

    /// Sets the PIN of a session.
    ///
    /// # Errors
    /// It is no PIN, or the session has ended.
    pub async fn set_pin(&self, kernel: &Kernel, session: &[u8; 32], pin: &str) -> Result<(), AsideError> {
        if !is_pin(pin) {
            return Err(AsideError::PinInvalid);
        }
        let hashed = self.ways.passwords.hash_unchecked(pin.to_owned()).await;
        let hashed = hashed.map_err(SignInError::Password)?;
        change(kernel, session, "pin", Some(Val::String(hashed))).await.map(drop)
    }

    /// Lets a session rest.
    ///
    /// # Errors
    /// It has no PIN, or has ended.
    pub async fn lay_aside(&self, kernel: &Kernel, session: &[u8; 32]) -> Result<(), AsideError> {
        change(kernel, session, "lay", None).await.map(drop)
    }

    /// Takes up a session that rests.
    ///
    /// # Errors
    /// The PIN is wrong, or the session has ended: by itself, or with the fifth wrong PIN.
    pub async fn take_up(&self, kernel: &Kernel, session: &[u8; 32], pin: &str) -> Result<(), AsideError> {
        let row = resting_row(kernel, session)?;
        let kept = row.map(|(row, _)| row.pin);
        let there = kept.is_some();
        let right = self.ways.passwords.verify(pin.to_owned(), kept).await;
        if !there {
            return Err(AsideError::Ended);
        }
        let left = change(kernel, session, if right { "take-up" } else { "wrong-pin" }, None).await?;
        if right { Ok(()) } else { Err(if left == 0 { AsideError::Ended } else { AsideError::Wrong(left) }) }
    }
}

/// A session that rests and has not ended, and its person's handle.
fn resting_row(kernel: &Kernel, hash: &[u8; 32]) -> Result<Option<(SessionRow, String)>, SignInError> {
    let Some(namespace) = kernel.room(crate::ROOM) else { return Ok(None) };
    let now = kernel.now();
    let found = kernel.read(|snapshot| -> Result<_, StoreError> {
        let mut room = Room { rows: snapshot, namespace };
        let row = room.get(&rows::session_key(hash))?.and_then(|row| SessionRow::decode(&row));
        let Some(row) = row.filter(|row| row.rests) else { return Ok(None) };
        Ok(read::person(&mut room, row.person)?.map(|person| (row, person.handle)))
    })?;
    let over = |row: &SessionRow| row.expires <= now || row.used.saturating_add(micros(IDLE)) <= now;
    // Expiries rest while the clock is in doubt (T9), as for sessions that are used.
    Ok(found.filter(|(row, _)| kernel.clock_suspect() || !over(row)))
}

async fn change(kernel: &Kernel, hash: &[u8; 32], what: &str, with: Option<Val>) -> Result<u32, AsideError> {
    let what = Val::Variant(what.to_owned(), with.map(Box::new));
    match host(kernel, "sessions", "set-aside", vec![bytes(hash), what]).await {
        Ok(Some(Val::U32(left))) => Ok(left),
        Ok(_) => Ok(0),
        Err(SignInError::Refused(case)) if case == "no-such-session" => Err(AsideError::Ended),
        Err(SignInError::Refused(case)) if case == "no-pin" => Err(AsideError::NoPin),
        Err(error) => Err(error.into()),
    }
}

/// 4 to 8 digits that are not among the first that anybody would try.
fn is_pin(pin: &str) -> bool {
    let digits = pin.as_bytes();
    let steps = |step: i16| {
        digits
            .windows(2)
            .all(|two| matches!(two, [one, other] if i16::from(*other) - i16::from(*one) == step))
    };
    PIN_DIGITS.contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
        && ![-1, 0, 1].into_iter().any(steps)
}

#[cfg(test)]
mod tests {
    use super::is_pin;

    #[test]
    fn a_pin_is_four_to_eight_digits_that_nobody_tries_first() {
        for (pin, good) in [
            ("2580", true),
            ("19283746", true),
            ("258", false),
            ("192837465", false),
            ("1234", false),
            ("4321", false),
            ("7777", false),
            ("25a0", false),
            ("２５８０", false),
            ("", false),
        ] {
            assert_eq!(is_pin(pin), good, "{pin}");
        }
    }
}
