//! The row of what was brought in when people moved in.

use super::codec::{Read, Reader, Writer};
use super::values::Record;
use crate::model::{Id, Moved};

impl Record for Moved {
    fn encode(&self) -> Vec<u8> {
        let mut row = Writer::new(18 + 16 * self.accounts.len());
        row.u128(self.rest.map_or(0, |rest| rest.0));
        // A list has some hundred rows.
        row.u16(u16::try_from(self.accounts.len()).unwrap_or(u16::MAX));
        for account in &self.accounts {
            row.u128(account.0);
        }
        row.finish()
    }

    fn decode(_: Id, bytes: &[u8]) -> Read<Self> {
        let mut row = Reader::new(bytes)?;
        let rest = Some(Id(row.u128()?)).filter(|rest| rest.0 != 0);
        let mut accounts = Vec::new();
        for _ in 0..row.u16()? {
            accounts.push(Id(row.u128()?));
        }
        row.finish()?;
        Ok(Self { accounts, rest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_brought_in_reads_back(accounts in prop::collection::vec(any::<u128>(), 0..600), rest in 0..u128::MAX) {
            let rest = Some(Id(rest)).filter(|rest| rest.0 != 0);
            let moved = Moved { accounts: accounts.into_iter().map(Id).collect(), rest };
            prop_assert_eq!(Moved::decode(Id(1), &moved.encode()), Ok(moved));
        }

        #[test]
        fn any_bytes_are_read_or_are_damaged(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = Moved::decode(Id(1), &bytes);
        }
    }
}
