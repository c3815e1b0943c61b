//! How each kind of row is laid out. An account takes 124 bytes and its code, a transfer some 125
//! bytes, the actor, and its texts: what a payment costs on disk is decided here.

use super::codec::{Damaged, Read, Reader, Writer};
use crate::model::{
    Account, AccountStatus, Checkpoint, Day, Entry, History, Id, Ledger, LedgerKind, LedgerStatus,
    LimitChange, Limits, OddDay, Pending, PendingStatus, Side, Sums, Transfer, TransferKind,
};

/// A row that can be written and read back.
pub trait Record: Sized {
    /// The row's bytes.
    fn encode(&self) -> Vec<u8>;
    /// The row with this id.
    fn decode(id: Id, bytes: &[u8]) -> Read<Self>;
}

impl Record for Ledger {
    fn encode(&self) -> Vec<u8> {
        let mut row = Writer::new(32 + self.unit.len() + self.name.len());
        row.u8(match self.status {
            LedgerStatus::Opening => 0,
            LedgerStatus::Open => 1,
            LedgerStatus::Closed => 2,
        });
        row.u8(self.sealed_through.is_some().into());
        row.u32(self.sealed_through.map_or(0, |day| day.0));
        row.u8(match self.kind {
            LedgerKind::MutualCredit => 0,
            LedgerKind::Issued => 1,
            LedgerKind::Hours => 2,
            LedgerKind::Shares => 3,
            LedgerKind::Voice => 4,
            LedgerKind::Voucher => 5,
        });
        row.u8(self.scale);
        row.u64(self.created);
        row.text(&self.unit);
        row.text(&self.name);
        row.finish()
    }

    fn decode(id: Id, bytes: &[u8]) -> Read<Self> {
        let mut row = Reader::new(bytes)?;
        let Standing { status, sealed_through } = Standing::read(&mut row)?;
        let kind = match row.u8()? {
            0 => LedgerKind::MutualCredit,
            1 => LedgerKind::Issued,
            2 => LedgerKind::Hours,
            3 => LedgerKind::Shares,
            4 => LedgerKind::Voice,
            5 => LedgerKind::Voucher,
            _ => return Err(Damaged),
        };
        let (scale, created) = (row.u8()?, row.u64()?);
        let (unit, name) = (row.text()?, row.text()?);
        row.finish()?;
        Ok(Self { id, unit, name, scale, kind, status, created, sealed_through })
    }
}

/// Whether a ledger can be used: the beginning of its row, read for every payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Where it is in its life.
    pub status: LedgerStatus,
    /// The last day that is sealed.
    pub sealed_through: Option<Day>,
}

impl Standing {
    /// Of a ledger's row.
    pub fn decode(bytes: &[u8]) -> Read<Self> {
        Self::read(&mut Reader::new(bytes)?)
    }

    fn read(row: &mut Reader<'_>) -> Read<Self> {
        let status = match row.u8()? {
            0 => LedgerStatus::Opening,
            1 => LedgerStatus::Open,
            2 => LedgerStatus::Closed,
            _ => return Err(Damaged),
        };
        let is_sealed = row.u8()? != 0;
        let sealed_through = Some(Day(row.u32()?)).filter(|_| is_sealed);
        Ok(Self { status, sealed_through })
    }
}

impl Record for Account {
    fn encode(&self) -> Vec<u8> {
        let mut row = Writer::new(128 + self.code.len());
        row.u8(match self.status {
            AccountStatus::Open => 0,
            AccountStatus::Suspended => 1,
            AccountStatus::Closed => 2,
        });
        row.u128(self.ledger.0);
        row.u128(self.owner.0);
        write_limits(&mut row, self.limits);
        // The rules keep every sum at 2^63 - 1 or below, so 64 bits hold what 128 count.
        for sum in [
            self.sums.debits_pending,
            self.sums.debits_posted,
            self.sums.credits_pending,
            self.sums.credits_posted,
        ] {
            row.u64(u64::try_from(sum).unwrap_or(u64::MAX));
        }
        row.u64(self.history.entries);
        row.u128(self.history.newest.map_or(0, |id| id.0));
        let (first, last) = self.history.days.unwrap_or((Day(1), Day(0)));
        row.u32(first.0);
        row.u32(last.0);
        row.u64(self.opened);
        row.text(&self.code);
        row.finish()
    }

