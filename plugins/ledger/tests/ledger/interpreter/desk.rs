//! Steps of those who come in, of stewards in words that people use, and of the counter.

use super::{Teller, kebab};
use ledger::books::{self, Founding};
use ledger::counter::{self, SlipPayment};
use ledger::model::{LedgerKind, Visibility};

impl Teller<'_> {
    pub(super) fn desk(&mut self, words: &[&str]) -> Option<String> {
        let option = |key: &str| {
            words.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix(':')).map(str::to_owned)
        };
        let (credit, upper) = (option("credit"), option("upper"));
        let (credit, upper) = (credit.as_deref(), upper.as_deref());
        let first = words.get(1).copied().unwrap_or_default();
        let id = self.id(first);
        let number = first.parse::<u32>().unwrap_or_default();
        let second = words.get(2).copied().unwrap_or_default();
        let host = &mut self.host;
        let (error, counter_error) = ("books/error", "counter/error");
        Some(match words[0] {
            "found" => {
                let founding = Founding {
                    id,
                    name: "Leaves".to_owned(),
                    unit: option("unit").unwrap(),
                    kind: LedgerKind::MutualCredit,
                    scale: 2,
                    credit: credit.map(str::to_owned),
                    joining: words.contains(&"joining"),
                };
                let answer = host.call(|host| books::found(host, &founding));
                self.answer(error, answer, |_, ledger| format!("{} {}", ledger.unit, kebab(&ledger.status)))
            }
            "join" => {
                let answer = host.call(|host| books::join(host, id));
                self.answer(error, answer, |_, account| format!("{} {:?}", account.code, account.available()))
            }
            "open-for" => {
                let answer = host.call(|host| books::open_for(host, id, second, credit, upper));
                self.answer(error, answer, |_, account| format!("{} {:?}", account.code, account.available()))
            }
            "limit-to" => {
                let (unit, code) = first.split_once('/').unwrap();
                let account = books::find_account(host, unit, code).unwrap();
                let answer = host.call(|host| books::limit_to(host, account, credit, upper));
                self.answer(error, answer, |_, account| {
                    format!("{:?} {:?}", account.available(), account.room())
                })
            }
            "shut" => {
                let (unit, code) = first.split_once('/').unwrap();
                let account = books::find_account(host, unit, code).unwrap();
                let answer = host.call(|host| books::close_account(host, account));
                self.answer(error, answer, |_, account| kebab(&account.status))
            }
            "set-joining" => {
                let joining = second == "on";
                let answer = host.call(|host| books::set_joining(host, id, joining, credit, upper));
                self.answer(error, answer, |_, settings| settings.joining.is_some().to_string())
            }
            "visibility" => {
                let who = match second {
                    "owner" => Visibility::Owner,
                    "members" => Visibility::Members,
                    _ => Visibility::Public,
                };
                let answer = host.call(|host| books::set_visibility(host, id, who));
                self.answer(error, answer, |_, settings| kebab(&settings.visibility))
            }
            "set-counter" => {
                let ceiling = option("ceiling");
                let answer = host.call(|host| books::set_counter(host, id, ceiling.as_deref()));
                self.answer(error, answer, |_, settings| format!("{:?}", settings.counter))
            }
            "balances" => {
                let answer = books::balances(host, id, None);
                self.answer(error, answer, |_, page| {
                    let shown =
                        page.accounts.iter().map(|account| format!("{} {}", account.code, account.balance()));
                    shown.collect::<Vec<_>>().join("; ")
                })
            }
            "issue-card" => {
                let answer = host.call(|host| counter::issue(host, first));
                self.answer(counter_error, answer, |_, number| number.to_string())
            }
            "set-pin" => {
                let answer = host.call(|host| counter::set_pin(host, number, second));
                self.answer(counter_error, answer, |_, ()| String::new())
            }
            "block-card" => {
                let answer = host.call(|host| counter::block(host, number));
                self.answer(counter_error, answer, |_, ()| String::new())
            }
            "identify" => {
                let answer = host.call(|host| counter::identify(host, number, second));
                self.answer(counter_error, answer, |_, right| right.to_string())
            }
            "leave" => {
                let answer = host.call(counter::leave);
                self.answer(counter_error, answer, |_, ()| String::new())
            }
            "pay-slip" => {
                let payment = SlipPayment {
                    id,
                    slip: option("slip").unwrap().parse().unwrap(),
                    unit: option("unit").unwrap_or("LEAF".to_owned()),
                    payee: option("to").unwrap(),
                    amount: option("amount").unwrap(),
                    memo: None,
                };
                let answer = host.call(|host| counter::pay(host, payment));
                self.answer(counter_error, answer, |_, receipt| receipt.debit_balance.to_string())
            }
            "cards" => {
                let answer = counter::cards(host);
                self.answer(counter_error, answer, |_, cards| {
                    let shown = cards.iter().map(|(number, card)| format!("{number} {}", card.pin.is_some()));
                    shown.collect::<Vec<_>>().join("; ")
                })
            }
            _ => return None,
        })
    }
}
