//! Codes of an authenticator app (TOTP, RFC 6238: SHA-1, six digits, thirty seconds, as all apps know it) and
//! recovery codes. What was used is kept elsewhere; here is only arithmetic.

use totp_rs::{Algorithm, Builder, Totp};

use crate::credentials::SECRET_BYTES;

/// Letters of a recovery code: none that is mistaken for another.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789z";
/// Letters of a recovery code, of five bits each.
const CODE_LETTERS: usize = 16;
/// Recovery codes at once.
pub(crate) const CODES: usize = 10;

/// A new secret for an authenticator app.
pub(crate) fn new_secret() -> Result<[u8; SECRET_BYTES], getrandom::Error> {
    let mut secret = [0; SECRET_BYTES];
    getrandom::fill(&mut secret)?;
    Ok(secret)
}

/// The `otpauth:` address that an authenticator app reads from a QR code, and the secret in base 32 to type instead.
pub(crate) fn address(secret: &[u8], community: &str, handle: &str) -> Option<(String, String)> {
    // A colon would end the issuer.
    let issuer = community.replace(':', " ");
    let totp = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_secret(secret.to_vec())
        .with_account_name(handle.to_owned())
        .with_issuer(Some(issuer))
        .build()
        .ok()?;
    Some((totp.to_url().ok()?, totp.secret().to_base32()))
}

/// The time step of a code that fits now (microseconds since 1970), or in the step before or after, for clocks that
/// differ; none: it does not fit.
pub(crate) fn step_of(secret: &[u8], code: &str, now: u64) -> Option<u64> {
    let code: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
    totp(secret)?.check(&code, now / 1_000_000)
}

fn totp(secret: &[u8]) -> Option<Totp> {
    Builder::new().with_algorithm(Algorithm::SHA1).with_secret(secret.to_vec()).build().ok()
}

/// New recovery codes of 80 random bits, to print.
pub(crate) fn recovery_codes() -> Result<Vec<String>, getrandom::Error> {
    (0..CODES)
        .map(|_| {
            let mut bytes = [0; CODE_LETTERS];
            getrandom::fill(&mut bytes)?;
            let letters: Vec<char> = bytes
                .iter()
                .map(|byte| char::from(*LETTERS.get(usize::from(byte % 32)).unwrap_or(&b'z')))
                .collect();
            let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
            Ok(groups.join("-"))
        })
        .collect()
}

/// What is kept of a recovery code: the hash of its letters, however they were typed.
pub(crate) fn recovery_hash(code: &str) -> [u8; 32] {
    let letters: String =
        code.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    blake3::hash(letters.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::*;

    /// The secret of RFC 6238, appendix B.
    const RFC_SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn a_code_fits_when_it_is_of_now_or_of_the_step_beside() {
        // Appendix B gives eight digits; the last six are the code of six.
        for (seconds, code) in [
            (59_u64, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            let step = seconds / 30;
            assert_eq!(step_of(RFC_SECRET, code, seconds * 1_000_000), Some(step), "{seconds}");
            assert_eq!(step_of(RFC_SECRET, code, (seconds + 30) * 1_000_000), Some(step));
            assert_eq!(step_of(RFC_SECRET, code, (seconds + 90) * 1_000_000), None);
        }
        assert_eq!(step_of(RFC_SECRET, "287 082", 59_000_000), Some(1), "as apps show it");
        for wrong in ["", "28708", "2870820", "28708a", "000000"] {
            assert_eq!(step_of(RFC_SECRET, wrong, 59_000_000), None, "{wrong}");
        }
    }

    #[test]
    fn an_app_is_given_issuer_account_and_secret() {
        let (url, text) = address(RFC_SECRET, "Oak Street: north", "ada").unwrap();
        assert!(url.starts_with("otpauth://totp/Oak%20Street"), "{url}");
        assert!(url.contains(&text) && url.contains(":ada?") || url.contains("%3Aada?"), "{url}");
        assert_eq!(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn recovery_codes_differ_and_are_known_however_they_are_typed() {
        let codes = recovery_codes().unwrap();
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), CODES);
        for code in codes {
            assert_eq!(code.len(), CODE_LETTERS + 3);
            let typed = code.to_uppercase().replace('-', " ");
            assert_eq!(recovery_hash(&typed), recovery_hash(&code));
        }
    }
}
