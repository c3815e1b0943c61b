"""Somebody who never signs in is a full member: she is added, paid, pays at the counter and gets her statement on paper.
And what a visitor of the demo meets first; and paying by keyboard alone, and by a code before the camera."""

import os
import pathlib
import re

import access
from town import DESK, SCREENSHOTS, Person, in_the_demo

ROOT = pathlib.Path(__file__).resolve().parents[4]


def becomes(person, handle):
    person.goes("/demo")
    person.presses(f"Be {handle}")


def leaf_account(page):
    """Her account in leaves, as the page on which she pays offers it."""
    return page.locator("select[name=p_account] option", has_text="Leaf").first.get_attribute("value")


@in_the_demo
def story_the_demo_opens_on_three_cards_and_ends_in_a_community_of_ones_own(browser, town):
    visitor = Person(browser, town, "tour", size={"width": 360, "height": 780})
    visitor.goes("/")
    visitor.reads("This is a demo")
    visitor.reads("Three things to try")
    # The unfinished story, in two presses: in as Pau, and accepted.
    before = visitor.inputs
    visitor.presses("Do it as pau")
    if visitor.page.get_by_role("button", name="Accept", exact=True).count():
        visitor.presses("Accept")
        visitor.reads("Done.")
    assert visitor.inputs - before <= 2
    visitor.reads("This is a demo")
    visitor.follows("The three cards")
    visitor.presses("Do it as lena")
    visitor.reads("Olive harvest day")
    visitor.follows("The three cards")
    visitor.presses("Do it as rosa")
    visitor.reads("Three Springs")
    visitor.follows("Start my own")
    visitor.reads("hamlet --home ~/oak-street setup")
    # In Spanish the cards are Spanish, and so is the title of the plugin.
    visitor.context.add_cookies([{"name": "hamlet-language", "value": "es", "url": town.url}])
    visitor.goes("/demo")
    visitor.reads("Termina lo empezado")
    visitor.goes("/")
    visitor.reads("Las cuentas")
    visitor.goes("/me/privacy")
    visitor.reads("Tu saldo y tus pagos")
    # A steward's way around takes one line and a menu that opens by keyboard.
    visitor.context.clear_cookies(name="hamlet-language")
    visitor.goes("/")
    height = visitor.page.locator("nav.ways").evaluate("e => e.getBoundingClientRect().height")
    assert height <= 100, f"the way around is {height} px high on a phone"
    access.presses_with_keys(visitor.page, "Menu", moves=False)
    assert visitor.page.get_by_role("link", name="Invitations", exact=True).first.is_visible()
    visitor.page.screenshot(path=SCREENSHOTS / "menu-360.png")
    visitor.page.set_viewport_size(DESK)
    visitor.page.screenshot(path=SCREENSHOTS / "menu-1280.png")


