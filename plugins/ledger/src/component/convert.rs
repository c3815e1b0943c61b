//! Words of the contract to words of the model, and back. Case by case, so that a case added to
//! one of them does not compile until it is in the other.

use super::contract::{books as wit_books, exchange as wit_exchange, transfers as wit_transfers};
use super::types;
use crate::books;
use crate::errors::{BooksError, ExchangeError, ListError, LookupError, TransferError};
use crate::model::{
    Account, AccountStatus, Id, Ledger, LedgerKind, LedgerStatus, LimitChange, Limits, PendingStatus,
    Receipt, Settings, Side, TransferInput, TransferKind, TransferView, Visibility, to_amount,
};
use crate::statement::{Filter, Line};
use crate::trade::{File, Format, LineProblem, Report, Warning};

/// A list, item by item.
pub fn all<A, B: From<A>>(items: Vec<A>) -> Vec<B> {
    items.into_iter().map(B::from).collect()
}

impl From<hamlet_sdk::Id> for Id {
    fn from(id: hamlet_sdk::Id) -> Self {
        Self(id.to_u128())
    }
}

impl From<Id> for hamlet_sdk::Id {
    fn from(id: Id) -> Self {
        Self::from(id.0)
    }
}

/// Enums with the same cases on both sides.
macro_rules! same_cases {
    ($wit:ty, $model:ty: $($case:ident),+) => {
        impl From<$wit> for $model {
            fn from(case: $wit) -> Self {
                match case { $(<$wit>::$case => Self::$case),+ }
            }
        }
        impl From<$model> for $wit {
            fn from(case: $model) -> Self {
                match case { $(<$model>::$case => Self::$case),+ }
            }
        }
    };
}

same_cases!(types::LedgerKind, LedgerKind: MutualCredit, Issued, Hours, Shares, Voice, Voucher);
same_cases!(types::LedgerStatus, LedgerStatus: Opening, Open, Closed);
same_cases!(types::AccountStatus, AccountStatus: Open, Suspended, Closed);
same_cases!(types::Visibility, Visibility: Owner, Members, Public);
same_cases!(types::PendingStatus, PendingStatus: Pending, Posted, Voided, Expired);
same_cases!(wit_transfers::Side, Side: Debit, Credit);
same_cases!(wit_exchange::Format, Format: Hledger, Beancount);
same_cases!(
    wit_exchange::PassedOver,
    Warning: GeneratedTransaction,
    UnbalancedVirtualPosting,
    AssertionNotChecked,
    BalanceNotChecked,
    EmptyTransaction,
    MemoCut,
    DirectiveIgnored
);

impl From<types::Limits> for Limits {
    fn from(limits: types::Limits) -> Self {
        Self { credit: limits.credit, upper: limits.upper }
    }
}

impl From<Limits> for types::Limits {
    fn from(limits: Limits) -> Self {
        Self { credit: limits.credit, upper: limits.upper }
    }
}

impl From<Settings> for types::Settings {
    fn from(settings: Settings) -> Self {
        let Settings { joining, visibility, counter } = settings;
        Self { joining: joining.map(Into::into), visibility: visibility.into(), counter }
    }
}

impl From<Account> for wit_books::AccountBalance {
    fn from(account: Account) -> Self {
        Self { balance: account.balance(), owner: account.owner.into(), code: account.code }
    }
}

impl From<File> for hamlet_sdk::types::File {
    fn from(file: File) -> Self {
        Self { name: file.name, media_type: file.media_type.to_owned(), text: file.text }
    }
}

impl From<LineProblem> for wit_exchange::Problem {
    fn from((line, problem): LineProblem) -> Self {
        Self { line, problem }
    }
}

impl From<wit_books::LedgerInput> for books::LedgerInput {
    fn from(input: wit_books::LedgerInput) -> Self {
        let wit_books::LedgerInput { id, unit, name, scale, kind } = input;
        Self { id: id.into(), unit, name, scale, kind: kind.into() }
    }
}

impl From<wit_books::AccountInput> for books::AccountInput {
    fn from(input: wit_books::AccountInput) -> Self {
        let wit_books::AccountInput { id, ledger, code, owner, limits } = input;
        Self { id: id.into(), ledger: ledger.into(), code, owner: owner.into(), limits: limits.into() }
    }
}

impl From<Ledger> for types::Ledger {
    fn from(ledger: Ledger) -> Self {
        Self {
            id: ledger.id.into(),
            unit: ledger.unit,
            name: ledger.name,
            scale: ledger.scale,
            kind: ledger.kind.into(),
            status: ledger.status.into(),
            created: ledger.created,
            sealed_through: ledger.sealed_through.map(|day| day.to_string()),
        }
    }
}

