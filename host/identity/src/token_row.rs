//! A token as it is stored under its hash. The label is sealed under its owner's key.

use hamlet_reflect::Id;

use crate::scope::Scope;

const FORMAT: u8 = 1;
const READ_ONLY: u8 = 1;
const BULK: u8 = 2;

/// A token's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenRow {
    pub id: Id,
    pub owner: Id,
    /// Microseconds since 1970.
    pub since: u64,
    /// Microseconds since 1970.
    pub expires: Option<u64>,
    pub scope: Scope,
    pub sealed_label: Vec<u8>,
}

impl TokenRow {
    pub fn encode(&self) -> Vec<u8> {
        let flags = u8::from(self.scope.read_only) * READ_ONLY + u8::from(self.scope.bulk) * BULK;
        let mut row = vec![FORMAT, flags];
        row.extend_from_slice(&self.id.0.to_be_bytes());
        row.extend_from_slice(&self.owner.0.to_be_bytes());
        row.extend_from_slice(&self.since.to_be_bytes());
        row.extend_from_slice(&self.expires.unwrap_or(u64::MAX).to_be_bytes());
        // At most 64 patterns of at most 200 bytes, checked before they get here.
        row.push(u8::try_from(self.scope.functions.len()).unwrap_or(u8::MAX));
        for pattern in &self.scope.functions {
            row.push(u8::try_from(pattern.len()).unwrap_or(u8::MAX));
            row.extend_from_slice(pattern.as_bytes());
        }
        row.extend_from_slice(&self.sealed_label);
        row
    }

    pub fn decode(row: &[u8]) -> Option<Self> {
        let (&[format, flags], rest) = row.split_first_chunk()?;
        let (id, rest) = rest.split_first_chunk()?;
        let (owner, rest) = rest.split_first_chunk()?;
        let (since, rest) = rest.split_first_chunk()?;
        let (expires, rest) = rest.split_first_chunk()?;
        let (&count, mut rest) = rest.split_first()?;
        (format == FORMAT).then_some(())?;
        let mut functions = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let (&length, after) = rest.split_first()?;
            let (pattern, after) = after.split_at_checked(usize::from(length))?;
            functions.push(String::from_utf8(pattern.to_vec()).ok()?);
            rest = after;
        }
        let expires = u64::from_be_bytes(*expires);
        Some(Self {
            id: Id(u128::from_be_bytes(*id)),
            owner: Id(u128::from_be_bytes(*owner)),
            since: u64::from_be_bytes(*since),
            expires: (expires != u64::MAX).then_some(expires),
            scope: Scope { functions, read_only: flags & READ_ONLY != 0, bulk: flags & BULK != 0 },
            sealed_label: rest.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_token_comes_back_when_decoded() {
        let row = TokenRow {
            id: Id(3),
            owner: Id(4),
            since: 5,
            expires: Some(6),
            scope: Scope { functions: vec!["shop/*/*".into()], read_only: true, bulk: false },
            sealed_label: vec![1; 40],
        };
        let bytes = row.encode();
        assert_eq!(TokenRow::decode(&bytes), Some(row.clone()));
        for length in 0..bytes.len() - 40 {
            assert_eq!(TokenRow::decode(bytes.get(..length).unwrap()), None, "{length} bytes");
        }
        let forever = TokenRow { expires: None, scope: Scope::default(), ..row };
        assert_eq!(TokenRow::decode(&forever.encode()), Some(forever));
    }
}
