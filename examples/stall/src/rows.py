"""How the stall keeps what it knows in the host's storage.

| key | value |
|---|---|
| `stall` | version, till, name |
| `item/` name | version, price, stock |
| `number` | the number of the newest sale, as the host's counter |
| `sale/` number, eight bytes | version, quantity, paid, transfer, time, item |

Numbers are big-endian, so that sales lie in the order of their numbers. Names are the rest of a
key or value in UTF-8. Nothing here is about a person (C6): the ledger knows who paid.
"""

import struct

from wit_world.exports import stall
from wit_world.imports import storage
from wit_world.imports.hamlet_host_types import Id

VERSION = 1
DESCRIPTION = struct.Struct(">BQQ")
ITEM = struct.Struct(">BQI")
SALE = struct.Struct(">BIQQQQ")
NUMBER = struct.Struct(">Q")


def description() -> stall.Description | None:
    row = storage.get(b"stall")
    if row is None:
        return None
    _, high, low = DESCRIPTION.unpack_from(row)
    return stall.Description(row[DESCRIPTION.size:].decode(), Id(high, low))


def put_description(new: stall.Description) -> None:
    storage.set(b"stall", DESCRIPTION.pack(VERSION, new.till.high, new.till.low) + new.name.encode())


def item(name: str) -> stall.Item | None:
    # No item has a longer name, and the host would refuse a key of more than 1,024 bytes.
    if len(name.encode()) > 64:
        return None
    row = storage.get(b"item/" + name.encode())
    return None if row is None else read_item(name.encode(), row)


def put_item(new: stall.Item) -> None:
    storage.set(b"item/" + new.name.encode(), ITEM.pack(VERSION, new.price, new.stock))


def items() -> list[stall.Item]:
    page = storage.scan(storage.Range(b"item/", b"item0"), storage.Direction.FORWARD, 1000, None)
    return [read_item(entry.key[len(b"item/"):], entry.value) for entry in page.entries]


def read_item(name: bytes, row: bytes) -> stall.Item:
    _, price, stock = ITEM.unpack(row)
    return stall.Item(name.decode(), price, stock)


def next_number() -> int:
    return storage.add(b"number", 1)


def put_sale(sale: stall.Sale) -> None:
    row = SALE.pack(VERSION, sale.quantity, sale.paid, sale.transfer.high, sale.transfer.low, sale.at)
    storage.set(b"sale/" + NUMBER.pack(sale.number), row + sale.item.encode())


def sales_before(number: int | None, limit: int) -> tuple[list[stall.Sale], bool]:
    """The newest sales before this one, and whether there are more."""
    end = b"sale0" if number is None else b"sale/" + NUMBER.pack(number)
    page = storage.scan(storage.Range(b"sale/", end), storage.Direction.REVERSE, limit, None)
    return [read_sale(entry.key, entry.value) for entry in page.entries], page.next is not None


def read_sale(key: bytes, row: bytes) -> stall.Sale:
    (number,) = NUMBER.unpack(key[len(b"sale/"):])
    _, quantity, paid, high, low, at = SALE.unpack_from(row)
    return stall.Sale(number, row[SALE.size:].decode(), quantity, paid, Id(high, low), at)
