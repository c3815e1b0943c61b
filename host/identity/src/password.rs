//! Passwords: Argon2id at OWASP's parameters (19 MiB, two passes, one lane), as PHC strings.
//!
//! One hash takes 19 MiB and tens of milliseconds, so at most [`AT_ONCE`] run at once: a flood of sign-ins waits
//! instead of filling a small box's memory. What is too easy to guess is refused with `zxcvbn`, whose lists of common
//! passwords, names and words are compiled in: no composition rules, no service is asked (ASVS 5.0, 6.2).

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

/// Shortest password in characters, and longest in bytes.
pub const CHARACTERS_MIN: usize = 8;
/// Longest password in bytes.
pub const BYTES_MAX: usize = 256;

/// Hashes at once.
const AT_ONCE: usize = 2;
/// KiB of memory, passes, lanes: the OWASP password storage cheat sheet's first choice for Argon2id.
const COST: (u32, u32, u32) = (19 * 1_024, 2, 1);
/// A password that is guessed in fewer tries than this is too easy.
const GUESSES_MIN: u64 = 1_000_000;
/// Characters that are looked at for that; more cannot be easy.
const LOOKED_AT_MAX: usize = 72;

/// Why a password cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than 8 characters.
    #[error("a password has at least {CHARACTERS_MIN} characters")]
    TooShort,
    /// More than 256 bytes.
    #[error("a password has at most {BYTES_MAX} bytes")]
    TooLong,
    /// It is among the first that anybody would try.
    #[error("this password is easy to guess")]
    TooEasy,
    /// The host could not hash it.
    #[error("the host could not work with the password")]
    Failed,
}

/// Hashes passwords, a few at once.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    slots: Arc<Semaphore>,
    /// Of no password: verified against where there is nobody, so that both take as long.
    nobody: Arc<str>,
}

impl Default for Passwords {
    fn default() -> Self {
        let nobody = hash_now(b"nobody has this password", b"nobody's salt...").unwrap_or_default();
        Self { slots: Arc::new(Semaphore::new(AT_ONCE)), nobody: nobody.into() }
    }
}

impl Passwords {
    /// Hashes a password that somebody chose. `known` are words about her that make it easy: her name, her handle.
    pub async fn hash(&self, password: String, known: &[&str]) -> Result<String, PasswordError> {
        check(&password, known)?;
        self.hash_unchecked(password).await
    }

    /// Hashes what need not be hard to guess: a PIN, of which few tries are taken.
    pub async fn hash_unchecked(&self, password: String) -> Result<String, PasswordError> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|_| PasswordError::Failed)?;
        let _slot = self.slots.acquire().await.map_err(|_| PasswordError::Failed)?;
        let hashed = tokio::task::spawn_blocking(move || hash_now(password.as_bytes(), &salt)).await;
        hashed.ok().flatten().ok_or(PasswordError::Failed)
    }

    /// Whether a password is the one of this hash. Takes as long where there is no hash.
    pub async fn verify(&self, password: String, hash: Option<String>) -> bool {
        if password.len() > BYTES_MAX {
            return false;
        }
        let Ok(_slot) = self.slots.acquire().await else { return false };
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.to_string());
        let verified = tokio::task::spawn_blocking(move || {
            let parsed = PasswordHash::new(&hash).ok()?;
            argon2()?.verify_password(password.as_bytes(), &parsed).ok()
        });
        verified.await.ok().flatten().is_some() && known
    }
}

fn argon2() -> Option<Argon2<'static>> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &[u8], salt: &[u8]) -> Option<String> {
    argon2()?.hash_password_with_salt(password, salt).ok().map(|hash| hash.to_string())
}

/// Whether a password may be chosen.
fn check(password: &str, known: &[&str]) -> Result<(), PasswordError> {
    if password.chars().count() < CHARACTERS_MIN {
        return Err(PasswordError::TooShort);
    }
    if password.len() > BYTES_MAX {
        return Err(PasswordError::TooLong);
    }
    let looked_at: String = password.chars().take(LOOKED_AT_MAX).collect();
    if zxcvbn::zxcvbn(&looked_at, known).guesses() < GUESSES_MIN {
        return Err(PasswordError::TooEasy);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_password_is_refused_when_it_is_short_long_or_among_the_first_to_be_tried() {
        assert_eq!(check("seven77", &[]), Err(PasswordError::TooShort));
        assert_eq!(check(&"ä".repeat(129), &[]), Err(PasswordError::TooLong));
        for easy in ["password1", "qwertyuiop", "12345678", "iloveyou", "aaaaaaaaaaaa", "sunshine1"] {
            assert_eq!(check(easy, &[]), Err(PasswordError::TooEasy), "{easy}");
        }
        assert_eq!(check("adalovelace", &["ada", "Ada Lovelace", "lovelace"]), Err(PasswordError::TooEasy));
        for good in [
            "correct horse battery",
            "plum-lantern-of-March",
            &"every word of this is mine, and no other has it; ".repeat(5),
        ] {
            assert_eq!(check(good, &[]), Ok(()), "{good}");
        }
    }

    #[tokio::test]
    async fn a_password_is_known_again_and_no_other_is() {
        let passwords = Passwords::default();
        let hash = passwords.hash("plum lantern of March".into(), &[]).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("plum lantern of March".into(), Some(hash.clone())).await);
        assert!(!passwords.verify("plum lantern of march".into(), Some(hash.clone())).await);
        assert!(!passwords.verify("nobody has this password".into(), None).await);
        assert!(!passwords.verify("x".repeat(1_000_000), Some(hash)).await);
        assert!(!passwords.verify("plum lantern of March".into(), Some("no hash".into())).await);
    }
}
