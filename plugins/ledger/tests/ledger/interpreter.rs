//! Tells a story: a table of steps, each with who does what and what is answered.
//!
//! Names: parties and accounts by their words, transfers by numbers. An answer is `ok` with what
//! is worth looking at, or the name of an error's case as in the contract.

mod desk;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use ledger::books::{self, AccountInput, LedgerInput};
use ledger::host::{Actor, Refusal};
use ledger::model::{Id, LedgerKind, Limits, Receipt, TransferInput, TransferKind};
use ledger::statement::{self, Filter};
use ledger::trade::{self, Format};
use ledger::{errors::TransferError, posting};

use super::double::{Consent, Double};

/// What a story went through.
#[derive(Default)]
pub struct Covered {
    /// Error cases, as `interface/variant/case`.
    pub cases: BTreeSet<String>,
    /// Changes of a transfer's state.
    pub changes: BTreeSet<String>,
}

pub fn tell(name: &str, story: &str, covered: &mut Covered) {
    let mut teller = Teller { host: Double::new(), names: BTreeMap::new(), covered };
    let mut otherwise = Vec::new();
    for (number, line) in story.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let columns: Vec<_> = line.split('|').map(str::trim).collect();
        let [who, what, expected] = columns[..] else { panic!("{name}:{}: three columns", number + 1) };
        teller.become_actor(who);
        let answer = teller.step(what);
        if answer != expected {
            otherwise.push(format!("{name}:{}: {who} | {what} | {answer}\n  and not {expected}", number + 1));
        }
    }
    assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
}

struct Teller<'a> {
    host: Double,
    names: BTreeMap<String, Id>,
    covered: &'a mut Covered,
}