@in_the_demo
def story_somebody_who_never_signs_in_is_added_paid_pays_and_gets_her_statement(browser, town):
    someone = Person(browser, town, "paper")
    becomes(someone, "rosa")
    someone.goes("/members")
    handle = f"nuri{os.urandom(2).hex()}"
    someone.types(name="Nuri Pla", handle=handle)
    someone.presses("Add")
    someone.goes("/p/ledger/books")
    books = someone.page.locator("main a[href*='ledger=']", has_text="Leaf").first.get_attribute("href")
    leaf = re.search(r"ledger=([0-9a-f]{32})", books).group(1)
    someone.goes(f"/p/ledger/books/open?p_ledger={leaf}")
    someone.types(p_owner=f"@{handle}", p_credit="20")
    someone.presses("Open an account")
    someone.goes(f"/p/ledger/books/accounts?p_ledger={leaf}&p_search={handle}")
    someone.page.locator("td a").first.click()
    someone.page.wait_for_load_state("load")
    someone.looks()
    someone.presses("Hand out a card")
    card = someone.page.get_by_text("has no PIN yet").inner_text().split()[1]
    # Ana pays her.
    becomes(someone, "ana")
    someone.goes("/p/ledger/pay")
    account = leaf_account(someone.page)
    someone.goes(f"/p/ledger/pay?p_to=@{handle}&p_account={account}")
    someone.types(p_amount="7.50", p_memo="Picking apples")
    someone.presses("Pay")
    someone.reads("Picking apples")
    # Her first PIN, chosen at Marta's counter; then a payment from her paper slip.
    becomes(someone, "marta")
    someone.goes("/p/ledger/counter")
    someone.page.locator("summary", has_text="A new card").click()
    someone.page.locator("#p_new-card").first.fill(card)
    someone.page.locator("#p_new-pin").first.fill("4071")
    someone.presses("Set the PIN")
    someone.goes("/p/ledger/counter")
    someone.page.locator("[name=p_card]").first.fill(card)
    someone.page.locator("[name=p_pin]").first.fill("4071")
    someone.presses("Open")
    someone.reads("Nuri Pla")
    slip = str(int.from_bytes(os.urandom(2), "big") + 1_000)
    someone.types(p_slip=slip, p_payee="@bakery", p_amount="3.50", p_memo="Two loaves")
    someone.presses("Pay")
    someone.reads(f"slip {slip}")
    someone.follows("Back to the counter")
    someone.presses("She is done")
    # On paper, with everybody else's who hold a card.
    becomes(someone, "rosa")
    someone.goes(f"/p/ledger/prints/statements?p_ledger={leaf}")
    for words in ["Nuri Pla", "Ana Lindqvist", "The bakery", "4.00"]:
        someone.reads(words)
    # What a payment was for is between the two who paid: the steward who prints does not read it.
    assert "Picking apples" not in someone.page.locator("main").inner_text()
    paper = someone.page.pdf(path=SCREENSHOTS / "statements.pdf", format="A4")
    assert paper.startswith(b"%PDF")
    # She never signed in: there is no way in of hers.
    someone.goes(f"/members/{handle}")
    someone.reads("Nuri Pla")


@in_the_demo
def story_a_member_pays_by_keyboard_alone(browser, town):
    ana = Person(browser, town, "keys")
    page = ana.page
    ana.goes("/")
    access.presses_with_keys(page, "Be ana")
    access.presses_with_keys(page, "The ledger")
    access.presses_with_keys(page, "Pay")
    access.types_with_keys(page, "Which account", "Leaf")
    access.presses_with_keys(page, "Show")
    access.types_with_keys(page, "To whom", "@bakery")
    page.keyboard.press("Escape")
    access.types_with_keys(page, "How much, in LEAF", "1.75")
    access.types_with_keys(page, "What for", "By keyboard")
    access.presses_with_keys(page, "Pay")
    ana.looks()
    ana.reads("By keyboard")
    # Consent: the stall would spend, so the host asks, in the ledger's unit; given by keys too.
    ana.goes("/p/ledger/pay")
    account = leaf_account(page)
    ana.goes("/p/stall/call/stall/buy")
    for label, text in [("item", "honey cake"), ("quantity", "1"), ("price", "450"), ("account", account)]:
        goes = page.locator("main form label", has_text=label).or_(
            page.locator("main form label", has_text=label.capitalize())).first.text_content().strip()
        access.types_with_keys(page, goes, text)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    ana.looks()
    ana.reads("4.50\u00a0LEAF")
    access.presses_with_keys(page, page.locator("main form button").first.text_content().strip())
    ana.looks()
    ana.goes(f"/p/ledger/?p_account={account}")
    ana.reads("4.50")


@in_the_demo
def story_what_is_open_renews_itself_when_a_payment_comes(browser, town):
    pau, ana = Person(browser, town, "live"), Person(browser, town, "live-payer")
    becomes(pau, "pau")
    pau.goes("/p/ledger/pay")
    account = leaf_account(pau.page)
    pau.goes(f"/p/ledger/?p_account={account}")
    before = pau.page.locator("[data-live]").first.text_content()
    pau.page.evaluate("window.same = true")
    becomes(ana, "ana")
    ana.goes("/p/ledger/pay")
    ana.goes(f"/p/ledger/pay?p_account={leaf_account(ana.page)}")
    ana.page.get_by_label("To whom").fill("@pau")
    ana.page.get_by_label("How much").fill("1.25")
    ana.page.get_by_label("What for").fill("A renewed cabbage")
    ana.presses("Pay")
    pau.page.get_by_text("A renewed cabbage").wait_for()
    assert pau.page.locator("[data-live]").first.text_content() != before
    assert pau.page.evaluate("window.same"), "the page was not loaded again"