    fn decode(id: Id, bytes: &[u8]) -> Read<Self> {
        let mut row = Reader::new(bytes)?;
        let status = match row.u8()? {
            0 => AccountStatus::Open,
            1 => AccountStatus::Suspended,
            2 => AccountStatus::Closed,
            _ => return Err(Damaged),
        };
        let (ledger, owner) = (Id(row.u128()?), Id(row.u128()?));
        let limits = read_limits(&mut row)?;
        let sums = Sums {
            debits_pending: row.u64()?.into(),
            debits_posted: row.u64()?.into(),
            credits_pending: row.u64()?.into(),
            credits_posted: row.u64()?.into(),
        };
        let entries = row.u64()?;
        let newest = some_id(row.u128()?);
        let (first, last) = (Day(row.u32()?), Day(row.u32()?));
        let history = History { entries, newest, days: Some((first, last)).filter(|_| first <= last) };
        let opened = row.u64()?;
        let code = row.text()?;
        row.finish()?;
        Ok(Self { id, ledger, code, owner, status, limits, sums, history, opened })
    }
}

const EFFECTIVE_GIVEN: u16 = 1;
const AMOUNT_ALL: u16 = 1 << 1;
const IMPORTED: u16 = 1 << 2;
const HAS_MEMO: u16 = 1 << 3;
const HAS_REFERENCE: u16 = 1 << 4;
const HAS_CORRECTS: u16 = 1 << 5;
const HAS_ACTOR: u16 = 1 << 6;
const HAS_VIA: u16 = 1 << 7;

impl Record for Transfer {
    fn encode(&self) -> Vec<u8> {
        let texts = [&self.reference, &self.via].into_iter().flatten().map(|text| 1 + text.len());
        let mut row = Writer::new(176 + texts.sum::<usize>());
        row.u8(match self.kind {
            TransferKind::Post => 0,
            TransferKind::Pending(_) => 1,
            TransferKind::PostPending(_) => 2,
            TransferKind::VoidPending(_) => 3,
        });
        let flags = [
            (self.effective_given, EFFECTIVE_GIVEN),
            (self.amount_all, AMOUNT_ALL),
            (self.imported, IMPORTED),
            (self.has_memo, HAS_MEMO),
            (self.reference.is_some(), HAS_REFERENCE),
            (self.corrects.is_some(), HAS_CORRECTS),
            (self.actor.is_some(), HAS_ACTOR),
            (self.via.is_some(), HAS_VIA),
        ];
        row.u16(flags.into_iter().filter(|(holds, _)| *holds).fold(0, |all, (_, flag)| all | flag));
        row.u16(self.code);
        row.u64(self.amount);
        row.u128(self.debit.0);
        row.u128(self.credit.0);
        row.u32(self.effective.0);
        row.u64(self.recorded);
        row.u32(self.recorded_day.0);
        for entry in [self.debit_entry, self.credit_entry] {
            row.u64(entry.number);
            row.u128(entry.previous.map_or(0, |id| id.0));
            row.i64(entry.balance);
        }
        match self.kind {
            TransferKind::Post => {}
            TransferKind::Pending(seconds) => row.u64(seconds),
            TransferKind::PostPending(id) | TransferKind::VoidPending(id) => row.u128(id.0),
        }
        for id in [self.corrects, self.actor].into_iter().flatten() {
            row.u128(id.0);
        }
        for text in [&self.reference, &self.via].into_iter().flatten() {
            row.text(text);
        }
        row.finish()
    }

    fn decode(id: Id, bytes: &[u8]) -> Read<Self> {
        let mut row = Reader::new(bytes)?;
        let kind = row.u8()?;
        let flags = row.u16()?;
        let has = |flag: u16| flags & flag != 0;
        let (code, amount) = (row.u16()?, row.u64()?);
        let (debit, credit) = (Id(row.u128()?), Id(row.u128()?));
        let effective = Day(row.u32()?);
        let (recorded, recorded_day) = (row.u64()?, Day(row.u32()?));
        let debit_entry = read_entry(&mut row)?;
        let credit_entry = read_entry(&mut row)?;
        let kind = match kind {
            0 => TransferKind::Post,
            1 => TransferKind::Pending(row.u64()?),
            2 => TransferKind::PostPending(Id(row.u128()?)),
            3 => TransferKind::VoidPending(Id(row.u128()?)),
            _ => return Err(Damaged),
        };
        let corrects = has(HAS_CORRECTS).then(|| row.u128().map(Id)).transpose()?;
        let actor = has(HAS_ACTOR).then(|| row.u128().map(Id)).transpose()?;
        let reference = has(HAS_REFERENCE).then(|| row.text()).transpose()?;
        let via = has(HAS_VIA).then(|| row.text()).transpose()?;
        row.finish()?;
        Ok(Self {
            id,
            debit,
            credit,
            amount,
            amount_all: has(AMOUNT_ALL),
            kind,
            code,
            effective,
            effective_given: has(EFFECTIVE_GIVEN),
            recorded,
            recorded_day,
            has_memo: has(HAS_MEMO),
            reference,
            corrects,
            actor,
            via,
            imported: has(IMPORTED),
            debit_entry,
            credit_entry,
        })
    }
}

