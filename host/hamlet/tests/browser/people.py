"""A community moves in, writes its rules, and its members say who sees what."""

import pathlib
import struct
import tempfile
import zlib

from members import founded
from town import Person


def drawing():
    """A small green square as PNG."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    rows = b"".join(b"\0" + b"\x2f\x6b\x3a" * 8 for _ in range(8))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def story_a_village_moves_in_and_one_of_it_comes_and_goes(browser):
    town, ada = founded(browser, name="ada-moves")
    folder = pathlib.Path(tempfile.mkdtemp())
    (folder / "list.csv").write_text("Name,Household,Phone\nBen Nevis,The Mill,555 1\nCleo,The Mill,\n,,\nDan,,\n")
    (folder / "me.png").write_bytes(drawing())
    # From a list, looked at first.
    ada.goes("/stewards/move-in")
    ada.page.set_input_files("#sheet", folder / "list.csv")
    ada.presses("Look at it")
    ada.reads("4 people and households")
    ada.reads("acts for the-mill")
    ada.presses("Bring them in")
    ada.reads("4 people and households")
    ada.presses("Invitations to print")
    link = ada.page.locator(".slip", has_text="Ben Nevis").locator(".code").inner_text()
    # What the community gives itself.
    ada.goes("/stewards/rules")
    ada.types(responsible="Oak Street e.V.", unit="Leaf")
    ada.presses("Write a draft")
    ada.presses("Publish")
    ada.reads("Version 1")
    ada.goes("/groups")
    ada.types(name="bakers", purpose="Bake bread on Fridays")
    ada.page.get_by_label("Members may come in by themselves").check()
    ada.presses("Add")
    ada.reads("Bake bread on Fridays")
    ada.goes("/stewards/hand-over")
    ada.presses("Save")
    # Ben comes, without JavaScript, sees the rules before his first act, and says who sees what.
    ben = Person(browser, town, "ben-moves", script=False)
    ben.goes(link)
    ben.reads("By coming in you agree to Our ground rules (Version 1")
    ben.presses("Sign in")
    ben.goes("/me/profile")
    ben.page.locator("#phone-seen-by").select_option("members")
    # While he writes, the rules change: what he sends waits in the page, and is done when he has read them.
    ada.goes("/stewards/rules")
    ada.page.locator("[name=text-rules]").fill("Be kind, and bring cake.")
    ada.presses("Publish")
    ada.reads("Version 2")
    ben.presses("Save")
    ben.reads("Be kind, and bring cake.")
    ben.presses("I have read it; do what I sent")
    ben.reads("Everything here is your choice")
    ben.page.set_input_files("#picture", folder / "me.png")
    ben.presses("Use this picture")
    ben.goes("/groups/bakers")
    ben.presses("Come in")
    for path in ["/log", "/me/privacy", "/me/export", "/members/ben-nevis"]:
        ben.goes(path)
    ben.reads("555 1")
    ada.goes("/members/ben-nevis")
    assert ada.page.evaluate("document.querySelector('.portrait').naturalWidth") == 8
    # And goes again.
    ben.goes("/me/leave")
    ben.page.get_by_label("I want to leave and be erased for good.").check()
    ben.presses("Leave and erase")
    ben.goes("/me")
    ben.reads("Sign in")
    ada.goes("/log")
    ada.reads("somebody who has gone came in by an invitation.")
    town.close()
