"""A host that runs for a story, and browsers that visit it."""

import atexit
import base64
import hashlib
import hmac
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import time

from axe_playwright_python.sync_playwright import Axe

import access

HAMLET = os.environ["HAMLET"]
SCREENSHOTS = pathlib.Path(os.environ["SCREENSHOTS"])
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}


def launch(chromium, *more, executable="/usr/bin/chromium", **how):
    return chromium.launch(
        executable_path=executable, **how,
        args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
              "--disable-background-networking", "--disable-component-update", "--disable-sync", *more])


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def totp(secret, at=None):
    """The code of RFC 6238 that an app shows for a secret in base 32."""
    key = base64.b32decode(secret.replace(" ", "") + "=" * (-len(secret) % 8))
    step = struct.pack(">Q", int(at if at is not None else time.time()) // 30)
    mac = hmac.new(key, step, hashlib.sha1).digest()
    place = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[place:place + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


class Town:
    """A fresh community's host, started as a volunteer starts it."""

    def __init__(self, port=None, more=(), address="127.0.0.1", within=()):
        """`within`: what starts it, such as another network."""
        self.folder = tempfile.TemporaryDirectory()
        self.within = within
        self.port, self.https = port or free_port(), free_port()
        self.home = pathlib.Path(self.folder.name) / "home"
        said = self.start("setup", "--listen", f"127.0.0.1:{self.port}", "--https", f"{address}:{self.https}", *more)
        self.link = re.search(r"https://\S+(/setup/\S+)", said).group(1)
        self.code = re.search(r"type this code there: (\d{4} \d{4})", said).group(1)
        self.fingerprint = re.search(r"((?:[0-9A-F]{2}:){31}[0-9A-F]{2})", said).group(1)
        # Passkeys work on this name without a certificate that a browser trusts.
        self.url = f"http://localhost:{self.port}"

    def start(self, *words, env=None):
        """Starts the host; what it says until it listens."""
        self.host = subprocess.Popen([*self.within, HAMLET, "--home", self.home, *words], env={**os.environ, **(env or {})},
                                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        atexit.register(self.host.kill)
        said = ""
        for line in self.host.stdout:
            said += line
            if line.startswith("listening at"):
                break
        return said

    def restart(self, env=None):
        self.host.terminate()
        self.host.wait(20)
        self.start("run", env=env)

    def close(self):
        self.host.terminate()
        self.host.wait(20)
        self.folder.cleanup()


class Demo:
    """The demo village, in a copy of the folder in which it was made."""

    def __init__(self, made):
        self.folder = tempfile.TemporaryDirectory()
        home = pathlib.Path(self.folder.name) / "home"
        shutil.copytree(made, home, symlinks=True)
        self.port = free_port()
        self.host = subprocess.Popen([HAMLET, "--home", home, "run", "--listen", f"127.0.0.1:{self.port}"],
                                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        atexit.register(self.host.kill)
        next(line for line in self.host.stdout if line.startswith("listening at"))
        self.url = f"http://localhost:{self.port}"

    def close(self):
        self.host.terminate()
        self.host.wait(20)
        self.folder.cleanup()


def in_the_demo(story):
    """A story in a demo village of its own, which is closed at its end; none where no demo was made."""
    def told(browser):
        made = os.environ.get("DEMO_HOME")
        if not made or not pathlib.Path(made, "community.toml").exists():
            print("    NOT RUN: there is no demo to look around in (`host/test demo` makes it)")
            return
        town = Demo(made)
        story(browser, town)
        town.close()
    return told


class Person:
    """Somebody with a browser of her own."""

    def __init__(self, browser, town, name, script=True, size=None, scheme="light", locale="en-GB",
                 strict=False):
        self.town, self.name = town, name
        self.context = browser.new_context(
            viewport=size or PHONE, java_script_enabled=script, color_scheme=scheme, locale=locale,
            ignore_https_errors=not strict)
        self.page = self.context.new_page()
        self.script = script
        self.errors = []
        self.screens = self.inputs = 0
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self.console)

    def console(self, message):
        if message.type == "error" and "Content Security Policy" in message.text:
            self.errors.append(message.text)

    def has_authenticator(self, resident=True):
        """A phone that verifies its owner and keeps passkeys; not `resident`: one that finds none by itself."""
        session = self.context.new_cdp_session(self.page)
        session.send("WebAuthn.enable")
        session.send("WebAuthn.addVirtualAuthenticator", {"options": {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": resident, "hasUserVerification": True,
            "isUserVerified": True, "automaticPresenceSimulation": True}})
        self.authenticator = session

    def goes(self, path):
        self.page.goto(path if path.startswith("http") else self.town.url + path)
        self.looks()

    def types(self, **fields):
        for name, value in fields.items():
            self.page.locator(f"[name={name}]:visible").fill(value)
            self.inputs += 1

    def presses(self, name):
        before = self.page.url
        self.page.get_by_role("button", name=name, exact=True).first.click()
        self.inputs += 1
        self.page.wait_for_load_state("load")
        self.looks(before)

    def follows(self, name):
        self.page.get_by_role("link", name=name, exact=True).first.click()
        self.inputs += 1
        self.page.wait_for_load_state("load")
        self.looks()

    def waits_for(self, title):
        try:
            self.page.get_by_role("heading", name=title, level=1).wait_for(timeout=15_000)
        except Exception as error:
            body = self.page.locator("body").inner_text()
            raise AssertionError(f"`{title}` did not come; the page says:\n{body}") from error
        self.looks()

    def looks(self, _before=None):
        """Every page that anybody sees is checked and kept."""
        self.screens += 1
        heading = self.page.locator("h1").first.inner_text() if self.page.locator("h1").count() else "page"
        self.seen = heading
        name = re.sub(r"[^a-z0-9]+", "-", f"{self.name} {heading}".lower()).strip("-")
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
        overflow = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") \
            if self.script else 0
        assert overflow <= 0, f"{heading}: {overflow} px wider than the screen"
        if self.script:
            found = Axe().run(self.page)
            assert found.violations_count == 0, f"{heading}: {found.generate_report()}"
            try:
                access.looks(self, SCREENSHOTS / f"large-{name}.png")
            except AssertionError as error:
                raise AssertionError(f"{heading} ({self.page.url}): {error}") from None
        assert not self.errors, self.errors

    def reads(self, text):
        body = self.page.locator("body").inner_text()
        assert text in body, f"`{text}` is not on the page:\n{body}"

    def text_of(self, selector):
        return self.page.locator(selector).first.inner_text()