fn read_entry(row: &mut Reader<'_>) -> Read<Entry> {
    Ok(Entry { number: row.u64()?, previous: some_id(row.u128()?), balance: row.i64()? })
}

/// Zero names nothing ([`Id::is_valid`]), so it stands for "none" where a row has no flag for it.
fn some_id(id: u128) -> Option<Id> {
    Some(Id(id)).filter(|_| id != 0)
}

impl Record for Pending {
    fn encode(&self) -> Vec<u8> {
        let mut row = Writer::new(12 + self.via.as_ref().map_or(0, String::len));
        row.u8(match self.status {
            PendingStatus::Pending => 0,
            PendingStatus::Posted => 1,
            PendingStatus::Voided => 2,
            PendingStatus::Expired => 3,
        });
        row.u64(self.deadline);
        // A plugin's name is never empty.
        row.text(self.via.as_deref().unwrap_or(""));
        row.finish()
    }

    fn decode(_: Id, bytes: &[u8]) -> Read<Self> {
        let mut row = Reader::new(bytes)?;
        let status = match row.u8()? {
            0 => PendingStatus::Pending,
            1 => PendingStatus::Posted,
            2 => PendingStatus::Voided,
            3 => PendingStatus::Expired,
            _ => return Err(Damaged),
        };
        let deadline = row.u64()?;
        let via = Some(row.text()?).filter(|via| !via.is_empty());
        row.finish()?;
        Ok(Self { status, deadline, via })
    }
}

impl Record for Checkpoint {
    fn encode(&self) -> Vec<u8> {
        let mut row = Writer::new(64);
        row.u128(self.transfer.0);
        row.u64(self.recorded);
        row.u32(self.recorded_day.0);
        row.u128(self.debits_posted);
        row.u128(self.credits_posted);
        row.u32(self.days.0.0);
        row.u32(self.days.1.0);
        row.finish()
    }

    fn decode(_: Id, bytes: &[u8]) -> Read<Self> {
        let mut row = Reader::new(bytes)?;
        let checkpoint = Self {
            transfer: Id(row.u128()?),
            recorded: row.u64()?,
            recorded_day: Day(row.u32()?),
            debits_posted: row.u128()?,
            credits_posted: row.u128()?,
            days: (Day(row.u32()?), Day(row.u32()?)),
        };
        row.finish()?;
        Ok(checkpoint)
    }
}

impl Record for OddDay {
    fn encode(&self) -> Vec<u8> {
        let mut row = Writer::new(24);
        row.u8(match self.side {
            Side::Debit => 0,
            Side::Credit => 1,
        });
        row.u64(self.amount);
        row.u64(self.recorded);
        row.u32(self.recorded_day.0);
        row.finish()
    }

    fn decode(_: Id, bytes: &[u8]) -> Read<Self> {
        let mut row = Reader::new(bytes)?;
        let side = match row.u8()? {
            0 => Side::Debit,
            1 => Side::Credit,
            _ => return Err(Damaged),
        };
        let odd = Self { side, amount: row.u64()?, recorded: row.u64()?, recorded_day: Day(row.u32()?) };
        row.finish()?;
        Ok(odd)
    }
}

impl Record for LimitChange {
    fn encode(&self) -> Vec<u8> {
        let mut row = Writer::new(44);
        row.u64(self.at);
        row.u128(self.by.map_or(0, |id| id.0));
        write_limits(&mut row, self.limits);
        row.finish()
    }

    fn decode(_: Id, bytes: &[u8]) -> Read<Self> {
        let mut row = Reader::new(bytes)?;
        let (at, by) = (row.u64()?, some_id(row.u128()?));
        let limits = read_limits(&mut row)?;
        row.finish()?;
        Ok(Self { at, by, limits })
    }
}

/// No limit is above 2^63 - 1, so all ones can say "without limit".
pub(super) fn write_limits(row: &mut Writer, limits: Limits) {
    row.u64(limits.credit.unwrap_or(u64::MAX));
    row.u64(limits.upper.unwrap_or(u64::MAX));
}

