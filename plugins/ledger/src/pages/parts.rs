//! What several pages show: amounts, parties, one line of a statement, the choice of an account.

use super::sheet::{write_money, write_party};
use super::{Own, Scene};
use crate::model::{Account, Id, PendingStatus, Side, TransferKind};
use crate::rows;
use crate::statement::Line;

impl Scene<'_> {
    /// An amount that the host writes as the viewer's language does.
    pub fn money(&mut self, amount: i128, signed: bool) {
        write_money(&mut self.html, &self.chosen.ledger, amount, signed);
    }

    /// An amount within a sentence.
    pub fn amount_words(&self, amount: u64) -> String {
        self.words.amount(amount, &self.chosen.ledger)
    }

    /// Whose an account is, by name; its code where nobody may know.
    pub fn owner_of(&mut self, account: Id) {
        match rows::account(self.host, account) {
            Some(account) => self.party(account.owner, &account.code),
            None => {
                self.html.text("?");
            }
        }
    }

    pub fn party(&mut self, party: Id, else_shown: &str) {
        write_party(&mut self.html, party, else_shown);
    }

    /// The query that keeps the chosen account; empty for the first one.
    pub fn keep_account(&self) -> String {
        let first = self.accounts.first().map(|own| own.account.id);
        if first == Some(self.chosen.account.id) {
            String::new()
        } else {
            format!("?account={}", self.chosen.account.id)
        }
    }

    /// A hidden field that keeps the chosen account in a form that asks for a page.
    pub fn hidden_account(&mut self) {
        let id = self.chosen.account.id.to_string();
        self.html.markup("<input type=\"hidden\" name=\"account\" value=\"").text(&id).markup("\">");
    }

    /// Which account this is about, if there are several.
    pub fn switch(&mut self, page: &'static str) {
        if self.accounts.len() < 2 {
            return;
        }
        self.html.markup("<form action=\"./").markup(page).markup("\" class=\"row\"><label for=\"account\">");
        let label = self.words.say("which-account");
        self.html.text(&label).markup("</label><select id=\"account\" name=\"account\">");
        let accounts = self.accounts.clone();
        for own in &accounts {
            let label = self.label(own);
            self.html.markup("<option value=\"").text(own.account.id).markup("\"");
            if own.account.id == self.chosen.account.id {
                self.html.markup(" selected");
            }
            self.html.markup(">").text(&label).markup("</option>");
        }
        let show = self.words.say("show");
        self.html.markup("</select><button class=\"quiet\">").text(&show).markup("</button></form>");
    }

    fn label(&mut self, own: &Own) -> String {
        let name = match self.host.party(own.account.owner) {
            Some(party) if own.account.owner != self.person && !party.name.is_empty() => party.name,
            _ => String::new(),
        };
        let ledger = &own.ledger.name;
        if name.is_empty() {
            format!("{ledger} · {}", own.account.code)
        } else {
            format!("{ledger} · {name}")
        }
    }

    /// One payment, for a list.
    pub fn line(&mut self, line: &Line) {
        let transfer = &line.transfer.transfer;
        self.html.markup("<li class=\"item spread\"><div>");
        self.with_whom(line);
        self.html.markup("<p class=\"soft\"><small><h-time format=\"relative\" value=\"");
        self.html.text(transfer.recorded).markup("\">").text(transfer.effective);
        self.html.markup("</h-time></small></p></div><div class=\"num\">");
        self.moved(line);
        self.html.markup("</div></li>");
    }

    /// To or from whom, and what for.
    pub fn with_whom(&mut self, line: &Line) {
        let transfer = &line.transfer.transfer;
        let (side, other) = match line.side {
            Side::Debit => ("paid-to", transfer.credit),
            Side::Credit => ("received-from", transfer.debit),
        };
        let side = self.words.say(side);
        self.html.markup("<span class=\"soft\">").text(&side).markup("</span> ");
        self.owner_of(other);
        self.what_for(line);
    }

    /// The note, and where a reservation stands.
    fn what_for(&mut self, line: &Line) {
        if let Some(memo) = &line.transfer.memo {
            self.html.markup("<p>").text(memo).markup("</p>");
        }
        if let Some(status) = line.transfer.status {
            let words = self.words.say(match status {
                PendingStatus::Pending => "is-waiting",
                PendingStatus::Posted => "is-posted",
                PendingStatus::Voided => "is-voided",
                PendingStatus::Expired => "is-expired",
            });
            self.html.markup("<span class=\"tag\">").text(&words).markup("</span>");
        }
    }

    /// The amount with its sign; of what only was reserved or released without one.
    pub fn moved(&mut self, line: &Line) {
        let transfer = &line.transfer.transfer;
        let amount = i128::from(transfer.amount);
        match (transfer.kind, line.side) {
            (TransferKind::Pending(_) | TransferKind::VoidPending(_), _) => {
                self.html.markup("<span class=\"soft\">");
                self.money(amount, false);
                self.html.markup("</span>");
            }
            (_, Side::Debit) => self.money(-amount, true),
            (_, Side::Credit) => self.money(amount, true),
        }
    }
}

/// What of a limit is the last tenth.
pub(super) fn is_near(account: &Account) -> bool {
    match (account.limits.credit, account.available()) {
        (Some(credit), Some(left)) => account.balance() < 0 && left <= credit / 10,
        _ => false,
    }
}