impl From<Account> for types::Account {
    fn from(account: Account) -> Self {
        Self {
            id: account.id.into(),
            ledger: account.ledger.into(),
            owner: account.owner.into(),
            status: account.status.into(),
            limits: account.limits.into(),
            debits_pending: to_amount(account.sums.debits_pending),
            debits_posted: to_amount(account.sums.debits_posted),
            credits_pending: to_amount(account.sums.credits_pending),
            credits_posted: to_amount(account.sums.credits_posted),
            balance: account.balance(),
            available: account.available(),
            opened: account.opened,
            code: account.code,
        }
    }
}

impl From<LimitChange> for wit_books::LimitChange {
    fn from(change: LimitChange) -> Self {
        Self { at: change.at, by: change.by.map(Into::into), limits: change.limits.into() }
    }
}

impl From<books::BalanceAt> for wit_books::BalanceAt {
    fn from(at: books::BalanceAt) -> Self {
        Self {
            credits_posted: to_amount(at.credits_posted),
            debits_posted: to_amount(at.debits_posted),
            balance: at.balance,
        }
    }
}

impl From<books::TrialBalance> for wit_books::TrialBalance {
    fn from(trial: books::TrialBalance) -> Self {
        Self {
            accounts: trial.accounts,
            transfers: trial.transfers,
            debits_posted: to_amount(trial.sums.debits_posted),
            credits_posted: to_amount(trial.sums.credits_posted),
            debits_pending: to_amount(trial.sums.debits_pending),
            credits_pending: to_amount(trial.sums.credits_pending),
            balance: trial.sums.balance(),
        }
    }
}

impl From<types::TransferInput> for TransferInput {
    fn from(input: types::TransferInput) -> Self {
        Self {
            id: input.id.into(),
            debit: input.debit.into(),
            credit: input.credit.into(),
            amount: input.amount,
            kind: input.kind.into(),
            code: input.code,
            effective: input.effective,
            memo: input.memo,
            reference: input.reference,
            corrects: input.corrects.map(Into::into),
            linked: input.linked,
        }
    }
}

impl From<types::TransferKind> for TransferKind {
    fn from(kind: types::TransferKind) -> Self {
        match kind {
            types::TransferKind::Post => Self::Post,
            types::TransferKind::Pending(seconds) => Self::Pending(seconds),
            types::TransferKind::PostPending(id) => Self::PostPending(id.into()),
            types::TransferKind::VoidPending(id) => Self::VoidPending(id.into()),
        }
    }
}

impl From<TransferKind> for types::TransferKind {
    fn from(kind: TransferKind) -> Self {
        match kind {
            TransferKind::Post => Self::Post,
            TransferKind::Pending(seconds) => Self::Pending(seconds),
            TransferKind::PostPending(id) => Self::PostPending(id.into()),
            TransferKind::VoidPending(id) => Self::VoidPending(id.into()),
        }
    }
}

impl From<TransferView> for types::Transfer {
    fn from(view: TransferView) -> Self {
        let transfer = view.transfer;
        Self {
            id: transfer.id.into(),
            ledger: view.ledger.into(),
            debit: transfer.debit.into(),
            credit: transfer.credit.into(),
            amount: transfer.amount,
            kind: transfer.kind.into(),
            status: view.status.map(Into::into),
            code: transfer.code,
            effective: transfer.effective.to_string(),
            recorded: transfer.recorded,
            memo: view.memo,
            reference: transfer.reference,
            corrects: transfer.corrects.map(Into::into),
            actor: transfer.actor.map(Into::into),
            via: transfer.via,
            imported: transfer.imported,
        }
    }
}

impl From<Receipt> for wit_transfers::Receipt {
    fn from(receipt: Receipt) -> Self {
        Self { id: receipt.id.into(), recorded: receipt.recorded, debit_balance: receipt.debit_balance }
    }
}

impl From<Result<Receipt, TransferError>> for wit_transfers::Item {
    fn from(answer: Result<Receipt, TransferError>) -> Self {
        match answer {
            Ok(receipt) => Self::Ok(receipt.into()),
            Err(refused) => Self::Refused(refused.into()),
        }
    }
}

impl From<Line> for wit_transfers::Line {
    fn from(line: Line) -> Self {
        let Line { transfer, side, counterparty, actor_name, balance } = line;
        Self { transfer: transfer.into(), side: side.into(), counterparty, actor_name, balance }
    }
}

/// The filter of a statement.
pub fn dates(filter: wit_transfers::Filter) -> Filter {
    let wit_transfers::Filter { from, through, search, party } = filter;
    Filter { from, through, search, party: party.map(Into::into) }
}

impl From<Report> for wit_exchange::Report {
    fn from(report: Report) -> Self {
        let Report { accounts, transfers, unchanged, warnings, next } = report;
        let warnings =
            warnings.into_iter().map(|(what, times)| wit_exchange::Warning { what: what.into(), times });
        Self { accounts, transfers, unchanged, warnings: warnings.collect(), next }
    }
}

