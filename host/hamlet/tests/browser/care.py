"""Caring for the box: copies, the journal, notices, what a browser keeps, and what it says when history differs."""

import shutil
import subprocess

from members import founded
from town import DESK, HAMLET


def starts(town):
    """The host once more, as it would after the box was switched off."""
    town.host = subprocess.Popen([HAMLET, "--home", town.home, "run"], stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, text=True)
    next(line for line in town.host.stdout if line.startswith("listening at"))


def stops(town):
    town.host.terminate()
    town.host.wait(20)


def renames(person, name):
    person.goes("/me")
    person.types(name=name)
    person.presses("Save")


def story_a_steward_cares_for_the_box(browser):
    town, ada = founded(browser, name="ada-care")
    ada.goes("/stewards")
    ada.reads("How the box and its plugins are")
    ada.goes("/stewards/backups")
    ada.reads("no copy can be made. Make your key now")
    ada.follows("Make my key")
    ada.presses("Show me my key")
    ada.reads("Recovery sheet for copies")
    secret = ada.text_of("#secret")
    assert secret.startswith("AGE-SECRET-KEY-1"), secret
    ada.follows("I have kept it")
    ada.presses("Make a copy")
    ada.reads("The backup is")
    ada.types(secret=secret)
    ada.presses("Try it out")
    ada.reads("The backup is good.")
    ada.goes("/journal")
    ada.page.get_by_role("link", name="Proof").first.click()
    ada.waits_for("An entry of the journal")
    ada.reads("the journal is whole")
    # When e-mail comes is asked of whom has an address.
    ada.goes("/me/inbox")
    ada.types(email="ada@oak.example")
    ada.presses("Set the address")
    ada.reads("sends no e-mail yet")
    ada.reads("When e-mail comes")
    ada.page.get_by_label("Nothing comes from").select_option("22")
    ada.page.locator("form[action='/me/inbox/times'] button").click()
    ada.page.wait_for_load_state("load")
    assert ada.page.get_by_label("Nothing comes from").input_value() == "22"
    for tag in ["en", "ar-XB"]:
        ada.context.add_cookies([{"name": "hamlet-language", "value": tag, "url": town.url}])
        for size in [{"width": 360, "height": 640}, DESK]:
            ada.page.set_viewport_size(size)
            ada.name = f"ada-care-{tag}-{size['width']}"
            for path in ["/stewards", "/stewards/health", "/stewards/backups", "/stewards/backups/key",
                         "/stewards/mail", "/journal", "/journal?plugin=host&function=set", "/me/inbox", "/offline"]:
                ada.goes(path)
                assert ada.page.locator("h1").count() == 1, path
    town.close()


def story_a_page_that_was_seen_is_read_without_a_connection(browser):
    town, ada = founded(browser, name="ada-offline")
    ada.goes("/me")
    ada.page.wait_for_function("navigator.serviceWorker.controller !== null", timeout=20_000)
    ada.goes("/journal")
    ada.goes("/me/inbox")
    ada.page.wait_for_function("caches.keys().then((names) => names.some((name) => name.startsWith('hamlet-pages-')))")
    ada.page.wait_for_timeout(500)
    ada.context.set_offline(True)
    ada.goes("/journal")
    ada.reads("You are offline: this is from")
    ada.reads("Everything that was done here")
    ada.goes("/members")
    ada.reads("This page was not looked at before")
    # Nothing is sent, and that is said.
    ada.goes("/me/inbox")
    ada.page.get_by_role("button", name="Save").first.click()
    ada.page.wait_for_load_state("load")
    ada.reads("Nothing was sent")
    ada.context.set_offline(False)
    ada.goes("/journal")
    assert "You are offline" not in ada.page.locator("body").inner_text()
    # Nobody after her reads what she saw.
    ada.goes("/me")
    ada.presses("Sign out")
    ada.page.wait_for_function(
        "caches.keys().then((names) => !names.some((name) => name.startsWith('hamlet-pages-')))")
    ada.context.set_offline(True)
    ada.goes("/journal")
    ada.reads("This page was not looked at before")
    town.close()


def story_a_browser_shows_a_rewritten_past_in_red(browser):
    town, ada = founded(browser, name="ada-past")
    ada.goes("/me")
    stops(town)
    before = town.home.with_name("before")
    shutil.copytree(town.home, before)
    starts(town)
    # History grows, is seen, and nothing is red.
    renames(ada, "Ada of the mill")
    ada.goes("/me")
    ada.page.wait_for_timeout(1_500)
    ada.goes("/journal")
    ada.page.wait_for_timeout(500)
    kept = ada.page.evaluate("JSON.parse(localStorage.getItem('hamlet-checkpoint')).note")
    ada.reads("Everything that was done here")
    # Somebody puts the box back to what it was, and does something else.
    stops(town)
    shutil.rmtree(town.home)
    shutil.move(before, town.home)
    starts(town)
    for name in ["Ada the second", "Ada the third", "Ada the fourth"]:
        ada.page.request.get(town.url + "/")
        ada.page.goto(town.url + "/me")
        if ada.page.locator("[name=name]:visible").count():
            ada.page.locator("[name=name]:visible").fill(name)
            ada.page.get_by_role("button", name="Save", exact=True).first.click()
            ada.page.wait_for_load_state("load")
    ada.page.wait_for_timeout(1_500)
    ada.page.goto(town.url + "/journal")
    ada.waits_for("The journal of this community was changed")
    assert ada.page.locator("#differs-evidence").input_value() == kept
    assert ada.page.locator("h1, [role=heading][aria-level='1']").count() == 1
    # It stays red, on every page, until she says that she knows why.
    ada.page.goto(town.url + "/members")
    ada.waits_for("The journal of this community was changed")
    ada.page.get_by_role("button", name="I know the reason. Begin anew from here").click()
    ada.waits_for("Members")
    town.close()
