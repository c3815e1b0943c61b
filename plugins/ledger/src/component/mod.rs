//! The component: the contracts of `wit/ledger`, answered by the accounting of this crate.
//!
//! Nothing is decided here. Each function turns words of the contract into words of the model,
//! calls the one function that knows, and turns the answer back.

mod about;
mod convert;
mod counter;
mod house;
mod moving;
mod pages;
mod refusals;

use hamlet_sdk::Id as WitId;

use crate::model::{Id, TransferInput};
use crate::{books, posting, statement, trade};
use convert::{all, dates};
use exports::hamlet::host::{grantable, scheduled, units};
use exports::hamlet::ledger as contract;
use hamlet::ledger::types;
use house::House;

hamlet_sdk::plugin!("hamlet:ledger/ledger" in house);

struct Component;

export!(Component);

impl contract::books::Guest for Component {
    fn create_ledger(input: contract::books::LedgerInput) -> Result<types::Ledger, contract::books::Error> {
        Ok(books::create_ledger(&mut House::new(), &input.into())?.into())
    }

    fn found(
        id: WitId,
        name: String,
        unit: String,
        kind: types::LedgerKind,
        scale: u8,
        credit: Option<String>,
        joining: bool,
    ) -> Result<types::Ledger, contract::books::Error> {
        let founding =
            books::Founding { id: id.into(), name, unit, kind: kind.into(), scale, credit, joining };
        Ok(books::found(&mut House::new(), &founding)?.into())
    }

    fn get_settings(ledger: WitId) -> Result<types::Settings, contract::books::Error> {
        Ok(books::get_settings(&mut House::new(), ledger.into())?.into())
    }

    fn set_joining(
        ledger: WitId,
        joining: bool,
        credit: Option<String>,
        upper: Option<String>,
    ) -> Result<types::Settings, contract::books::Error> {
        let (credit, upper) = (credit.as_deref(), upper.as_deref());
        Ok(books::set_joining(&mut House::new(), ledger.into(), joining, credit, upper)?.into())
    }

    fn set_visibility(
        ledger: WitId,
        visibility: types::Visibility,
    ) -> Result<types::Settings, contract::books::Error> {
        Ok(books::set_visibility(&mut House::new(), ledger.into(), visibility.into())?.into())
    }

    fn set_counter(
        ledger: WitId,
        ceiling: Option<String>,
    ) -> Result<types::Settings, contract::books::Error> {
        Ok(books::set_counter(&mut House::new(), ledger.into(), ceiling.as_deref())?.into())
    }

    fn join(ledger: WitId) -> Result<types::Account, contract::books::Error> {
        Ok(books::join(&mut House::new(), ledger.into())?.into())
    }

    fn open_for(
        ledger: WitId,
        owner: String,
        credit: Option<String>,
        upper: Option<String>,
    ) -> Result<types::Account, contract::books::Error> {
        let (credit, upper) = (credit.as_deref(), upper.as_deref());
        Ok(books::open_for(&mut House::new(), ledger.into(), &owner, credit, upper)?.into())
    }

    fn limit_to(
        account: WitId,
        credit: Option<String>,
        upper: Option<String>,
    ) -> Result<types::Account, contract::books::Error> {
        let (credit, upper) = (credit.as_deref(), upper.as_deref());
        Ok(books::limit_to(&mut House::new(), account.into(), credit, upper)?.into())
    }

    fn balances(
        ledger: WitId,
        cursor: Option<String>,
    ) -> Result<contract::books::BalancePage, contract::books::Error> {
        let page = books::balances(&mut House::new(), ledger.into(), cursor.as_deref())?;
        Ok(contract::books::BalancePage { balances: all(page.accounts), next: page.next })
    }

    fn open_ledger(ledger: WitId) -> Result<(), contract::books::Error> {
        Ok(books::open_ledger(&mut House::new(), ledger.into())?)
    }

    fn close_ledger(ledger: WitId) -> Result<(), contract::books::Error> {
        Ok(books::close_ledger(&mut House::new(), ledger.into())?)
    }

