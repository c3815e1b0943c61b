//! A session as it is stored under its hash. The label is sealed under its person's key.

use hamlet_reflect::Id;

/// Without what follows `used` but the label; still read.
const FORMAT_1: u8 = 1;
const FORMAT: u8 = 2;

/// Longest hash of a PIN, in bytes.
pub(crate) const PIN_BYTES_MAX: usize = 200;

/// A session's row. Times are microseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionRow {
    pub id: Id,
    pub person: Id,
    pub since: u64,
    /// When she last proved that it is she.
    pub proved: u64,
    pub expires: u64,
    /// To the day.
    pub used: u64,
    /// It rests on a phone that several people use, until its PIN is typed.
    pub rests: bool,
    /// Wrong PINs in a row.
    pub wrong_pins: u8,
    /// The hash of its PIN; empty: it has none.
    pub pin: String,
    pub sealed_label: Vec<u8>,
}

impl SessionRow {
    pub fn encode(&self) -> Vec<u8> {
        let mut row = vec![FORMAT];
        row.extend_from_slice(&self.id.0.to_be_bytes());
        row.extend_from_slice(&self.person.0.to_be_bytes());
        for time in [self.since, self.proved, self.expires, self.used] {
            row.extend_from_slice(&time.to_be_bytes());
        }
        row.extend([u8::from(self.rests), self.wrong_pins]);
        // A hash has some hundred bytes (`sessions` keeps none longer than [`PIN_BYTES_MAX`]).
        let pin = self.pin.as_bytes().get(..PIN_BYTES_MAX).unwrap_or(self.pin.as_bytes());
        row.push(u8::try_from(pin.len()).unwrap_or(u8::MAX));
        row.extend_from_slice(pin);
        row.extend_from_slice(&self.sealed_label);
        row
    }

    pub fn decode(row: &[u8]) -> Option<Self> {
        let (&format, rest) = row.split_first()?;
        let (id, rest) = rest.split_first_chunk()?;
        let (person, rest) = rest.split_first_chunk()?;
        let (since, rest) = rest.split_first_chunk()?;
        let (proved, rest) = rest.split_first_chunk()?;
        let (expires, rest) = rest.split_first_chunk()?;
        let (used, rest) = rest.split_first_chunk()?;
        let (rests, wrong_pins, pin, sealed_label) = match format {
            FORMAT_1 => (0, 0, "", rest),
            FORMAT => {
                let (&[rests, wrong_pins, length], rest) = rest.split_first_chunk()?;
                let (pin, label) = rest.split_at_checked(length.into())?;
                (rests, wrong_pins, std::str::from_utf8(pin).ok()?, label)
            }
            _ => return None,
        };
        Some(Self {
            id: Id(u128::from_be_bytes(*id)),
            person: Id(u128::from_be_bytes(*person)),
            since: u64::from_be_bytes(*since),
            proved: u64::from_be_bytes(*proved),
            expires: u64::from_be_bytes(*expires),
            used: u64::from_be_bytes(*used),
            rests: rests != 0,
            wrong_pins,
            pin: pin.to_owned(),
            sealed_label: sealed_label.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_session_comes_back_when_decoded_and_a_cut_row_does_not() {
        let session = SessionRow {
            id: Id(1),
            person: Id(2),
            since: 3,
            proved: 4,
            expires: 5,
            used: 6,
            rests: true,
            wrong_pins: 3,
            pin: "$argon2id$".into(),
            sealed_label: vec![7; 9],
        };
        let row = session.encode();
        assert_eq!(SessionRow::decode(&row), Some(session));
        for length in 0..78 {
            assert_eq!(SessionRow::decode(row.get(..length).unwrap()), None, "{length} bytes");
        }
        // One of before there were PINs.
        let before = [&[FORMAT_1], row.get(1..65).unwrap(), &[7; 9]].concat();
        let read = SessionRow::decode(&before).unwrap();
        assert_eq!((read.used, read.rests, read.pin.as_str(), read.sealed_label), (6, false, "", vec![7; 9]));
    }
}
