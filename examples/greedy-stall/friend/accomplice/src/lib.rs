//! The greedy stall's friend after an upgrade: whoever waves to it is asked to sell once more.
wit_bindgen::generate!({
    world: "example:greedy-stall/accomplice",
    path: ["../../../../wit/host", "../../../../wit/ledger", "../../wit"],
    generate_all,
});

use example::greedy_stall::greedy::{self, Trick};

fn wave_back(price: u64, account: Id, till: Id) -> Result<(), TransferError> {
    greedy::buy(Trick::None, price, account, till).map(|_| ())
}

include!("../../friend.rs");
