"""A village whose box and phones have a network of their own and no internet: by address and by name, and a month later.
Needs root, for networks of its own (`ip netns`)."""

import atexit
import pathlib
import re
import subprocess
import tempfile
import time

from members import passes_the_sheet, sets_password
from town import Person, Town, launch, totp

NAME = "oak.home.arpa"
BOX, PHONES = "10.77.31.1", "10.77.31.2"
DAY = 86_400


class Network:
    """Two machines with a cable between them, and nothing else: the box, and whoever visits it."""

    def __init__(self):
        self.spaces = ("hamlet-box", "hamlet-phones")
        self.names = pathlib.Path("/etc/netns") / self.spaces[1]
        self.close()
        atexit.register(self.close)
        for space in self.spaces:
            self.ip("netns", "add", space)
        self.ip("link", "add", "hamlet-a", "netns", self.spaces[0], "type", "veth", "peer", "name", "hamlet-b",
                "netns", self.spaces[1])
        for space, device, address in zip(self.spaces, ("hamlet-a", "hamlet-b"), (BOX, PHONES)):
            self.ip("-n", space, "address", "add", f"{address}/24", "dev", device)
            for up in ("lo", device):
                self.ip("-n", space, "link", "set", up, "up")
        # What the router of the house would say.
        self.names.mkdir(parents=True, exist_ok=True)
        (self.names / "hosts").write_text(f"127.0.0.1 localhost\n{BOX} {NAME}\n")

    def ip(self, *words):
        subprocess.run(["ip", *words], check=True, capture_output=True)

    def within(self, space):
        return ["ip", "netns", "exec", self.spaces[space]]

    def has_no_internet(self):
        for space in self.spaces:
            routes = subprocess.run(["ip", "-n", space, "route"], check=True, capture_output=True, text=True).stdout
            assert "default" not in routes, routes

    def close(self):
        for space in self.spaces:
            subprocess.run(["ip", "netns", "delete", space], capture_output=True)
        (self.names / "hosts").unlink(missing_ok=True)


def phone(network, chromium, folder, believes=None):
    """A browser on the other machine; it believes this authority, as a phone does that was told once."""
    start = folder / "browser"
    start.write_text("#!/bin/sh\nexec " + " ".join(network.within(1)) + " /usr/bin/chromium \"$@\"\n")
    start.chmod(0o755)
    home = folder / ("home" if believes is None else "believing")
    store = home / ".pki/nssdb"
    store.mkdir(parents=True)
    subprocess.run(["certutil", "-d", f"sql:{store}", "-N", "--empty-password"], check=True)
    if believes is not None:
        subprocess.run(["certutil", "-d", f"sql:{store}", "-A", "-n", "box", "-t", "C,,", "-i", believes], check=True)
    return launch(chromium, executable=start, env={"HOME": str(home), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})


def later(town, days):
    """The box's clock is so many days on."""
    town.restart(env={"LD_PRELOAD": "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1", "FAKETIME": f"+{days}d",
                      "FAKETIME_DONT_FAKE_MONOTONIC": "1"})


def signs_in_with_password(person, secret, days):
    person.goes("/sign-in")
    person.types(handle="ada", password="plum lantern of March")
    person.presses("Sign in")
    person.types(code=totp(secret, time.time() + days * DAY))
    person.presses("Sign in")


def pays(person, amount, memo):
    person.goes("/p/ledger/pay")
    person.types(p_payee="@ada", p_amount=amount, p_memo=memo)
    person.presses("Pay")
    person.reads(memo)


def story_a_village_without_the_internet_goes_on_for_a_month(browser):
    network, folder = Network(), pathlib.Path(tempfile.mkdtemp())
    network.has_no_internet()
    town = Town(address=BOX, within=network.within(0))
    town.url = f"https://{BOX}:{town.https}"
    by_name = f"https://{NAME}:{town.https}"
    chromium = browser.browser_type
    visitor = phone(network, chromium, folder)
    # By its address: founded, with a password, because a passkey wants a name.
    ada = Person(visitor, town, "offline-ada")
    ada.goes(town.link)
    ada.types(code=town.code, community="Oak Street", name="Ada Lovelace", handle="ada")
    ada.presses("Found it")
    secret = sets_password(ada, "plum lantern of March")
    ada.follows("I have kept it")
    ada.page.get_by_label("Bring in “The ledger” and allow it this").check()
    ada.types(responsible="Ada Lovelace.")
    ada.presses("Begin")
    link = ada.page.locator("a.code").get_attribute("href")
    ada.follows("The ledger")
    ada.types(p_name="Leaves of Oak Street", p_unit="leaf")
    ada.presses("Found it")
    ada.goes("/rules")
    ada.reads("Responsible for what is kept here: Ada Lovelace.\n")
    # A name in the house. Nobody outside is asked.
    ada.goes("/stewards/name")
    ada.types(name=NAME)
    ada.page.locator("[name=way][value=house]").check()
    ada.presses("Get the certificate")
    ada.reads("The certificate is here and in use")
    ada.reads("It renews itself before.")
    ada.follows("Believe this box")
    ada.reads(f"This certificate can vouch for {NAME} and for nothing else")
    with ada.page.expect_download() as taken:
        ada.page.get_by_role("link", name="Take the certificate", exact=True).click()
    authority = folder / "authority.crt"
    taken.value.save_as(authority)
    shown = ada.page.locator("main code").inner_text()
    read = subprocess.run(["openssl", "x509", "-in", authority, "-inform", "DER", "-noout", "-fingerprint", "-sha256"],
                          check=True, capture_output=True, text=True).stdout
    assert shown == read.strip().split("=")[1], (shown, read)
    # By its name: a phone that was not told is warned, one that was told opens it, and passkeys work.
    stranger = Person(visitor, town, "offline-stranger", strict=True)
    try:
        stranger.page.goto(by_name)
        raise AssertionError("a phone that was told nothing believes the box")
    except Exception as error:
        assert "ERR_CERT_AUTHORITY_INVALID" in str(error), error
    believing = phone(network, chromium, folder, authority)
    ben = Person(believing, town, "offline-ben", strict=True)
    ben.has_authenticator()
    # One that offers no passkeys by itself: Ben presses the button.
    ben.page.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false")
    ben.goes(by_name + re.search(r"/join/.*", link).group())
    ben.types(name="Ben Nevis", handle="ben", born="1984")
    ben.presses("Come in")
    passes_the_sheet(ben)
    town.url = by_name
    ben.goes("/p/ledger/")
    ben.presses("Open my account")
    pays(ben, "12.50", "Bread")
    # A month passes.
    later(town, 30)
    ben.goes("/me")
    ben.page.get_by_role("button", name="Sign in with a passkey").click()
    ben.page.wait_for_url("**/me")
    pays(ben, "3.00", "Eggs")
    town.url = f"https://{BOX}:{town.https}"
    signs_in_with_password(ada, secret, 30)
    ada.goes("/p/ledger/")
    ada.reads("Eggs")
    # A year passes without anybody looking: stewards are warned before the certificate ends.
    later(town, 380)
    signs_in_with_password(ada, secret, 380)
    ada.goes("/")
    ada.reads("The certificate of this box ends on")
    for open_one in (visitor, believing):
        open_one.close()
    town.close()
    network.close()
