//! A session as it is stored under its hash. The label is sealed under its person's key.

use hamlet_reflect::Id;

const FORMAT: u8 = 1;

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
        row.extend_from_slice(&self.sealed_label);
        row
    }

    pub fn decode(row: &[u8]) -> Option<Self> {
        let (&format, rest) = row.split_first()?;
        (format == FORMAT).then_some(())?;
        let (id, rest) = rest.split_first_chunk()?;
        let (person, rest) = rest.split_first_chunk()?;
        let (since, rest) = rest.split_first_chunk()?;
        let (proved, rest) = rest.split_first_chunk()?;
        let (expires, rest) = rest.split_first_chunk()?;
        let (used, sealed_label) = rest.split_first_chunk()?;
        Some(Self {
            id: Id(u128::from_be_bytes(*id)),
            person: Id(u128::from_be_bytes(*person)),
            since: u64::from_be_bytes(*since),
            proved: u64::from_be_bytes(*proved),
            expires: u64::from_be_bytes(*expires),
            used: u64::from_be_bytes(*used),
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
            sealed_label: vec![7; 9],
        };
        let row = session.encode();
        assert_eq!(SessionRow::decode(&row), Some(session));
        for length in 0..65 {
            assert_eq!(SessionRow::decode(row.get(..length).unwrap()), None, "{length} bytes");
        }
    }
}
