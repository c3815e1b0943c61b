//! Caring for the box: how it is, what was done on it, copies of it, and what members are told.
//!
//! | path | who | what |
//! |---|---|---|
//! | `/stewards` | stewards | the way to all of these |
//! | `/stewards/health` | stewards | plugins' calls and failures, disk, certificate, events that could not be told |
//! | `/stewards/backups` | stewards | copies: make, plan, download, try out; the key that opens them |
//! | `/stewards/mail` | stewards | the mail server |
//! | `/journal` | members: her own; stewards: all | what was done, with its proof |
//! | `/me/inbox` | members | notices, and what she wants to be told about |
//! | `/p/{plugin}/blob/{hash}` | members | pictures of plugins |
//!
//! It decides no right that a native does not: a page that asks a native gets what whoever is signed in may have. What
//! comes from the caretaker (disk, copies) is checked here, for stewards. If it is wrong, a member downloads the copy of
//! everybody, or nobody sees that there is none.

mod backup_key;
mod backups;
mod carry;
mod health;
mod inbox;
mod journal;
mod journal_entry;
pub(crate) mod kept;
mod mail;
mod pictures;

pub(crate) use backup_key::sheet as backup_sheet;
pub(crate) use carry::carry;
pub(crate) use inbox::unread;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use maud::html;

use super::shell::{self, Frame};
use super::visit::{Member, Visit};

/// The part of the way around that these pages belong to.
const PLACE: &str = "/stewards";

pub(super) fn router() -> Router {
    Router::new()
        .route("/stewards", get(index))
        .route("/stewards/health", get(health::page))
        .route("/stewards/health/letter", post(health::letter))
        .route("/stewards/backups", get(backups::page))
        .route("/stewards/backups/make", post(backups::make))
        .route("/stewards/backups/plan", post(backups::plan))
        .route("/stewards/backups/try", post(backups::try_out))
        .route("/stewards/backups/get/{file}", get(backups::download))
        .route("/stewards/backups/key", get(backup_key::page).post(backup_key::make))
        .route("/stewards/mail", get(mail::page).post(mail::set))
        .route("/stewards/mail/try", post(mail::try_out))
        .route("/journal", get(journal::page))
        .route("/journal/{sequence}/{command}", get(journal_entry::page))
        .route("/journal/{sequence}/{command}/receipt", get(journal_entry::receipt))
        .route("/me/inbox", get(inbox::page))
        .route("/me/inbox/read", post(inbox::read))
        .route("/me/inbox/forget", post(inbox::forget))
        .route("/me/inbox/choose", post(inbox::choose))
        .route("/me/inbox/times", post(inbox::set_times))
        .route("/me/inbox/address", post(inbox::address))
        .route("/me/inbox/address/forget", post(inbox::forget_address))
        .route("/confirm-address/{secret}", get(inbox::confirm_page).post(inbox::confirm))
        .route("/sw.js", get(kept::worker))
        .route("/offline", get(kept::offline))
        .route("/p/{plugin}/blob/{hash}", get(pictures::picture))
}

/// Where stewards find what there is to care for.
async fn index(member: Member) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    if !member.browser.steward {
        return denied(visit, &say.t("care"));
    }
    let pages = [
        ("/stewards/health", "health", "health-about"),
        ("/stewards/backups", "backups", "backups-about"),
        ("/stewards/mail", "mail", "mail-about"),
        ("/journal", "journal", "journal-about"),
        ("/stewards/plugins", "plugins", "plugins-about"),
        ("/stewards/invitations", "invitations", "invitations-about"),
        ("/recoveries", "recoveries", "recoveries-about"),
    ];
    let body = html! {
        h1 { (say.t("care")) }
        ul class="cards" {
            @for (path, title, about) in pages {
                li { a class="card" href=(path) { h2 class="h3" { (say.t(title)) } p class="soft" { (say.t(about)) } } }
            }
        }
    };
    shell::page(visit, &frame(&say.t("care")), &body)
}

fn frame(title: &str) -> Frame<'_> {
    Frame { title, place: PLACE, ..Frame::default() }
}

fn denied(visit: &Visit, title: &str) -> Response {
    shell::denied(visit, &frame(title))
}

/// A number of bytes, as people read it.
fn bytes(number: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if number < 1_000 {
        return format!("{number} B");
    }
    let mut tenths = u128::from(number) * 10;
    let mut unit = "";
    for next in UNITS {
        if tenths < 10_000 {
            break;
        }
        tenths /= 1_000;
        unit = next;
    }
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// Does something that may wait, beside the threads of connections; none: it panicked, and the log says so.
pub(super) async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.inspect_err(|error| tracing::error!(%error, "a page's work failed")).ok()
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn bytes_are_said_in_the_unit_that_fits() {
        for (number, said) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (1_550, "1.5 kB"),
            (999_999, "999.9 kB"),
            (12_345_678, "12.3 MB"),
            (u64::MAX, "18446744.0 TB"),
        ] {
            assert_eq!(bytes(number), said);
        }
    }
}