@in_the_demo
def story_a_code_before_the_camera_opens_the_payment_that_it_asks_for(browser, town):
    pau = Person(browser, town, "scan")
    becomes(pau, "pau")
    # This Chromium reads no codes: no button, and the page says the other ways.
    pau.goes("/p/ledger/pay")
    pau.reads("You can also open a code with your phone's own camera")
    assert not pau.page.locator("[data-scan]").is_visible()
    # One that does, with a camera that shows first a stranger's code and then one of this community.
    fake = """
      window.BarcodeDetector = class {
        static async getSupportedFormats() { return ["qr_code"]; }
        constructor() { this.times = 0; }
        async detect() {
          this.times += 1;
          return this.times < 4 ? [{ rawValue: "https://evil.example/p/ledger/pay?p_to=@eve" }]
            : [{ rawValue: location.origin + "/p/ledger/pay?p_to=%40ana&p_amount=3.25&p_memo=Eggs" }];
        }
      };
      const canvas = document.createElement("canvas");
      navigator.mediaDevices.getUserMedia = async () => { canvas.getContext("2d").fillRect(0, 0, 9, 9); return canvas.captureStream(5); };
    """
    pau.page.add_init_script(fake)
    pau.goes("/p/ledger/pay")
    pau.page.get_by_role("button", name="Scan a code", exact=True).click()
    pau.page.get_by_text("This code is not of this community.").wait_for(timeout=5_000)
    pau.page.wait_for_url("**p_amount=3.25**", timeout=10_000)
    pau.looks()
    assert pau.page.locator("[name=p_amount]").input_value() == "3.25"
    assert pau.page.locator("[name=p_payee]").input_value() == "@ana"
    # A camera that is refused is said in words.
    pau.page.add_init_script("navigator.mediaDevices.getUserMedia = async () => { throw new Error('no'); }")
    pau.goes("/p/ledger/pay")
    pau.page.get_by_role("button", name="Scan a code", exact=True).click()
    pau.page.get_by_text("The camera cannot be used.").wait_for(timeout=5_000)


@in_the_demo
def story_the_picture_of_the_readme(browser, town):
    """Phone and desk side by side, for the top of the README: `PICTURE=1 host/hamlet/tests/browser/run HAMLET
    the_picture_of_the_readme` writes it anew; without, it is only looked at that it can be made."""
    shots = {}
    for name, size, path in [("phone", {"width": 360, "height": 760}, "/p/ledger/"),
                             ("desk", {"width": 980, "height": 760}, "/p/ledger/circulation")]:
        person = Person(browser, town, f"picture-{name}", size=size)
        becomes(person, "ana")
        person.goes("/p/ledger/pay")
        query = f"p_account={leaf_account(person.page)}"
        if name == "desk":
            person.goes(path)
            books = person.page.locator("select[name=p_ledger] option", has_text="Leaf").first.get_attribute("value")
            query = f"p_ledger={books}"
        person.goes(f"{path}?{query}")
        shots[name] = SCREENSHOTS / f"picture-{name}.png"
        person.page.screenshot(path=shots[name])
    frame = browser.new_context(viewport={"width": 1440, "height": 840}).new_page()
    page = SCREENSHOTS / "picture.html"
    page.write_text(f"""<!doctype html><style>
      body {{ margin: 0; padding: 40px; background: #e9e4d4; display: flex; gap: 40px; align-items: flex-start; }}
      img {{ display: block; border-radius: 18px; box-shadow: 0 10px 34px #0004; border: 1px solid #cfc9b5; }}
    </style><img src="{shots['phone'].name}"><img src="{shots['desk'].name}">""")
    frame.goto(page.as_uri())
    target = ROOT / "examples/village/pictures.png" if os.environ.get("PICTURE") else SCREENSHOTS / "pictures.png"
    frame.screenshot(path=target, scale="css")
    assert target.stat().st_size < 400_000, target.stat().st_size
