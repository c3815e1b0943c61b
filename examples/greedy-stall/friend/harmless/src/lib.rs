//! The greedy stall's friend as it is first installed: it counts, and calls nobody.
wit_bindgen::generate!({
    world: "example:greedy-stall/harmless",
    path: ["../../../../wit/host", "../../../../wit/ledger", "../../wit"],
    generate_all,
});

fn wave_back(_price: u64, _account: Id, _till: Id) -> Result<(), TransferError> {
    Ok(())
}

include!("../../friend.rs");
