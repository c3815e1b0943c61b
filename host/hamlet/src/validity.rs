//! When a certificate ends: the one date of it that people ask for (X.509, RFC 5280 4.1.2.5).
//!
//! Reads just as far as that in DER, and trusts nothing: it is a date on a page, and decides nothing.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The end of a certificate in DER, in microseconds since 1970; none: it cannot be read, or ended before 1970.
pub fn ends(certificate: &[u8]) -> Option<u64> {
    let (_, certificate, _) = element(certificate)?;
    let (SEQUENCE, mut body, _) = element(certificate)? else { return None };
    if body.first() == Some(&VERSION) {
        (_, _, body) = element(body)?;
    }
    // Number, algorithm, issuer.
    for _ in 0..3 {
        (_, _, body) = element(body)?;
    }
    let (SEQUENCE, validity, _) = element(body)? else { return None };
    let (_, _, rest) = element(validity)?;
    let (kind, text, _) = element(rest)?;
    let text = std::str::from_utf8(text).ok()?;
    let text = match kind {
        // Two digits of the year: from 1950 to 2049.
        UTC_TIME => format!("{}{text}", if text.get(..2)?.parse::<u8>().ok()? < 50 { "20" } else { "19" }),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let time = DateTime::strptime("%Y%m%d%H%M%SZ", text).ok()?.to_zoned(TimeZone::UTC).ok()?;
    u64::try_from(time.timestamp().as_microsecond()).ok()
}

/// The tag of the first element, what is in it, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, bytes) = bytes.split_first()?;
    let (first, mut bytes) = bytes.split_first()?;
    let mut length = usize::from(*first);
    if length >= 0x80 {
        let digits = length - 0x80;
        if !(1..=4).contains(&digits) {
            return None;
        }
        length = 0;
        for digit in bytes.get(..digits)? {
            length = length << 8 | usize::from(*digit);
        }
        bytes = bytes.get(digits..)?;
    }
    Some((*tag, bytes.get(..length)?, bytes.get(length..)?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn made(year: i32) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["oak.example".to_owned()]).unwrap();
        params.not_after = date_time_ymd(year, 3, 14);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn the_end_of_a_certificate_is_read_in_both_forms_of_time() {
        assert_eq!(ends(&made(2031)), Some(1_931_212_800_000_000));
        assert_eq!(ends(&made(2071)), Some(3_193_516_800_000_000));
    }

    #[test]
    fn cut_and_changed_certificates_are_read_or_not_and_never_break() {
        let whole = made(2031);
        for length in 0..whole.len() {
            let _ = ends(whole.get(..length).unwrap_or_default());
        }
        for at in 0..whole.len() {
            for change in [0x00, 0x7f, 0x80, 0x84, 0xff] {
                let mut changed = whole.clone();
                if let Some(byte) = changed.get_mut(at) {
                    *byte = change;
                }
                let _ = ends(&changed);
            }
        }
        assert_eq!(ends(b""), None);
        assert_eq!(ends(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
