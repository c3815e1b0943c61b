#!/usr/bin/env python3
"""Checks Hamlet's receipts, checkpoints and consistency proofs without any of Hamlet's code.

    hamlet-verify.py --key KEY FILE...

KEY is the community's public key as it is printed on every statement: NAME+ID+BASE64.
FILE is a receipt ("hamlet-receipt 1"), a consistency proof ("hamlet-consistency 1"), both JSON, or a
checkpoint (text). With several files, checkpoints of one size must also have one tree head.
Exit code 0: all hold. 1: something does not, and it says what. 2: wrongly called.

Python 3.8 or newer, nothing but its standard library. What the files hold is described in
host/proof/src/receipt.rs and note.rs, what is hashed in leaf.rs: this script follows that text only.
"""
import base64, hashlib, json, struct, sys


class Wrong(Exception):
    """A proof that does not hold."""


# --- Ed25519 (RFC 8032, 5.1), verification only ------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def add(a, b):
    """Adds two points in extended coordinates (RFC 8032, 5.1.4)."""
    x, y = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    z, t = 2 * a[2] * b[2] % P, 2 * a[3] * b[3] * D % P
    e, f, g, h = y - x, z - t, z + t, y + x
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def same(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        raise Wrong("a point is not in its one form")
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        raise Wrong("a point is not on the curve")
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = decompress(bytes([0x58]) + bytes([0x66]) * 31)
NEUTRAL = (0, 1, 1, 0)


def ed25519_verifies(key, message, signature):
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= L:
        return False
    public, commitment = decompress(key), decompress(r)
    if same(multiply(8, public), NEUTRAL) or same(multiply(8, commitment), NEUTRAL):
        return False  # a weak key, or a weak signature, proves nothing
    h = int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L
    return same(multiply(s, BASE), add(commitment, multiply(h, public)))


# --- The Merkle tree (RFC 6962, RFC 9162) ------------------------------------------------------------


def leaf_hash(data):
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def head_from_inclusion(leaf, index, size, path):
    """RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        raise Wrong(f"leaf {index} is not in a tree of {size}")
    number, last, node = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise Wrong("the proof is too long")
        if number & 1 or number == last:
            node = node_hash(sibling, node)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        number, last = number >> 1, last >> 1
    if last:
        raise Wrong("the proof is too short")
    return node


def check_consistency(old, old_head, new, new_head, path):
    """RFC 9162, 2.1.4.2."""
    if old > new:
        raise Wrong(f"a log of {old} leaves cannot have grown into one of {new}")
    if old in (0, new):
        if path or old_head != (hashlib.sha256().digest() if old == 0 else new_head):
            raise Wrong("history was rewritten")
        return
    path = list(path)
    if old & (old - 1) == 0:
        path.insert(0, old_head)
    if not path:
        raise Wrong("the proof is too short")
    number, last = old - 1, new - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise Wrong("the proof is too long")
        if number & 1 or number == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        number, last = number >> 1, last >> 1
    if last or before != old_head or after != new_head:
        raise Wrong("history was rewritten, or the proof altered: the later log does not hold the earlier one")


# --- Signed checkpoints (C2SP signed-note, tlog-checkpoint) -------------------------------------------


def decode(text, length=None):
    if not isinstance(text, str):
        raise Wrong("base64 was expected")
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Wrong(f"no base64: {error}") from None
    if base64.b64encode(data).decode() != text or (length is not None and len(data) != length):
        raise Wrong("bytes are not in their one form, or not as many as they should be")
    return data


def parse_key(text):
    try:
        name, number, key = text.split("+", 2)
    except ValueError:
        raise Wrong("the key is not of the form NAME+ID+BASE64") from None
    data = decode(key, 33)
    identity = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if data[0] != 1 or identity.hex() != number:
        raise Wrong("the key's number does not fit the key")
    return name, identity, data[1:]


def open_checkpoint(note, key):
    """The size and the tree head of a checkpoint that the key signed."""
    name, identity, public = key
    if not isinstance(note, str) or "\n\n" not in note or not note.endswith("\n"):
        raise Wrong("this is not a signed checkpoint")
    if any(character < " " and character != "\n" for character in note):
        raise Wrong("the checkpoint has control characters")
    cut = note.rindex("\n\n") + 1
    text, signed = note[:cut], False
    for line in note[cut + 1 : -1].split("\n"):
        parts = line.split(" ", 2)
        if len(parts) != 3 or parts[0] != "\u2014":
            raise Wrong("a signature line is not of the form")
        signature = decode(parts[2])
        if parts[1] == name and signature[:4] == identity:
            if not ed25519_verifies(public, text.encode(), signature[4:]):
                raise Wrong("the checkpoint's signature is wrong")
            signed = True
    if not signed:
        raise Wrong(f"the checkpoint carries no signature by {name}")
    origin, size, head = text.split("\n")[:3] if text.count("\n") > 2 else ("", "", "")
    if origin != name or not size.isascii() or not size.isdigit() or str(int(size)) != size:
        raise Wrong("the checkpoint is of another log, or has no size")
    return int(size), decode(head, 32)


# --- Leaves and receipts (J3) ------------------------------------------------------------------------


def length_and(data):
    return struct.pack(">I", len(data)) + data


def leaf_bytes(leaf):
    names = [decode(leaf["caller"])] + [leaf[name].encode() for name in ("plugin", "version", "function")]
    head = struct.pack(">BQIQ", 1, leaf["sequence"], leaf["index"], leaf["time"])
    return head + b"".join(map(length_and, names)) + struct.pack(">I", leaf["items"]) + decode(leaf["root"], 32)


def item_bytes(item):
    number, kind = item["number"], item["kind"]
    if kind in ("arguments", "result"):
        if number != ("arguments", "result").index(kind):
            raise Wrong(f"item {number} is not of the kind that stands at its place")
        content = bytes([number + 1]) + decode(item["digest"], 32)
    elif kind in ("set", "deleted") and number > 1 and ("value" in item) == (kind == "set"):
        row = struct.pack(">I", item["namespace"]) + length_and(decode(item["key"]))
        content = b"\3" + row + decode(item["value"]) if kind == "set" else b"\4" + row
    else:
        raise Wrong(f"item {number} is not of the kind that stands at its place")
    return decode(item["salt"], 32) + content


def hashes(path):
    return [decode(text, 32) for text in path]


def check_receipt(receipt, key):
    size, head = open_checkpoint(receipt["checkpoint"], key)
    leaf = receipt["leaf"]
    reached = head_from_inclusion(leaf_hash(leaf_bytes(leaf)), receipt["number"], size, hashes(receipt["path"]))
    if reached != head:
        raise Wrong("the command is not in the log that the checkpoint signs")
    for item in receipt["items"]:
        under = head_from_inclusion(leaf_hash(item_bytes(item)), item["number"], leaf["items"], hashes(item["path"]))
        if under != decode(leaf["root"], 32):
            raise Wrong(f"item {item['number']} does not belong to the command")
    shown = ", ".join(item["kind"] for item in receipt["items"]) or "nothing of it"
    print(f"ok: batch {leaf['sequence']} command {leaf['index']}, {leaf['plugin']}@{leaf['version']}"
          f" {leaf['function']}, is leaf {receipt['number']} of {size}; shown: {shown}")
    return [(size, head)]


def check_growth(proof, key):
    old, new = open_checkpoint(proof["old"], key), open_checkpoint(proof["new"], key)
    check_consistency(*old, *new, hashes(proof["path"]))
    print(f"ok: the log of {new[0]} leaves is that of {old[0]} leaves, grown on")
    return [old, new]


def check_file(path, key):
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    if not text.lstrip().startswith("{"):
        size, head = open_checkpoint(text, key)
        print(f"ok: a checkpoint of {size} leaves")
        return [(size, head)]
    document = json.loads(text)
    known = {"hamlet-receipt 1": check_receipt, "hamlet-consistency 1": check_growth}
    if document.get("format") not in known:
        raise Wrong("its format is not known")
    return known[document["format"]](document, key)


def main(arguments):
    if len(arguments) < 3 or arguments[0] != "--key":
        print(__doc__.split("\n\n")[1].strip(), file=sys.stderr)
        return 2
    seen, wrong = {}, False
    for path in arguments[2:]:
        try:
            for size, head in check_file(path, parse_key(arguments[1])):
                if seen.setdefault(size, head) != head:
                    raise Wrong(f"another checkpoint of {size} leaves has another tree head: history was forked")
        except (Wrong, OSError) as error:
            print(f"WRONG: {path}: {error}")
            wrong = True
        except (KeyError, TypeError, ValueError, AttributeError, struct.error, OverflowError) as error:
            print(f"WRONG: {path}: it is not of the form ({type(error).__name__}: {error})")
            wrong = True
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
