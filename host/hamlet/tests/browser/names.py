"""A box gets a name that every browser trusts, from a real certificate authority (Pebble), and people move with it."""

import atexit
import base64
import hashlib
import json
import pathlib
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.request

from members import founded
from town import Town, free_port, launch

NAME = "oak-street.example"


class Authority:
    """Pebble, Let's Encrypt's small authority for tests, and a zone that answers it. It proves names for real: it asks
    the box over HTTP, or reads the zone's record."""

    def __init__(self, http_port):
        self.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self.folder.name)
        self.acme, self.management, dns, self.zone = (free_port() for _ in range(4))
        new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        for words in (
                ["-subj", "/CN=root", "-keyout", folder / "root.key", "-out", folder / "root.pem"],
                ["-subj", "/CN=authority", "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE",
                 "-CA", folder / "root.pem", "-CAkey", folder / "root.key",
                 "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"]):
            subprocess.run(new + words, check=True, capture_output=True)
        self.root = folder / "root.pem"
        (folder / "config.json").write_text(json.dumps({"pebble": {
            "listenAddress": f"127.0.0.1:{self.acme}", "managementListenAddress": f"127.0.0.1:{self.management}",
            "certificate": str(folder / "certificate.pem"), "privateKey": str(folder / "key.pem"),
            "httpPort": http_port, "tlsPort": free_port(), "ocspResponderURL": ""}}))
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.processes = [
            subprocess.Popen(["pebble-challtestsrv", "-dns01", f"127.0.0.1:{dns}", "-management", f"127.0.0.1:{self.zone}",
                              "-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""], **quiet),
            subprocess.Popen(["pebble", "-config", folder / "config.json", "-dnsserver", f"127.0.0.1:{dns}"],
                             env={"PEBBLE_VA_NOSLEEP": "1", "PATH": "/usr/bin:/bin"}, **quiet)]
        for process in self.processes:
            atexit.register(process.kill)
        self.directory = f"https://127.0.0.1:{self.acme}/dir"
        until = time.time() + 20
        while True:
            try:
                self.ask(self.directory)
                return
            except OSError:
                assert time.time() < until, "the authority does not start"
                time.sleep(0.1)

    def ask(self, url, data=None):
        context = ssl.create_default_context(cafile=self.root)
        with urllib.request.urlopen(url, data=data, context=context if url.startswith("https") else None) as answer:
            return answer.read()

    def makes_record(self, name, value):
        self.ask(f"http://127.0.0.1:{self.zone}/set-txt", json.dumps({"host": name + ".", "value": value}).encode())

    def issuer(self):
        """What vouches for the certificates that it gives."""
        return self.ask(f"https://127.0.0.1:{self.management}/roots/0").decode()

    def key_hash(self):
        """By which a browser is told to trust what it signs."""
        intermediate = self.ask(f"https://127.0.0.1:{self.management}/intermediates/0")
        key = subprocess.run(["openssl", "x509", "-pubkey", "-noout"], input=intermediate, check=True, capture_output=True)
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=key.stdout, check=True, capture_output=True)
        return base64.b64encode(hashlib.sha256(der.stdout).digest()).decode()

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()
        self.folder.cleanup()


def shows(authority, town, name):
    """Whether the box proves to be this name to whoever trusts the authority."""
    context = ssl.create_default_context(cadata=authority.issuer())
    with socket.create_connection(("127.0.0.1", town.https)) as plain:
        with context.wrap_socket(plain, server_hostname=name) as encrypted:
            return encrypted.getpeercert()


def orders(ada, name, way):
    ada.goes("/stewards/name")
    ada.types(name=name, contact="ada@oak-street.example")
    ada.page.locator(f"[name=way][value={way}]").check()
    ada.presses("Get the certificate")


def story_a_box_gets_a_name_and_its_members_move_with_it(browser):
    http_port = free_port()
    authority = Authority(http_port)
    town = Town(port=http_port, more=["--authority", authority.directory, "--authority-root", authority.root])
    # A browser that trusts the authority, and finds the name as the zone would have it.
    browser = launch(browser.browser_type, f"--ignore-certificate-errors-spki-list={authority.key_hash()}",
                     f"--host-resolver-rules=MAP {NAME} 127.0.0.1")
    town, ada = founded(browser, town=town, name="ada-name", strict=True)
    ada.goes("/stewards/name")
    ada.reads("Nobody but itself")
    ada.types(name="192.0.2.1")
    ada.presses("Get the certificate")
    ada.reads("This is no name that an authority gives a certificate for")
    # By a record in the zone: first it is missing, then it is there.
    orders(ada, NAME, "dns")
    ada.reads("Make this TXT record")
    ada.presses("The record is there")
    ada.reads("The authority could not see that this name is this box's")
    orders(ada, NAME, "dns")
    record, value = (ada.page.locator("section dd code").nth(at).inner_text() for at in (0, 1))
    assert record == f"_acme-challenge.{NAME}", record
    authority.makes_record(record, value)
    ada.presses("The record is there")
    ada.reads("The certificate is here and in use")
    ada.reads("It has to be renewed by hand before.")
    shows(authority, town, NAME)
    # Over HTTP: the authority asks the box itself.
    orders(ada, NAME, "http")
    ada.reads("The certificate is here and in use")
    ada.reads("It renews itself before.")
    shows(authority, town, NAME)
    # She moves: from the old address with a link of her own, to a passkey of the new name.
    ada.goes("/")
    ada.reads(f"This community now lives at {NAME}")
    ada.presses("Take me there")
    ada.follows(f"Go on to {NAME}")
    assert ada.page.url.startswith(f"https://{NAME}:{town.https}/join/"), ada.page.url
    ada.presses("Sign in")
    ada.waits_for("How you sign in")
    ada.page.get_by_role("button", name="Add a passkey").click()
    ada.page.locator("form[action='/me/secure/passkey/remove']").nth(1).wait_for()
    ada.goes(f"https://{NAME}:{town.https}/")
    ada.reads("Hello, Ada Lovelace")
    # The name stays after a restart, and the host's own commands find it.
    town.restart()
    shows(authority, town, NAME)
    ada.goes(f"https://{NAME}:{town.https}/me")
    ada.reads("Where you are signed in")
    browser.close()
    town.close()
    authority.close()