pub(super) fn read_limits(row: &mut Reader<'_>) -> Read<Limits> {
    let mut limit = || row.u64().map(|limit| Some(limit).filter(|limit| *limit != u64::MAX));
    Ok(Limits { credit: limit()?, upper: limit()? })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn id() -> impl Strategy<Value = Id> {
        (1..u128::MAX).prop_map(Id)
    }

    fn kind() -> impl Strategy<Value = TransferKind> {
        prop_oneof![
            Just(TransferKind::Post),
            any::<u64>().prop_map(TransferKind::Pending),
            id().prop_map(TransferKind::PostPending),
            id().prop_map(TransferKind::VoidPending),
        ]
    }

    prop_compose! {
        fn entry()(number: u64, previous in prop::option::of(id()), balance: i64) -> Entry {
            Entry { number, previous, balance }
        }
    }

    prop_compose! {
        fn transfer()(
            (debit, credit, amount, kind) in (id(), id(), any::<u64>(), kind()),
            (code, effective, recorded, recorded_day) in any::<(u16, u32, u64, u32)>(),
            (amount_all, effective_given, has_memo, imported) in any::<(bool, bool, bool, bool)>(),
            (reference, via) in (prop::option::of(".{0,25}"), prop::option::of("[a-z]{1,60}")),
            (corrects, actor) in (prop::option::of(id()), prop::option::of(id())),
            (debit_entry, credit_entry) in (entry(), entry()),
        ) -> Transfer {
            Transfer {
                id: Id(7), debit, credit, amount, amount_all, kind, code,
                effective: Day(effective), effective_given, recorded, recorded_day: Day(recorded_day),
                has_memo, reference, corrects, actor, via, imported, debit_entry, credit_entry,
            }
        }
    }

    prop_compose! {
        fn account()(
            (ledger, owner, newest) in (id(), id(), prop::option::of(id())),
            status in prop_oneof![Just(AccountStatus::Open), Just(AccountStatus::Suspended), Just(AccountStatus::Closed)],
            (credit, upper) in (prop::option::of(0..u64::MAX), prop::option::of(0..u64::MAX)),
            [debits_pending, debits_posted, credits_pending, credits_posted] in any::<[u64; 4]>(),
            (entries, opened) in any::<(u64, u64)>(),
            days in prop::option::of((0..1_000_u32, 1_000..2_000_u32)),
            code in "[A-Za-z:-]{1,100}",
        ) -> Account {
            let sums = Sums {
                debits_pending: debits_pending.into(),
                debits_posted: debits_posted.into(),
                credits_pending: credits_pending.into(),
                credits_posted: credits_posted.into(),
            };
            let days = days.map(|(first, last)| (Day(first), Day(last)));
            let history = History { entries, newest, days };
            Account { id: Id(7), ledger, code, owner, status, limits: Limits { credit, upper }, sums, history, opened }
        }
    }

    /// A byte more or less at the end.
    fn resized(bytes: &[u8], change: isize) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        bytes.resize(bytes.len().saturating_add_signed(change), 0);
        bytes
    }

    proptest! {
        #[test]
        fn a_transfer_reads_back_when_it_was_written(transfer in transfer()) {
            prop_assert_eq!(Transfer::decode(Id(7), &transfer.encode()), Ok(transfer));
        }

        #[test]
        fn an_account_reads_back_when_it_was_written(account in account()) {
            prop_assert_eq!(Account::decode(Id(7), &account.encode()), Ok(account));
        }

        #[test]
        fn a_row_is_damaged_when_a_byte_is_missing_or_too_many(transfer in transfer(), account in account()) {
            let (transfer, account) = (transfer.encode(), account.encode());
            for change in [1, -1] {
                prop_assert!(Transfer::decode(Id(7), &resized(&transfer, change)).is_err());
                prop_assert!(Account::decode(Id(7), &resized(&account, change)).is_err());
            }
        }

        #[test]
        fn nothing_panics_when_bytes_are_anything(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Transfer::decode(Id(7), &bytes);
            let _ = Account::decode(Id(7), &bytes);
            let whole = Ledger::decode(Id(7), &bytes).map(|ledger| (ledger.status, ledger.sealed_through));
            let standing = Standing::decode(&bytes).map(|standing| (standing.status, standing.sealed_through));
            prop_assert!(whole.is_err() || whole == standing);
            let _ = Pending::decode(Id(7), &bytes);
            let _ = Checkpoint::decode(Id(7), &bytes);
            let _ = OddDay::decode(Id(7), &bytes);
            let _ = LimitChange::decode(Id(7), &bytes);
        }
    }
}
