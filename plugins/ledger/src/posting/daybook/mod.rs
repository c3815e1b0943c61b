//! The daybook: what one call has read and recorded so far, in memory, until it is closed: then
//! it is written into the books and told of.
//!
//! It decides nothing (see `rules`); it applies plans. Each touched account is read once and
//! written once however many transfers touch it, and a chain is undone by putting back the few
//! values that it changed.

mod apply;
mod chain;
mod close;
mod week;

use std::collections::{BTreeMap, BTreeSet};

use super::consents::Consents;
use super::draft::Draft;
use super::known::Known;
use super::rules::{self, Amount, Plan};
use super::week::Week;
use super::{Terms, same};
use crate::errors::TransferError;
use crate::host::{Actor, Host};
use crate::model::{
    AMOUNT_MAX, Account, Day, Id, Instant, Ledger, LedgerStatus, Pending, Receipt, Transfer, TransferInput,
    TransferKind, written_amount,
};
use crate::rows::{self, Standing, keys};
use chain::Undo;

/// An account of the daybook; given out with the account, and valid as long as the daybook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle(usize);

/// An account and whether it must be written.
#[derive(Clone)]
struct Held {
    account: Account,
    is_changed: bool,
}

/// A ledger: whether it can be used, and its row, of which the rest is seldom needed.
struct OfLedger {
    id: Id,
    standing: Standing,
    row: Vec<u8>,
}

/// What one call knows and has done.
pub struct Daybook<'h> {
    host: &'h mut dyn Host,
    /// The time of the call.
    pub now: Instant,
    /// On which terms it records.
    pub terms: Terms,
    today: Day,
    actor: Actor,
    via: Option<String>,
    consents: Consents,
    /// When parties of this call were let back in, if lately.
    recovered: Known<Option<Instant>>,
    /// Accounts of those: what they may pay, with what this call paid.
    weeks: BTreeMap<Id, Week>,
    ledgers: Vec<OfLedger>,
    accounts: Vec<Held>,
    by_id: Known<Option<Handle>>,
    /// What was looked up or is new; none: there is no such transfer. Boxed, since most are none.
    transfers: Known<Option<Box<Transfer>>>,
    /// What is new, in the order of recording.
    recorded: Vec<Id>,
    /// Reservations that are new or settled.
    pendings: BTreeMap<Id, Pending>,
    /// What was paid back, where that changed.
    paid_back: BTreeMap<Id, u64>,
    /// Rows that are only ever written: checkpoints, odd days, memos, deadlines.
    notes: Vec<(Vec<u8>, Vec<u8>)>,
    /// Keys of deadlines that are over.
    over: Vec<Vec<u8>>,
    /// What a chain puts back when it fails; none: not in a chain.
    undo: Option<Vec<Undo>>,
}

impl<'h> Daybook<'h> {
    /// An empty daybook.
    pub fn open(host: &'h mut dyn Host, terms: Terms) -> Self {
        Self {
            now: host.now(),
            today: host.today(),
            actor: host.actor(),
            via: host.via(),
            host,
            terms,
            consents: Consents::default(),
            recovered: Known::default(),
            weeks: BTreeMap::new(),
            ledgers: Vec::new(),
            accounts: Vec::new(),
            by_id: Known::default(),
            transfers: Known::default(),
            recorded: Vec::new(),
            pendings: BTreeMap::new(),
            paid_back: BTreeMap::new(),
            notes: Vec::new(),
            over: Vec::new(),
            undo: None,
        }
    }

    /// Records one transfer, or says why not.
    pub fn record(&mut self, input: &TransferInput, amount: Amount) -> Result<Receipt, TransferError> {
        if let Some(answer) = self.recorded_already(input, amount) {
            return Err(answer);
        }
        let draft = Draft::read(input, amount, self.today)?;
        let plan = match input.kind {
            TransferKind::Post | TransferKind::Pending(_) => self.may_pay(draft)?,
            TransferKind::PostPending(reserve) | TransferKind::VoidPending(reserve) => {
                rules::may_settle(self, draft, reserve)?
            }
        };
        Ok(self.apply(&plan))
    }

