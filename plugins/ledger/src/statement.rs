//! What an account holder reads: her transfers, newest first, and single ones.
//!
//! A statement walks the account's chain backwards; there is no index of transfers by account.
//! Blocks of the chain in which no day fits the filter are skipped by their milestones. A page
//! looks at a bounded number of transfers and may therefore end early, with a cursor.

use std::collections::BTreeMap;

use crate::errors::LookupError;
use crate::host::{Actor, Host};
use crate::model::{Account, Checkpoint, Day, Id, Side, Transfer, TransferKind, TransferView};
use crate::posting::read_memo;
use crate::rights;
use crate::rows;

/// Lines of a page when the caller does not say, and at most.
const PAGE_LINES: u32 = 50;
const PAGE_LINES_MAX: u32 = 200;
/// How many transfers a page looks at, at most.
const LOOKED_AT_MAX: u32 = 4_000;
/// How many memos a page opens for a search, at most.
const OPENED_MAX: u32 = 2_000;

/// Which transfers to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Effective on this day or later.
    pub from: Option<String>,
    /// Effective on this day or earlier.
    pub through: Option<String>,
    /// Words that memo, reference or counterparty's code must contain.
    pub search: Option<String>,
    /// Only with this party.
    pub party: Option<Id>,
}

/// A line of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The transfer.
    pub transfer: TransferView,
    /// On which side the account was.
    pub side: Side,
    /// The code of the account on the other side.
    pub counterparty: String,
    /// How whoever did it is called.
    pub actor_name: Option<String>,
    /// The account's balance after it.
    pub balance: i64,
}

/// A page of a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatementPage {
    /// Newest first.
    pub lines: Vec<Line>,
    /// The transfer with which the next page begins.
    pub next: Option<String>,
}

/// One transfer, for both its sides, stewards and auditors.
pub fn get(host: &mut dyn Host, id: Id) -> Result<TransferView, LookupError> {
    let transfer = rows::transfer(host, id).ok_or(LookupError::TransferNotFound)?;
    let sides = [transfer.debit, transfer.credit].map(|account| rows::account(host, account));
    let [Some(debit), Some(credit)] = sides else { rows::damaged(host) };
    // Whoever entered it, at the counter for instance, sees what she did.
    let is_hers = matches!(host.actor(), Actor::Person(person) if transfer.actor == Some(person));
    let may = is_hers || rights::may_see_account(host, &debit) || rights::may_see_account(host, &credit);
    // A plugin in the chain sees what was made through it, and not whatever the person may see.
    let via = host.via();
    let is_through = via.is_none() || via == transfer.via;
    if !may || !is_through {
        return Err(LookupError::NoMandate);
    }
    let readers = [debit.owner, credit.owner];
    let memo = match readers.into_iter().find(|owner| transfer.has_memo && host.has_mandate(*owner)) {
        Some(reader) => read_memo(host, &transfer, reader),
        None => None,
    };
    let status = status(host, &transfer);
    Ok(TransferView { transfer, ledger: debit.ledger, status, memo })
}

/// Where a pending transfer stands now.
fn status(host: &mut dyn Host, transfer: &Transfer) -> Option<crate::model::PendingStatus> {
    let TransferKind::Pending(_) = transfer.kind else { return None };
    let pending = rows::pending(host, transfer.id)?;
    Some(pending.status_at(host.now()))
}

/// An account's transfers, newest first.
pub fn statement(
    host: &mut dyn Host,
    account: Id,
    filter: &Filter,
    limit: u32,
    cursor: Option<&str>,
) -> Result<StatementPage, LookupError> {
    let account = rows::account(host, account).ok_or(LookupError::AccountNotFound)?;
    if !rights::may_see_account(host, &account) {
        return Err(LookupError::NoMandate);
    }
    let criteria = Criteria::read(filter)?;
    let next = match cursor {
        None => account.history.newest,
        Some(cursor) => Some(start(host, &account, cursor)?),
    };
    let limit = if limit == 0 { PAGE_LINES } else { limit.min(PAGE_LINES_MAX) };
    let memos_are_readable = host.has_mandate(account.owner);
    let mut page = Walk { host, account, criteria, memos_are_readable, opened: 0, seen: Seen::default() };
    Ok(page.walk(next, limit as usize))
}

/// The transfer that a cursor names, if it is one of the account's.
fn start(host: &mut dyn Host, account: &Account, cursor: &str) -> Result<Id, LookupError> {
    let id: Id = cursor.parse().map_err(|()| LookupError::CursorInvalid)?;
    let transfer = rows::transfer(host, id).ok_or(LookupError::CursorInvalid)?;
    transfer.entry_of(account.id).ok_or(LookupError::CursorInvalid)?;
    Ok(id)
}

/// A filter that can be read.
struct Criteria {
    from: Day,
    through: Day,
    words: Vec<String>,
    party: Option<Id>,
}