    fn ledgers() -> Vec<types::Ledger> {
        all(books::ledgers(&mut House::new()))
    }

    fn open_account(input: contract::books::AccountInput) -> Result<types::Account, contract::books::Error> {
        Ok(books::open_account(&mut House::new(), &input.into())?.into())
    }

    fn set_limits(account: WitId, limits: types::Limits) -> Result<types::Account, contract::books::Error> {
        Ok(books::set_limits(&mut House::new(), account.into(), limits.into())?.into())
    }

    fn set_suspended(account: WitId, suspended: bool) -> Result<types::Account, contract::books::Error> {
        Ok(books::set_suspended(&mut House::new(), account.into(), suspended)?.into())
    }

    fn close_account(account: WitId) -> Result<types::Account, contract::books::Error> {
        Ok(books::close_account(&mut House::new(), account.into())?.into())
    }

    fn get_account(account: WitId) -> Result<types::Account, contract::books::Error> {
        Ok(books::get_account(&mut House::new(), account.into())?.into())
    }

    fn accounts_of(party: Option<WitId>) -> Result<Vec<types::Account>, contract::books::Error> {
        Ok(all(books::accounts_of(&mut House::new(), party.map(Id::from))?))
    }

    fn find_account(unit: String, code: String) -> Result<WitId, contract::books::Error> {
        Ok(books::find_account(&mut House::new(), &unit, &code)?.into())
    }

    fn accounts(
        ledger: WitId,
        cursor: Option<String>,
    ) -> Result<contract::books::AccountPage, contract::books::Error> {
        let page = books::accounts(&mut House::new(), ledger.into(), cursor.as_deref())?;
        Ok(contract::books::AccountPage { accounts: all(page.accounts), next: page.next })
    }

    fn limit_changes(account: WitId) -> Result<Vec<contract::books::LimitChange>, contract::books::Error> {
        Ok(all(books::limit_changes(&mut House::new(), account.into())?))
    }

    fn balance_as_of(
        account: WitId,
        effective: String,
        recorded: Option<u64>,
    ) -> Result<contract::books::BalanceAt, contract::books::Error> {
        Ok(books::balance_as_of(&mut House::new(), account.into(), &effective, recorded)?.into())
    }

    fn get_trial_balance(ledger: WitId) -> Result<contract::books::TrialBalance, contract::books::Error> {
        Ok(books::get_trial_balance(&mut House::new(), ledger.into())?.into())
    }

    fn seal_period(ledger: WitId, through: String) -> Result<(), contract::books::Error> {
        Ok(books::seal_period(&mut House::new(), ledger.into(), &through)?)
    }
}

impl contract::transfers::Guest for Component {
    fn submit(transfer: types::TransferInput) -> Result<contract::transfers::Receipt, types::TransferError> {
        Ok(posting::submit(&mut House::new(), &transfer.into())?.into())
    }

    fn pay(
        id: WitId,
        payer: String,
        payee: String,
        unit: String,
        amount: String,
        memo: Option<String>,
    ) -> Result<contract::transfers::Receipt, types::TransferError> {
        let payment = posting::Payment { id: id.into(), payer, payee, unit, amount, memo };
        Ok(posting::pay(&mut House::new(), payment)?.into())
    }

    fn submit_all(
        transfers: Vec<types::TransferInput>,
    ) -> Result<Vec<contract::transfers::Item>, contract::transfers::ListError> {
        let transfers: Vec<TransferInput> = all(transfers);
        Ok(all(posting::submit_all(&mut House::new(), &transfers)?))
    }

    fn refund(
        id: WitId,
        original: WitId,
        amount: Option<u64>,
        memo: Option<String>,
    ) -> Result<contract::transfers::Receipt, types::TransferError> {
        Ok(posting::refund(&mut House::new(), id.into(), original.into(), amount, memo)?.into())
    }

    fn get(transfer: WitId) -> Result<types::Transfer, contract::transfers::Error> {
        Ok(statement::get(&mut House::new(), transfer.into())?.into())
    }