    /// What a repeated request is answered; none: the id is new.
    pub fn recorded_already(&mut self, input: &TransferInput, amount: Amount) -> Option<TransferError> {
        self.look_up(input.id);
        let recorded = self.transfers.get(input.id)?.as_ref()?;
        // A memo of this same call is not in the books yet.
        let memo_key = keys::memo(input.id);
        let noted = self.notes.iter().filter(|_| recorded.has_memo);
        let memo = noted.into_iter().find(|(key, _)| *key == memo_key).map(|(_, row)| row.clone());
        let memo = memo.or_else(|| self.host.get(&memo_key).filter(|_| recorded.has_memo));
        Some(same::answer(self.host, recorded, input, amount, memo.as_deref()))
    }

    fn may_pay<'a>(&mut self, draft: Draft<'a>) -> Result<Plan<'a>, TransferError> {
        let plan = rules::may_move(self, draft)?;
        if self.terms == Terms::Live {
            self.take_consent(&plan)?;
        }
        let fits = self.may_in_this_week(&plan).and_then(|()| rules::fits(self, &plan));
        if let Err(refusal) = fits {
            self.consents.give_back(draft.input.debit, plan.amount);
            return Err(refusal);
        }
        if self.terms == Terms::Live {
            self.remember(Undo::Consent(draft.input.debit, plan.amount));
        }
        self.count_in_week(&plan);
        Ok(plan)
    }

    fn take_consent(&mut self, plan: &Plan<'_>) -> Result<(), TransferError> {
        let owner = self.at(plan.debit).owner;
        if self.consents.is_in_person(self.host, &self.actor, owner) {
            return Ok(());
        }
        let (unit, scale) = self.unit_of(plan.debit);
        let verb = match plan.draft.input.kind {
            TransferKind::Pending(_) => "reserve",
            _ => "pay",
        };
        let to = self.at(plan.credit).code.clone();
        let sentence = |amount| format!("{verb} {} {unit} to {to}", written_amount(amount, scale));
        self.ask(plan.debit, plan.amount, sentence)
    }

    /// Asks for consent for the sum of what a list asks of each account.
    pub fn ask_for_sums(&mut self, inputs: &[TransferInput]) {
        let brought_in = matches!(self.terms, Terms::Import | Terms::MovingIn);
        if brought_in || inputs.len() < 2 || self.host.is_in_person() {
            // Imports ask nobody; where the actor calls herself, her mandate is all that each of them needs.
            return;
        }
        let mut sums: BTreeMap<Id, (Handle, u64, u32)> = BTreeMap::new();
        let mut counted = BTreeSet::new();
        for input in inputs {
            let pays = matches!(input.kind, TransferKind::Post | TransferKind::Pending(_));
            if !pays || self.transfer(input.id).is_some() || !counted.insert(input.id) {
                continue;
            }
            let plan = Draft::read(input, Amount::of(input), self.today)
                .and_then(|draft| rules::may_move(self, draft));
            if let Ok(plan) = plan {
                let (_, sum, count) = sums.entry(input.debit).or_insert((plan.debit, 0, 0));
                *sum = sum.saturating_add(plan.amount).min(AMOUNT_MAX);
                *count += 1;
            }
        }
        for (account, (handle, sum, count)) in sums {
            let (unit, scale) = self.unit_of(handle);
            let sentence = |sum| format!("pay {} {unit} in {count} payments", written_amount(sum, scale));
            // A refusal is remembered for the account and answered to each of its items.
            if self.ask(handle, sum, sentence).is_ok() {
                self.consents.give_back(account, sum);
            }
        }
    }

    fn ask(
        &mut self,
        handle: Handle,
        amount: u64,
        sentence: impl FnOnce(u64) -> String,
    ) -> Result<(), TransferError> {
        let (id, owner) = (self.at(handle).id, self.at(handle).owner);
        self.consents.take(self.host, &self.actor, id, owner, amount, sentence)
    }

    /// Whether the actor may act for `party`.
    pub fn has_mandate(&mut self, party: Id) -> bool {
        self.consents.has_mandate(self.host, party)
    }

    /// Whether the call came through this very plugin.
    pub fn came_through(&self, plugin: Option<&str>) -> bool {
        plugin.is_some() && plugin == self.via.as_deref()
    }

    /// Reads all rows that the requests name, with as few crossings as possible.
    pub fn fetch(&mut self, inputs: &[TransferInput]) {
        let (mut transfers, mut accounts) = (Vec::new(), Vec::new());
        for input in inputs {
            transfers.push(input.id);
            transfers.extend(input.corrects);
            match input.kind {
                TransferKind::Post | TransferKind::Pending(_) => {
                    accounts.extend([input.debit, input.credit]);
                }
                TransferKind::PostPending(reserve) | TransferKind::VoidPending(reserve) => {
                    transfers.push(reserve);
                }
            }
        }
        for ids in [&mut transfers, &mut accounts] {
            ids.sort_unstable();
            ids.dedup();
        }
        let mut rows: Vec<_> = transfers.iter().map(|id| keys::transfer(*id)).collect();
        rows.extend(accounts.iter().map(|id| keys::account(*id)));
        let mut values = rows::get_many(self.host, &rows).into_iter();
        self.transfers.reserve(transfers.len());
        self.by_id.reserve(accounts.len());
        self.accounts.reserve(accounts.len());
        for (id, row) in transfers.into_iter().zip(values.by_ref()) {
            let transfer = row.map(|row| Box::new(rows::decode(self.host, id, &row)));
            self.transfers.insert(id, transfer);
        }
        for (id, row) in accounts.into_iter().zip(values) {
            let account = row.map(|row| rows::decode(self.host, id, &row));
            self.hold(id, account);
        }
    }

    /// The account with this id.
    pub fn account(&mut self, id: Id) -> Option<Handle> {
        if let Some(known) = self.by_id.get(id) {
            return *known;
        }
        let account = rows::account(self.host, id);
        self.hold(id, account)
    }

    fn hold(&mut self, id: Id, account: Option<Account>) -> Option<Handle> {
        let handle = account.map(|account| {
            self.accounts.push(Held { account, is_changed: false });
            Handle(self.accounts.len() - 1)
        });
        self.by_id.insert(id, handle);
        handle
    }

    /// The account of a handle.
    #[expect(
        clippy::indexing_slicing,
        reason = "a handle is given out with its account, and none is removed"
    )]
    pub fn at(&self, handle: Handle) -> &Account {
        &self.accounts[handle.0].account
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "a handle is given out with its account, and none is removed"
    )]
    fn held(&mut self, handle: Handle) -> &mut Held {
        &mut self.accounts[handle.0]
    }

    /// Status and last sealed day of the ledger of an account.
    pub fn ledger_of(&mut self, handle: Handle) -> (LedgerStatus, Option<Day>) {
        let Standing { status, sealed_through } = self.ledger(handle).standing;
        (status, sealed_through)
    }

    fn unit_of(&mut self, handle: Handle) -> (String, u8) {
        let OfLedger { id, row, .. } = self.ledger(handle);
        let (id, row) = (*id, row.clone());
        let ledger: Ledger = rows::decode(self.host, id, &row);
        (ledger.unit, ledger.scale)
    }

    #[expect(clippy::indexing_slicing, reason = "the position was found or pushed just before")]
    fn ledger(&mut self, handle: Handle) -> &OfLedger {
        let id = self.at(handle).ledger;
        let known = self.ledgers.iter().position(|ledger| ledger.id == id);
        let position = known.unwrap_or_else(|| {
            let row = self.host.get(&keys::ledger(id));
            match row.and_then(|row| Some((Standing::decode(&row).ok()?, row))) {
                Some((standing, row)) => self.ledgers.push(OfLedger { id, standing, row }),
                None => rows::damaged(self.host),
            }
            self.ledgers.len() - 1
        });
        &self.ledgers[position]
    }

    /// The transfer with this id, recorded before or in this call.
    pub fn transfer(&mut self, id: Id) -> Option<&Transfer> {
        self.look_up(id);
        self.transfers.get(id)?.as_deref()
    }

    fn look_up(&mut self, id: Id) {
        if self.transfers.get(id).is_none() {
            let transfer = rows::transfer(self.host, id).map(Box::new);
            self.transfers.insert(id, transfer);
        }
    }

    /// Where a reservation stands.
    pub fn pending(&mut self, reserve: Id) -> Pending {
        if let Some(pending) = self.pendings.get(&reserve) {
            return pending.clone();
        }
        match rows::pending(self.host, reserve) {
            Some(pending) => pending,
            None => rows::damaged(self.host),
        }
    }

    /// How much of a payment was paid back.
    pub fn paid_back(&mut self, original: Id) -> u64 {
        let known = self.paid_back.get(&original).copied();
        known.unwrap_or_else(|| rows::number(self.host, &keys::refunded(original)))
    }
}