impl From<TransferError> for types::TransferError {
    fn from(error: TransferError) -> Self {
        use TransferError as E;
        match error {
            E::UnitUnknown(unit) => Self::UnitUnknown(unit),
            E::NameUnknown(name) => Self::NameUnknown(name),
            E::AmountUnreadable(amount) => Self::AmountUnreadable(amount),
            E::Exists(recorded) => Self::Exists(recorded),
            E::ExistsDifferent(field) => Self::ExistsDifferent(field.to_owned()),
            E::IdInvalid => Self::IdInvalid,
            E::MemoTooLong(bytes) => Self::MemoTooLong(bytes),
            E::ReferenceTooLong(bytes) => Self::ReferenceTooLong(bytes),
            E::DateInvalid(date) => Self::DateInvalid(date),
            E::TimeoutInvalid(seconds) => Self::TimeoutInvalid(seconds),
            E::AmountMustBeZero => Self::AmountMustBeZero,
            E::AmountInvalid => Self::AmountInvalid,
            E::PendingNotFound(id) => Self::PendingNotFound(id.into()),
            E::NotPending(id) => Self::NotPending(id.into()),
            E::PendingSettled(status) => Self::PendingSettled(status.into()),
            E::ExceedsPending(reserved) => Self::ExceedsPending(reserved),
            E::AccountNotFound(id) => Self::AccountNotFound(id.into()),
            E::AccountsSame => Self::AccountsSame,
            E::LedgersDiffer => Self::LedgersDiffer,
            E::LedgerNotOpen(status) => Self::LedgerNotOpen(status.into()),
            E::PeriodSealed(through) => Self::PeriodSealed(through.to_string()),
            E::DebitAccountStatus(status) => Self::DebitAccountStatus(status.into()),
            E::CreditAccountClosed => Self::CreditAccountClosed,
            E::CorrectsInvalid(id) => Self::CorrectsInvalid(id.into()),
            E::ExceedsOriginal(left) => Self::ExceedsOriginal(left),
            E::NoMandate => Self::NoMandate,
            E::ConfirmationNeeded => Self::ConfirmationNeeded,
            E::DiffersFromConfirmed => Self::DiffersFromConfirmed,
            E::OverCeiling(left) => Self::OverCeiling(left),
            E::OverUsualWeek(left, until) => {
                Self::OverUsualWeek(types::UsualWeek { left, until: until.to_string() })
            }
            E::ExceedsCreditLimit(available) => Self::ExceedsCreditLimit(available),
            E::ExceedsUpperLimit(room) => Self::ExceedsUpperLimit(room),
            E::BalanceOverflow => Self::BalanceOverflow,
            E::LinkedFailed => Self::LinkedFailed,
            E::ChainOpen => Self::ChainOpen,
        }
    }
}

impl From<BooksError> for wit_books::Error {
    fn from(error: BooksError) -> Self {
        use BooksError as E;
        match error {
            E::LedgerNotFound => Self::LedgerNotFound,
            E::AccountNotFound => Self::AccountNotFound,
            E::IdInvalid => Self::IdInvalid,
            E::ExistsDifferent(field) => Self::ExistsDifferent(field.to_owned()),
            E::UnitInvalid => Self::UnitInvalid,
            E::UnitTaken => Self::UnitTaken,
            E::NameInvalid => Self::NameInvalid,
            E::ScaleInvalid => Self::ScaleInvalid,
            E::CodeInvalid => Self::CodeInvalid,
            E::CodeTaken => Self::CodeTaken,
            E::LimitInvalid => Self::LimitInvalid,
            E::LedgerStatus(status) => Self::LedgerStatus(status.into()),
            E::PartyNotFound => Self::PartyNotFound,
            E::NoMandate => Self::NoMandate,
            E::NotSettled => Self::NotSettled,
            E::AccountClosed => Self::AccountClosed,
            E::DateInvalid => Self::DateInvalid,
            E::CursorInvalid => Self::CursorInvalid,
            E::TotalOverflow => Self::TotalOverflow,
            E::JoiningClosed => Self::JoiningClosed,
            E::AmountUnreadable(amount) => Self::AmountUnreadable(amount),
        }
    }
}

impl From<LookupError> for wit_transfers::Error {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::AccountNotFound => Self::AccountNotFound,
            LookupError::TransferNotFound => Self::TransferNotFound,
            LookupError::NoMandate => Self::NoMandate,
            LookupError::DateInvalid => Self::DateInvalid,
            LookupError::CursorInvalid => Self::CursorInvalid,
        }
    }
}

impl From<ListError> for wit_transfers::ListError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::TooMany(items) => Self::TooMany(items),
        }
    }
}

impl From<ExchangeError> for wit_exchange::Error {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::LedgerNotFound => Self::LedgerNotFound,
            ExchangeError::LedgerNotOpening => Self::LedgerNotOpening,
            ExchangeError::Line(line, why) => Self::Line((line, why)),
            ExchangeError::TooLong(length) => Self::TooLong(length),
            ExchangeError::PartyNotFound => Self::PartyNotFound,
            ExchangeError::CursorInvalid => Self::CursorInvalid,
        }
    }
}
