// What both versions of the friend do: count, and `wave_back`.

use exports::example::greedy_stall::friend::{Guest, Id, TransferError};
use hamlet::host::storage;

struct Friend;

export!(Friend);

impl Guest for Friend {
    fn wave(price: u64, account: Id, till: Id) -> Result<(), TransferError> {
        // A friend that cannot count is none: the host undoes the call.
        if storage::add(b"waves", 1).is_err() {
            core::arch::wasm32::unreachable()
        }
        wave_back(price, account, till)
    }

    fn waves() -> u64 {
        let row = storage::get(b"waves").ok().flatten();
        row.and_then(|row| row.try_into().ok()).map_or(0, u64::from_be_bytes)
    }
}
