"""Asking the ledger for a payment."""

from wit_world.imports import random, transfers
from wit_world.imports.hamlet_host_types import Id
from wit_world.imports.hamlet_ledger_types import TransferInput, TransferKind_Post


def new_id() -> Id:
    """An id for a payment."""
    return random.new_id()


def pay(id: Id, account: Id, till: Id, amount: int, memo: str, reference: str) -> transfers.Receipt:
    """Moves money from a buyer's account to a till.

    The ledger asks the host whether the buyer wills it: she confirmed exactly this, or she gave
    this plugin a grant that covers it. Raises `Err` of a `TransferError` when it is refused.
    """
    return transfers.submit(TransferInput(
        id=id, debit=account, credit=till, amount=amount, kind=TransferKind_Post(), code=0,
        effective=None, memo=memo, reference=reference, corrects=None, linked=False,
    ))
