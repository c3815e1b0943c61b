//! What the ledger holds about a party, for her to read and take along (`hamlet:host/about`).
//!
//! First her accounts, their limits and her card; then, account by account, every payment, newest first. It gives what a
//! statement gives to its owner, in words. What she entered at the counter for others is in *their* statements with her
//! name, and is not found from here: the ledger has no index by who acted. If this is wrong, somebody takes along what is
//! held about somebody else, so the first thing it asks is the mandate.

use crate::books;
use crate::counter;
use crate::host::Host;
use crate::model::{
    Account, AccountStatus, Id, Instant, Ledger, Limits, PendingStatus, Side, written_amount,
};
use crate::rows;
use crate::statement::{Filter, Line, statement};

/// Payments of a page.
const LINES: u32 = 200;
/// Things of a page at most, as the contract says.
const ITEMS_MAX: usize = 500;

/// One thing that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is, in a few words.
    pub what: String,
    /// When it was written down.
    pub at: Option<Instant>,
    /// All of it, in words.
    pub text: String,
}

/// A page of what is held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Its things.
    pub items: Vec<Item>,
    /// Where the next one begins.
    pub next: Option<String>,
}

/// Everything that is held about a party, page by page; nothing for whoever may not act for her, and nothing more after a
/// cursor that this function did not give.
pub fn held(host: &mut dyn Host, party: Id, cursor: Option<&str>) -> Held {
    if !host.has_mandate(party) {
        return Held::default();
    }
    let accounts = books::owned_by(host, party);
    let Some(cursor) = cursor else { return first(host, party, &accounts) };
    let (account, line) = match cursor.split_once('.') {
        Some((account, line)) => (account, Some(line)),
        None => (cursor, None),
    };
    let wanted: Option<Id> = account.parse().ok();
    let Some(at) = accounts.iter().position(|account| Some(account.id) == wanted) else {
        return Held::default();
    };
    let (Some(account), rest) = (accounts.get(at), accounts.get(at + 1..).unwrap_or_default()) else {
        return Held::default();
    };
    let Ok(page) = statement(host, account.id, &Filter::default(), LINES, line) else {
        return Held::default();
    };
    let Some(ledger) = rows::ledger(host, account.ledger) else { rows::damaged(host) };
    let next = match page.next {
        Some(line) => Some(format!("{}.{line}", account.id)),
        None => rest.first().map(|account| account.id.to_string()),
    };
    Held { items: page.lines.iter().map(|line| payment(line, &ledger)).collect(), next }
}

/// The accounts, their limits and the card.
fn first(host: &mut dyn Host, party: Id, accounts: &[Account]) -> Held {
    let mut items = Vec::new();
    for account in accounts {
        let Some(ledger) = rows::ledger(host, account.ledger) else { rows::damaged(host) };
        items.push(of_account(account, &ledger));
        for change in books::limit_changes(host, account.id).unwrap_or_default() {
            let by = change
                .by
                .and_then(|by| host.party(by))
                .map_or_else(|| "by a decision".to_owned(), |by| format!("by {}", by.name));
            items.push(Item {
                what: format!("Limits of {} changed", account.code),
                at: Some(change.at),
                text: format!("{} {by}.", limits(change.limits, &ledger)),
            });
        }
    }
    if let Some((number, card)) = counter::card_of(host, party) {
        let by = host.party(card.issued_by).map(|by| format!(", by {}", by.name)).unwrap_or_default();
        let pin = if card.pin.is_some() {
            "It has a PIN, of which only a sealed check is kept"
        } else {
            "It has no PIN"
        };
        let state = if card.is_blocked { "It is blocked" } else { "It can be used" };
        items.push(Item {
            what: format!("Card {number}"),
            at: Some(card.issued),
            text: format!(
                "Handed out for the counter{by}. {pin}. {state}; wrong PINs in a row: {}.",
                card.wrong
            ),
        });
    }
    if items.len() > ITEMS_MAX {
        // She is to see that something is missing.
        items.truncate(ITEMS_MAX - 1);
        let text =
            "There are more changes of limits; each account's page in the ledger shows them.".to_owned();
        items.push(Item { what: "More".to_owned(), at: None, text });
    }
    Held { items, next: accounts.first().map(|account| account.id.to_string()) }
}

fn of_account(account: &Account, ledger: &Ledger) -> Item {
    let status = match account.status {
        AccountStatus::Open => "open",
        AccountStatus::Suspended => "suspended",
        AccountStatus::Closed => "closed",
    };
    let balance = money(account.balance().unsigned_abs(), ledger);
    let sign = if account.balance() < 0 { "-" } else { "" };
    Item {
        what: format!("Account {} in {}", account.code, ledger.name),
        at: Some(account.opened),
        text: format!("It is {status}, its balance {sign}{balance}. {}.", limits(account.limits, ledger)),
    }
}

fn limits(limits: Limits, ledger: &Ledger) -> String {
    let limit = |limit: Option<u64>| limit.map_or_else(|| "none".to_owned(), |limit| money(limit, ledger));
    format!("Credit limit: {}; highest balance: {}", limit(limits.credit), limit(limits.upper))
}

fn payment(line: &Line, ledger: &Ledger) -> Item {
    let transfer = &line.transfer.transfer;
    let what = match line.side {
        Side::Debit => format!("Payment to {}", line.counterparty),
        Side::Credit => format!("Payment from {}", line.counterparty),
    };
    let status = match line.transfer.status {
        None => "",
        Some(PendingStatus::Pending) => ", waiting",
        Some(PendingStatus::Posted) => ", reserved and then paid",
        Some(PendingStatus::Voided) => ", reserved and withdrawn",
        Some(PendingStatus::Expired) => ", reserved and lapsed",
    };
    let mut parts = vec![format!("{} on {}{status}", money(transfer.amount, ledger), transfer.effective)];
    for (label, said) in [
        ("Note", line.transfer.memo.as_deref()),
        ("About", transfer.reference.as_deref()),
        ("Entered by", line.actor_name.as_deref()),
        ("Through", transfer.via.as_deref()),
    ] {
        parts.extend(said.map(|said| format!("{label}: {said}")));
    }
    let sign = if line.balance < 0 { "-" } else { "" };
    parts.push(format!("Balance after it: {sign}{}.", money(line.balance.unsigned_abs(), ledger)));
    let text = parts.join(". ");
    Item { what, at: Some(transfer.recorded), text }
}

fn money(amount: u64, ledger: &Ledger) -> String {
    format!("{} {}", written_amount(amount, ledger.scale), ledger.unit)
}