impl Criteria {
    fn read(filter: &Filter) -> Result<Self, LookupError> {
        let day = |date: &Option<String>, open: Day| match date {
            None => Ok(open),
            Some(date) => date.parse().map_err(|()| LookupError::DateInvalid),
        };
        Ok(Self {
            from: day(&filter.from, Day::FIRST)?,
            through: day(&filter.through, Day::LAST)?,
            words: filter
                .search
                .iter()
                .flat_map(|words| words.split_whitespace())
                .map(str::to_lowercase)
                .collect(),
            party: filter.party,
        })
    }

    fn covers(&self, day: Day) -> bool {
        self.from <= day && day <= self.through
    }

    fn covers_some(&self, (first, last): (Day, Day)) -> bool {
        self.from <= last && first <= self.through
    }
}

/// Codes and names that were looked up for this page.
#[derive(Default)]
struct Seen {
    codes: BTreeMap<Id, String>,
    owners: BTreeMap<Id, Option<Id>>,
    names: BTreeMap<Id, Option<String>>,
}

/// A part of the chain between two milestones.
struct Block {
    /// The transfer before it; none: it is the first.
    before: Option<Id>,
}

/// A walk along an account's chain.
struct Walk<'h> {
    host: &'h mut dyn Host,
    account: Account,
    criteria: Criteria,
    memos_are_readable: bool,
    opened: u32,
    seen: Seen,
}

impl Walk<'_> {
    fn walk(&mut self, mut next: Option<Id>, limit: usize) -> StatementPage {
        let mut page = StatementPage::default();
        let mut looked_at = 0;
        while let Some(id) = next {
            if page.lines.len() == limit || looked_at == LOOKED_AT_MAX || self.opened >= OPENED_MAX {
                page.next = Some(id.to_string());
                break;
            }
            looked_at += 1;
            let Some(transfer) = rows::transfer(self.host, id) else { rows::damaged(self.host) };
            let Some((side, entry)) = transfer.entry_of(self.account.id) else { rows::damaged(self.host) };
            if let Some(block) = self.block_in_vain(entry.number) {
                next = block.before;
                continue;
            }
            next = entry.previous;
            if self.criteria.covers(transfer.effective) {
                page.lines.extend(self.line(transfer, side, entry.balance));
            }
        }
        page
    }

    /// At the end of a block: the block, if none of its days fits.
    fn block_in_vain(&mut self, number: u64) -> Option<Block> {
        if !number.is_multiple_of(Checkpoint::EVERY) {
            return None;
        }
        let milestone = number / Checkpoint::EVERY;
        let block = rows::checkpoint(self.host, self.account.id, milestone)?;
        if self.criteria.covers_some(block.days) {
            return None;
        }
        let before = rows::checkpoint(self.host, self.account.id, milestone - 1);
        Some(Block { before: before.map(|checkpoint| checkpoint.transfer) })
    }

    /// The line of a transfer; none when the words of the search are not in it.
    fn line(&mut self, transfer: Transfer, side: Side, balance: i64) -> Option<Line> {
        let other = transfer.counterparty_of(side);
        if let Some(party) = self.criteria.party
            && self.owner_of(other) != Some(party)
        {
            return None;
        }
        let counterparty = self.code_of(other);
        let memo = self.memo_of(&transfer, side);
        if !self.criteria.words.is_empty() {
            let reference = transfer.reference.as_deref().unwrap_or("");
            let text = format!("{counterparty}\n{reference}\n{}", memo.as_deref().unwrap_or(""));
            let text = text.to_lowercase();
            if !self.criteria.words.iter().all(|word| text.contains(word.as_str())) {
                return None;
            }
        }
        let actor_name = transfer.actor.and_then(|actor| self.name_of(actor));
        let status = status(self.host, &transfer);
        let view = TransferView { transfer, ledger: self.account.ledger, status, memo };
        Some(Line { transfer: view, side, counterparty, actor_name, balance })
    }

    /// The memo, for somebody with a mandate for the owner of one side.
    fn memo_of(&mut self, transfer: &Transfer, side: Side) -> Option<String> {
        if !transfer.has_memo {
            return None;
        }
        self.opened += 1;
        if self.memos_are_readable {
            return read_memo(self.host, transfer, self.account.owner);
        }
        let other = rows::account(self.host, transfer.counterparty_of(side))?.owner;
        if !self.host.has_mandate(other) {
            return None;
        }
        read_memo(self.host, transfer, other)
    }

    fn code_of(&mut self, account: Id) -> String {
        let host = &mut *self.host;
        let code = self.seen.codes.entry(account);
        code.or_insert_with(|| rows::account(host, account).map(|account| account.code).unwrap_or_default())
            .clone()
    }

    fn owner_of(&mut self, account: Id) -> Option<Id> {
        let host = &mut *self.host;
        *self
            .seen
            .owners
            .entry(account)
            .or_insert_with(|| rows::account(host, account).map(|account| account.owner))
    }

    fn name_of(&mut self, party: Id) -> Option<String> {
        let host = &mut *self.host;
        let name = self.seen.names.entry(party);
        name.or_insert_with(|| host.party(party).map(|party| party.name).filter(|name| !name.is_empty()))
            .clone()
    }
}