    fn statement_csv(
        account: WitId,
        filter: contract::transfers::Filter,
    ) -> Result<hamlet_sdk::types::File, contract::transfers::Error> {
        Ok(trade::statement_csv(&mut House::new(), account.into(), &dates(filter))?.into())
    }

    fn statement(
        account: WitId,
        filter: contract::transfers::Filter,
        limit: u32,
        cursor: Option<String>,
    ) -> Result<contract::transfers::StatementPage, contract::transfers::Error> {
        let filter = dates(filter);
        let page =
            statement::statement(&mut House::new(), account.into(), &filter, limit, cursor.as_deref())?;
        Ok(contract::transfers::StatementPage { lines: all(page.lines), next: page.next })
    }
}

impl contract::exchange::Guest for Component {
    fn import_accounts(
        ledger: WitId,
        csv: String,
    ) -> Result<contract::exchange::Report, contract::exchange::Error> {
        Ok(trade::import_accounts(&mut House::new(), ledger.into(), &csv)?.into())
    }

    fn import_transfers(
        ledger: WitId,
        csv: String,
    ) -> Result<contract::exchange::Report, contract::exchange::Error> {
        Ok(trade::import_transfers(&mut House::new(), ledger.into(), &csv)?.into())
    }

    fn import_journal(
        text: String,
        format: contract::exchange::Format,
        owner: WitId,
        skip: u32,
    ) -> Result<contract::exchange::Report, contract::exchange::Error> {
        Ok(trade::import_journal(&mut House::new(), &text, format.into(), owner.into(), skip)?.into())
    }

    fn check_accounts(
        ledger: WitId,
        csv: String,
    ) -> Result<Vec<contract::exchange::Problem>, contract::exchange::Error> {
        Ok(all(trade::check_accounts(&mut House::new(), ledger.into(), &csv)?))
    }

    fn check_transfers(
        ledger: WitId,
        csv: String,
    ) -> Result<Vec<contract::exchange::Problem>, contract::exchange::Error> {
        Ok(all(trade::check_transfers(&mut House::new(), ledger.into(), &csv)?))
    }

    fn accounts_csv(ledger: WitId) -> Result<hamlet_sdk::types::File, contract::exchange::Error> {
        Ok(trade::accounts_csv(&mut House::new(), ledger.into())?.into())
    }

    fn journal_file(
        ledger: WitId,
        format: contract::exchange::Format,
    ) -> Result<hamlet_sdk::types::File, contract::exchange::Error> {
        Ok(trade::journal_file(&mut House::new(), ledger.into(), format.into())?.into())
    }

    fn export_journal(
        ledger: WitId,
        format: contract::exchange::Format,
        cursor: Option<String>,
    ) -> Result<contract::exchange::Piece, contract::exchange::Error> {
        let piece =
            trade::export_journal(&mut House::new(), ledger.into(), format.into(), cursor.as_deref())?;
        Ok(contract::exchange::Piece { text: piece.text, next: piece.next })
    }
}

impl units::Guest for Component {
    fn unit_of(thing: String) -> Option<units::Unit> {
        let (symbol, scale) = books::unit_of(&mut House::new(), &thing)?;
        let fields = books::COUNTED.iter().map(|name| (*name).to_owned()).collect();
        Some(units::Unit { symbol, scale, fields })
    }
}

impl scheduled::Guest for Component {
    /// There is one schedule: the expiry of reservations.
    fn run(_name: String, _due: u64, _payload: Vec<u8>) -> Result<(), String> {
        posting::expire(&mut House::new());
        Ok(())
    }
}

impl grantable::Guest for Component {
    fn choices() -> Vec<grantable::Choice> {
        let choices = books::choices(&mut House::new()).into_iter();
        let choice = |(account, unit): (crate::model::Account, String)| grantable::Choice {
            kind: house::SPEND.to_owned(),
            thing: account.id.to_string(),
            owner: account.owner.into(),
            label: format!("{} ({unit})", account.code),
        };
        choices.map(choice).collect()
    }
}
