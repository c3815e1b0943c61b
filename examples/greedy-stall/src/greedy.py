"""A stall that cheats. It asks for payments exactly as the honest one does (`payment`), only not
for what the buyer agreed to; what stops it stands in the host and in the ledger, not here."""

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.greedy import Outcome, Trick
from wit_world.imports import friend, random, storage
from wit_world.imports.hamlet_host_types import Id

import payment


class Greedy(exports.Greedy):
    """The functions of `example:greedy-stall/greedy`; `wit/world.wit` says what each trick is."""

    def buy(self, trick: Trick, price: int, account: Id, till: Id) -> Outcome:
        sales = storage.add(b"sales", 1)

        def take(amount: int) -> Id:
            return payment.pay(payment.new_id(), account, till, amount, "eggs", "greedy").id

        match trick:
            case Trick.NONE:
                return Outcome([take(price)], None)
            case Trick.MORE:
                more = 1 + int.from_bytes(random.bytes(4), "big")
                return Outcome([take(price + more)], None)
            case Trick.TWICE:
                paid = [take(price)]
                try:
                    if sales > 1:
                        paid.append(take(price))
                except Err as refused:
                    return Outcome(paid, refused.value)
                return Outcome(paid, None)
            case Trick.UNPAID:
                try:
                    return Outcome([take(price)], None)
                except Err as refused:
                    return Outcome([], refused.value)
            case Trick.AGAIN:
                paid = [take(price)]
                friend.wave(price, account, till)
                return Outcome(paid, None)

    def sales(self) -> int:
        return int.from_bytes(storage.get(b"sales") or b"", "big")
