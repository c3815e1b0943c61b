"""A market stall: what it sells, what it sold, and how a sale and its payment are one fact.

The host opens one transaction for each call, and there is nothing here that begins, commits or
undoes it: whoever returns normally has written, whoever raises `Err` has written nothing (T2).
"""

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports import stall
from wit_world.imports import clock
from wit_world.imports.hamlet_host_types import Id

import payment
import rows

AMOUNT_MAX = 2**63 - 1


class Stall(exports.Stall):
    """The functions of `example:stall/stall`; `wit/world.wit` says what each one promises."""

    def set_up(self, name: str, till: Id) -> stall.Description:
        description = stall.Description(checked_name(name), till)
        rows.put_description(description)
        return description

    def offer(self, name: str, price: int, stock: int) -> stall.Item:
        if not 1 <= price <= AMOUNT_MAX:
            raise Err(stall.Error_PriceInvalid())
        item = stall.Item(checked_name(name), price, stock)
        rows.put_item(item)
        return item

    def items(self) -> list[stall.Item]:
        return rows.items()

    def buy(self, item: str, quantity: int, price: int, account: Id) -> stall.Sale:
        description = rows.description() or refuse(stall.Error_NotSetUp())
        offered = rows.item(item) or refuse(stall.Error_ItemNotFound())
        if quantity == 0:
            refuse(stall.Error_QuantityInvalid())
        if price != offered.price:
            refuse(stall.Error_PriceDiffers(offered.price))
        if quantity > offered.stock:
            refuse(stall.Error_OutOfStock(offered.stock))
        total = quantity * price
        if total > AMOUNT_MAX:
            refuse(stall.Error_PriceInvalid())

        # First what the stall itself knows: should the payment be refused, the host undoes it.
        # Nothing that was read before the payment is used after it (T5).
        sale = stall.Sale(rows.next_number(), item, quantity, total, payment.new_id(), clock.now())
        rows.put_item(stall.Item(item, price, offered.stock - quantity))
        rows.put_sale(sale)
        try:
            payment.pay(sale.transfer, account, description.till, total, f"{quantity} × {item}", f"sale {sale.number}")
        except Err as refused:
            refuse(stall.Error_PaymentRefused(refused.value))
        return sale

    def sales(self, cursor: int | None) -> stall.SalePage:
        if cursor == 0:
            refuse(stall.Error_CursorInvalid())
        sales, more = rows.sales_before(cursor, 100)
        return stall.SalePage(sales, sales[-1].number if more else None)


def checked_name(name: str) -> str:
    """A name of 1 to 64 bytes."""
    if not 1 <= len(name.encode()) <= 64:
        refuse(stall.Error_NameInvalid())
    return name


def refuse(why: stall.Error):
    """Ends the call; nothing that it wrote remains."""
    raise Err(why)