impl Teller<'_> {
    fn become_actor(&mut self, who: &str) {
        let (who, via) = match who.split_once(" via ") {
            Some((who, via)) => (who, Some(via.to_owned())),
            None => (who, None),
        };
        self.host.via = via;
        self.host.actor = match who {
            "" | "console" => Actor::Console,
            "stranger" => Actor::Stranger,
            "decision" => Actor::Decision(Id(77)),
            _ => match who.strip_prefix("plugin ") {
                Some(plugin) => Actor::Plugin(plugin.to_owned()),
                None => Actor::Person(self.id(who)),
            },
        };
    }

    /// Numbers are themselves; a word is given an id when it is first met.
    fn id(&mut self, word: &str) -> Id {
        if let Ok(number) = word.parse() {
            return Id(number);
        }
        if word == "max" {
            return Id(u128::MAX);
        }
        let next = Id(1_000_000 + self.names.len() as u128);
        *self.names.entry(word.to_owned()).or_insert(next)
    }

    fn word(&self, id: Id) -> String {
        let known = self.names.iter().find(|(_, known)| **known == id);
        known.map_or_else(|| id.0.to_string(), |(word, _)| word.clone())
    }

    fn step(&mut self, what: &str) -> String {
        let words: Vec<&str> = what.split_whitespace().collect();
        if let Some(answer) = self.desk(&words) {
            return answer;
        }
        let host = &mut self.host;
        match words[0] {
            "party" => {
                let id = self.id(words[1]);
                self.host.add_party(id, words[1], words.get(2) == Some(&"commons"));
                "ok".to_owned()
            }
            "mandate" => {
                let pair = (self.id(words[1]), self.id(words[2]));
                self.host.mandates.insert(pair);
                "ok".to_owned()
            }
            "withdraw" => {
                let pair = (self.id(words[1]), self.id(words[2]));
                self.host.mandates.remove(&pair);
                "ok".to_owned()
            }
            "group" => {
                let person = self.id(words[1]);
                self.host.groups.insert((person, words[2].to_owned()));
                "ok".to_owned()
            }
            "recovered" => {
                let party = self.id(words[1]);
                self.host.recovered.insert(party, self.host.now);
                "ok".to_owned()
            }
            "erase" => {
                let party = self.id(words[1]);
                self.host.erased.insert(party);
                "ok".to_owned()
            }
            "wait" => {
                host.now += 1_000_000 * words[1].parse::<u64>().unwrap();
                "ok".to_owned()
            }
            "consent" => {
                host.consent = match words[1] {
                    "given" => Consent::Given,
                    "needed" => Consent::Refused(Refusal::ConfirmationNeeded),
                    "differs" => Consent::Refused(Refusal::DiffersFromConfirmed),
                    "nobody" => Consent::Refused(Refusal::NoMandate),
                    grant => Consent::Grant(grant.parse().unwrap()),
                };
                host.needs.clear();
                "ok".to_owned()
            }
            "asked" => {
                let needs: Vec<_> = host.needs.iter().map(|need| need.sentence.clone()).collect();
                needs.join("; ")
            }
            "told" => {
                let told = std::mem::take(&mut host.told);
                let told = told.into_iter().map(|(view, audience)| {
                    let status = view.status.map_or(String::new(), |status| format!(" {}", kebab(&status)));
                    let [debtor, creditor] = audience.map(|party| self.word(party));
                    format!("{}{status} to {debtor} {creditor}", view.transfer.id.0)
                });
                told.collect::<Vec<_>>().join("; ")
            }
            "woken" => match host.wake {
                Some(at) => format!(
                    "in {}",
                    i128::from((at / 1_000_000).cast_signed())
                        - i128::from((host.now / 1_000_000).cast_signed())
                ),
                None => "never".to_owned(),
            },
            "expire" => {
                host.wake = None;
                let told = host.told.len();
                posting::expire(host);
                for (view, _) in &self.host.told[told..] {
                    if let Some(status) = view.status {
                        self.covered.changes.insert(format!("pending → {}", kebab(&status)));
                    }
                }
                "ok".to_owned()
            }
            "rows" => host.rows.len().to_string(),
            "submit" => self.submit(&words[1..]),
            "list" => self.list(what.strip_prefix("list").unwrap()),
            "long-list" => {
                let input = self.input(&["1", "1", "2", "1"]);
                let inputs = vec![input; words[1].parse().unwrap()];
                let answer = self.host.call(|host| posting::submit_all(host, &inputs));
                self.answer("transfers/list-error", answer, |_, list| list.len().to_string())
            }
            "pay" => {
                let payment = posting::Payment {
                    id: self.id(words[1]),
                    payer: words[2].to_owned(),
                    payee: words[3].to_owned(),
                    amount: words[4].to_owned(),
                    unit: words[5].to_owned(),
                    memo: None,
                };
                let answer = self.host.call(|host| posting::pay(host, payment));
                self.answer("types/transfer-error", answer, |_, receipt| receipt.debit_balance.to_string())
            }
            "refund" => {
                let (id, original) = (self.id(words[1]), self.id(words[2]));
                let amount = words.get(3).map(|amount| amount.parse().unwrap());
                let answer = self.host.call(|host| posting::refund(host, id, original, amount, None));
                self.answer("types/transfer-error", answer, |_, receipt| receipt.debit_balance.to_string())
            }
            _ => self.look_or_keep(&words, what),
        }
    }

    fn submit(&mut self, words: &[&str]) -> String {
        let input = self.input(words);
        let answer = self.host.call(|host| posting::submit(host, &input));
        self.note_change(&input, &answer);
        self.answer("types/transfer-error", answer, |_, receipt| receipt.debit_balance.to_string())
    }

    fn list(&mut self, items: &str) -> String {
        let items: Vec<_> =
            items.split(';').map(|item| item.split_whitespace().collect::<Vec<_>>()).collect();
        let inputs: Vec<_> = items.iter().map(|words| self.input(words)).collect();
        let answers = self.host.call(|host| posting::submit_all(host, &inputs)).unwrap();
        let mut texts = Vec::new();
        for (input, answer) in inputs.iter().zip(answers) {
            self.note_change(input, &answer);
            texts.push(
                self.answer("types/transfer-error", answer, |_, receipt| receipt.debit_balance.to_string()),
            );
        }
        texts.join("; ")
    }

    fn note_change(&mut self, input: &TransferInput, answer: &Result<Receipt, TransferError>) {
        if answer.is_ok() {
            let change = match input.kind {
                TransferKind::Post => "→ posted",
                TransferKind::Pending(_) => "→ pending",
                TransferKind::PostPending(_) if input.amount == 0 => "pending → posted",
                TransferKind::PostPending(_) => "pending → posted in part",
                TransferKind::VoidPending(_) => "pending → voided",
            };
            self.covered.changes.insert(change.to_owned());
        }
    }

    /// `ID DEBIT CREDIT AMOUNT`, then `pending:SECONDS post:ID void:ID code:N on:DATE memo:TEXT ref:TEXT
    /// corrects:ID linked` as wanted; `memo:+N` is N bytes long.
    fn input(&mut self, words: &[&str]) -> TransferInput {
        let mut input = TransferInput::post(
            self.id(words[0]),
            self.id(words[1]),
            self.id(words[2]),
            words[3].parse().unwrap(),
        );
        for word in &words[4..] {
            let (key, value) = word.split_once(':').unwrap_or((word, ""));
            match key {
                "pending" => input.kind = TransferKind::Pending(value.parse().unwrap()),
                "post" => input.kind = TransferKind::PostPending(self.id(value)),
                "void" => input.kind = TransferKind::VoidPending(self.id(value)),
                "code" => input.code = value.parse().unwrap(),
                "on" => input.effective = Some(value.to_owned()),
                "memo" => input.memo = Some(text(value)),
                "ref" => input.reference = Some(text(value)),
                "corrects" => input.corrects = Some(self.id(value)),
                "linked" => input.linked = true,
                other => panic!("unknown word {other}"),
            }
        }
        input
    }

    fn look_or_keep(&mut self, words: &[&str], what: &str) -> String {
        let option = |key: &str| {
            words.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix(':')).map(str::to_owned)
        };
        let ids: Vec<Id> =
            words[1..].iter().filter(|word| !word.contains(':')).map(|word| self.id(word)).collect();
        let (host, error) = (&mut self.host, "books/error");
        match words[0] {
            "create-ledger" => {
                let input = LedgerInput {
                    id: ids[0],
                    unit: option("unit").unwrap_or_default(),
                    name: option("name").unwrap_or_default(),
                    scale: option("scale").map_or(2, |scale| scale.parse().unwrap()),
                    kind: LedgerKind::MutualCredit,
                };
                let answer = host.call(|host| books::create_ledger(host, &input));
                self.answer(error, answer, |_, ledger| kebab(&ledger.status))
            }
            "open-ledger" => {
                let answer = host.call(|host| books::open_ledger(host, ids[0]));
                self.answer(error, answer, |_, ()| String::new())
            }
            "close-ledger" => {
                let answer = host.call(|host| books::close_ledger(host, ids[0]));
                self.answer(error, answer, |_, ()| String::new())
            }
            "seal-period" => {
                let through = option("through").unwrap();
                let answer = host.call(|host| books::seal_period(host, ids[0], &through));
                self.answer(error, answer, |_, ()| String::new())
            }
            "ledgers" => {
                let ledgers = books::ledgers(host);
                let units: Vec<_> = ledgers
                    .iter()
                    .map(|ledger| format!("{} {}", ledger.unit, kebab(&ledger.status)))
                    .collect();
                units.join("; ")
            }
            "open-account" => {
                let input = AccountInput {
                    id: ids[0],
                    ledger: ids[1],
                    owner: ids[2],
                    code: option("code").map_or_else(|| words[1].to_owned(), |code| text(&code)),
                    limits: limits(&option),
                };
                let answer = host.call(|host| books::open_account(host, &input));
                self.answer(error, answer, |_, account| account.balance().to_string())
            }
            "set-limits" => {
                let limits = limits(&option);
                let answer = host.call(|host| books::set_limits(host, ids[0], limits));
                self.answer(error, answer, |_, account| format!("{:?}", account.available()))
            }
            "suspend" | "resume" => {
                let answer = host.call(|host| books::set_suspended(host, ids[0], words[0] == "suspend"));
                self.answer(error, answer, |_, account| kebab(&account.status))
            }
            "close-account" => {
                let answer = host.call(|host| books::close_account(host, ids[0]));
                self.answer(error, answer, |_, account| kebab(&account.status))
            }
            "account" => {
                let answer = books::get_account(host, ids[0]);
                self.answer(error, answer, |_, account| {
                    let sums = account.sums;
                    let number =
                        |limit: Option<u64>| limit.map_or("any".to_owned(), |limit| limit.to_string());
                    format!(
                        "{} reserved {} {} available {} room {}",
                        account.balance(),
                        sums.debits_pending,
                        sums.credits_pending,
                        number(account.available()),
                        number(account.room()),
                    )
                })
            }
            "accounts-of" => {
                let answer = books::accounts_of(host, ids.first().copied());
                self.answer(error, answer, |teller, accounts| {
                    accounts.iter().map(|account| teller.word(account.id)).collect::<Vec<_>>().join(" ")
                })
            }
            "find-account" => {
                let (unit, code) = (option("unit").unwrap(), option("code").unwrap());
                let answer = books::find_account(host, &unit, &code);
                self.answer(error, answer, Teller::word)
            }
            "accounts" => {
                let cursor = option("cursor");
                let answer = books::accounts(host, ids[0], cursor.as_deref());
                self.answer(error, answer, |_, page| {
                    page.accounts.iter().map(|account| account.code.clone()).collect::<Vec<_>>().join(" ")
                })
            }
            "limit-changes" => {
                let answer = books::limit_changes(host, ids[0]);
                self.answer(error, answer, |teller, changes| {
                    let change = |change: &ledger::model::LimitChange| {
                        let by = change.by.map_or("nobody".to_owned(), |by| teller.word(by));
                        format!("{:?} by {by}", change.limits.credit)
                    };
                    changes.iter().map(change).collect::<Vec<_>>().join("; ")
                })
            }
            "as-of" => {
                let (day, recorded) = (option("day").unwrap(), option("ago"));
                let recorded = recorded.map(|ago| host.now - 1_000_000 * ago.parse::<u64>().unwrap());
                let answer = books::balance_as_of(host, ids[0], &day, recorded);
                self.answer(error, answer, |_, at| at.balance.to_string())
            }
            "trial" => {
                let answer = books::get_trial_balance(host, ids[0]);
                self.answer(error, answer, |_, trial| {
                    let sums = trial.sums;
                    assert_eq!(
                        (sums.debits_posted, sums.debits_pending),
                        (sums.credits_posted, sums.credits_pending)
                    );
                    format!("{} accounts {} transfers {}", trial.accounts, trial.transfers, sums.balance())
                })
            }
            "choices" => {
                let choices = books::choices(host);
                choices
                    .iter()
                    .map(|(account, unit)| format!("{} {unit}", account.code))
                    .collect::<Vec<_>>()
                    .join("; ")
            }
            "get" => {
                let answer = statement::get(host, ids[0]);
                self.answer("transfers/error", answer, |_, view| {
                    let status = view.status.map_or("posted".to_owned(), |status| kebab(&status));
                    format!("{status} {} memo {}", view.transfer.amount, view.memo.as_deref().unwrap_or("-"))
                })
            }
            "statement" => {
                let filter = Filter {
                    from: option("from"),
                    through: option("through"),
                    search: option("search"),
                    party: None,
                };
                let limit = option("limit").map_or(0, |limit| limit.parse().unwrap());
                let cursor = option("cursor")
                    .map(|cursor| cursor.parse::<u128>().map_or(cursor, |id| Id(id).to_string()));
                let answer = statement::statement(host, ids[0], &filter, limit, cursor.as_deref());
                self.answer("transfers/error", answer, |_, page| {
                    let mut lines: Vec<_> = page
                        .lines
                        .iter()
                        .map(|line| {
                            let by = line.actor_name.as_deref().unwrap_or("-");
                            let memo = line.transfer.memo.as_deref().unwrap_or("-");
                            let id = line.transfer.transfer.id.0;
                            format!(
                                "{id} {} {} {by} {memo} {}",
                                kebab(&line.side),
                                line.counterparty,
                                line.balance
                            )
                        })
                        .collect();
                    lines.extend(page.next.map(|_| "more".to_owned()));
                    lines.join("; ")
                })
            }
            _ => self.exchange(words, what, &ids),
        }
    }

    /// What follows `:: ` is text, with `/` for the end of a line.
    fn exchange(&mut self, words: &[&str], what: &str, ids: &[Id]) -> String {
        let text = what.split_once(":: ").map_or(String::new(), |(_, text)| text.replace('/', "\n"));
        let text = if words.contains(&"endless:") { "x".repeat(2_000_000) } else { text };
        let error = "exchange/error";
        let host = &mut self.host;
        let counts = |_: &Self, report: trade::Report| {
            let next = report.next.map_or(String::new(), |next| format!(" next {next}"));
            let warnings = report.warnings.iter().map(|(what, times)| format!(" {times} {}", kebab(what)));
            format!(
                "{} accounts {} transfers {} unchanged{}{next}",
                report.accounts,
                report.transfers,
                report.unchanged,
                warnings.collect::<String>()
            )
        };
        match words[0] {
            "import-accounts" => {
                let answer = host.call(|host| trade::import_accounts(host, ids[0], &text));
                self.answer(error, answer, counts)
            }
            "import-transfers" => {
                let answer = host.call(|host| trade::import_transfers(host, ids[0], &text));
                self.answer(error, answer, counts)
            }
            "import-journal" => {
                let answer = host.call(|host| trade::import_journal(host, &text, Format::Hledger, ids[0], 0));
                self.answer(error, answer, counts)
            }
            "export" => {
                let cursor = words[2..].first().and_then(|word| word.strip_prefix("cursor:"));
                let answer = trade::export_journal(host, ids[0], Format::Hledger, cursor);
                self.answer(error, answer, |_, piece| piece.next.unwrap_or_default())
            }
            other => panic!("unknown step {other}"),
        }
    }

    fn answer<T, E: Debug>(
        &mut self,
        variant: &str,
        answer: Result<T, E>,
        ok: impl FnOnce(&Self, T) -> String,
    ) -> String {
        match answer {
            Ok(value) => format!("ok {}", ok(self, value)).trim().to_owned(),
            Err(error) => {
                let text = kebab(&error);
                let case = text.split('(').next().unwrap();
                self.covered.cases.insert(format!("{variant}/{case}"));
                text
            }
        }
    }
}

fn limits(option: &dyn Fn(&str) -> Option<String>) -> Limits {
    let limit = |key| option(key).map(|limit: String| limit.parse().unwrap());
    Limits { credit: limit("credit"), upper: limit("upper") }
}

fn text(value: &str) -> String {
    match value.strip_prefix('+') {
        Some(bytes) => "x".repeat(bytes.parse().unwrap()),
        None => value.to_owned(),
    }
}

/// `ExistsDifferent("amount")` as `exists-different(amount)`; ids and times without their wrapping.
fn kebab(value: &dyn Debug) -> String {
    let text = format!("{value:?}");
    let (name, payload) =
        text.split_once('(').map_or((text.as_str(), None), |(name, rest)| (name, Some(rest)));
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push('-');
        }
        words.extend(letter.to_lowercase());
    }
    let Some(payload) = payload else { return words };
    if words == "exists" {
        return words;
    }
    let payload = payload.strip_suffix(')').unwrap();
    let payload = payload.strip_prefix("Id(").or(payload.strip_prefix("Day(")).unwrap_or(payload);
    let payload: String = payload.chars().filter(|letter| !matches!(letter, '"' | ')')).collect();
    format!("{words}({})", payload.to_lowercase())
}
