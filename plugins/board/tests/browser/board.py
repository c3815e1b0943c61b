"""The board's pages in a browser: a newcomer finds bread, asks, pays, thanks, says that she comes to the harvest, and sees
her hours; the same without JavaScript and in Spanish; and a look at each page of the demo's board.
`host/hamlet/tests/browser/main.py` finds this file and runs it with its own stories."""

import struct
import zlib

from town import DESK, PHONE, Person, in_the_demo

PAGES = ["", "offers", "offers?p_category=1", "wants", "events", "topics", "find?p_words=bread", "print", "post/1", "post/17",
         "post/18", "post/19", "post/22", "new/offer", "new/want", "new/event", "new/topic", "mine", "people", "people?p_words=tax"]


def looks_at(person, pages, name):
    for size, width in [({"width": 360, "height": 780}, "360"), (DESK, "1280")]:
        person.page.set_viewport_size(size)
        for page in pages:
            word = page.replace("?p_", "-").replace("=", "-").replace("/", "-") or "home"
            person.name = f"board-{name}-{word}-{width}"
            person.goes(f"/p/board/{page}")
    person.page.set_viewport_size(PHONE)


def finds_asks_pays_and_thanks(lena):
    lena.goes("/p/board/")
    lena.types(p_words="bread")
    lena.presses("Search")
    lena.follows("Rye bread, baked on Tuesdays and Fridays")
    lena.types(p_text="Two for Friday, please. *Whole*, not cut.")
    lena.presses("Answer")
    lena.reads("Two for Friday, please.")
    lena.page.get_by_role("button", name="Pay for this").click()
    lena.page.wait_for_load_state("load")
    lena.looks()
    # The host draws what is to be confirmed.
    lena.reads("3.50 LEAF")
    lena.presses("Yes, do it")
    lena.reads("paid for this")
    lena.page.locator("main").get_by_role("button", name="Thanks").first.click()
    lena.page.wait_for_load_state("load")
    lena.reads("Thanks 1")


def comes_to_the_harvest(lena):
    lena.goes("/p/board/events")
    lena.follows("Olive harvest day")
    lena.types(p_people="1")
    lena.presses("I am coming")
    lena.reads("1 of 24 places are taken")
    lena.page.locator("li", has_text="Cook soup for all").get_by_role("button", name="I do this").click()
    lena.page.wait_for_load_state("load")
    lena.reads("1 of 2")


@in_the_demo
def story_a_newcomer_finds_bread_and_comes_to_the_harvest(browser, town):
    lena = Person(browser, town, "board-lena")
    lena.goes("/")
    lena.presses("Be lena")
    finds_asks_pays_and_thanks(lena)
    comes_to_the_harvest(lena)
    # On her account she finds what she paid for.
    lena.goes("/p/ledger/")
    lena.reads("Rye bread")
    # She cleared the path with others on Saturday: Rosa confirms it, and Lena sees the hours.
    rosa = Person(browser, town, "board-rosa-confirms")
    rosa.goes("/")
    rosa.presses("Be rosa")
    rosa.goes("/p/board/mine")
    rosa.follows("Clearing the upper path")
    rosa.presses("Confirm that it was done")
    rosa.reads("3.00 HOUR")
    rosa.presses("Yes, do it")
    rosa.reads("done")
    lena.goes("/p/ledger/")
    lena.page.locator("select[name=p_account]").select_option(label="Hours of Three Springs · lena")
    lena.presses("Show")
    lena.reads("3.00")
    lena.reads("Clearing the upper path")


@in_the_demo
def story_the_board_without_a_script_and_in_spanish(browser, town):
    ana = Person(browser, town, "board-plain", script=False, locale="es-ES")
    ana.goes("/")
    ana.page.get_by_role("button", name="ana").first.click()
    ana.page.wait_for_load_state("load")
    ana.goes("/p/board/new/offer")
    ana.types(p_title="Membrillos", p_text="De nuestro árbol.\n\n- maduros\n- para *dulce*", p_amount="1,20")
    ana.presses("Publicar")
    ana.reads("Membrillos")
    ana.follows("Membrillos")
    ana.reads("1,20")
    # What cannot be read is said in her language, with what she typed kept.
    ana.goes("/p/board/new/offer")
    ana.types(p_title="Peras", p_amount="mucho")
    ana.presses("Publicar")
    ana.reads("Escribe el precio como un número")
    # By another form of the word.
    ana.goes("/p/board/")
    ana.types(p_words="membrillo")
    ana.presses("Buscar")
    ana.reads("Membrillos")
    ana.presses("Avísame")
    ana.reads("membrillo")


def drawing(width, height):
    """A picture as a file: a slope of green, with a place written into it as a camera does."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    rows = b"".join(b"\0" + b"".join(bytes((x * 255 // width, 160, y * 255 // height)) for x in range(width)) for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"tEXt", b"Comment\0at home, 41.2 N")
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def picture_of(person):
    """The one picture of the page: that it was drawn, and its address."""
    image = person.page.locator("main .plugin img")
    image.scroll_into_view_if_needed()
    person.page.wait_for_function("() => { const i = document.querySelector('main .plugin img'); return i && i.complete; }")
    assert image.evaluate("image => image.naturalWidth") > 100, "the picture is not shown"
    return image.get_attribute("src")


def says_why(person, button, why):
    form = person.page.locator(f'form:has(button:text-is("{button}"))')
    if not form.is_visible():
        form.locator("xpath=ancestor::details[1]/summary").click()
    form.locator("textarea").fill(why)
    form.locator("button").click()
    person.page.wait_for_load_state("load")
    person.looks()


def on_both_screens(person, place, name):
    for size, width in [({"width": 360, "height": 780}, "360"), (DESK, "1280")]:
        person.page.set_viewport_size(size)
        person.name = f"moderation-{name}-{width}"
        person.goes(place)
    person.page.set_viewport_size(PHONE)


@in_the_demo
def story_something_with_a_picture_is_reported_hidden_and_shown_again(browser, town):
    pau, lena, rosa = [Person(browser, town, f"moderation-{name}") for name in ["pau", "lena", "rosa"]]
    for person, name in [(pau, "pau"), (lena, "lena"), (rosa, "rosa")]:
        person.goes("/")
        person.presses(f"Be {name}")
    pau.goes("/p/board/new/offer")
    pau.types(p_title="A ladder of chestnut wood", p_text="Four metres. *Borrow* it for a week.", p_amount="2")
    pau.page.set_input_files("#p_picture", files=[{"name": "home.png", "mimeType": "image/png", "buffer": drawing(1900, 1200)}])
    pau.presses("Put it up")
    pau.follows("A ladder of chestnut wood")
    post = pau.page.url.split("/p/board/")[1].split("?")[0]
    hers = picture_of(pau)
    # Shown to whoever is shown the page, at an address that is good for her alone.
    lena.goes(f"/p/board/{post}")
    assert picture_of(lena) != hers
    assert pau.page.request.get(town.url + hers).status == 200
    assert b"at home" not in pau.page.request.get(town.url + hers).body()
    for address in [hers, hers.split("?")[0]]:
        assert lena.page.request.get(town.url + address).status == 404, address
    # What is no picture is refused at its field, with what was typed kept.
    pau.goes("/p/board/new/offer")
    pau.types(p_title="Songs", p_amount="1")
    pau.page.set_input_files("#p_picture", files=[{"name": "a.png", "mimeType": "image/png", "buffer": b"<svg onload=alert(1)>"}])
    pau.presses("Put it up")
    pau.reads("This is no picture that can be taken")
    assert pau.page.locator("[name=p_title]").input_value() == "Songs"

    # Passing it on: a text with the address and no word of the thing, copied by one press.
    lena.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lena.page.get_by_text("Pass it on").click()
    lena.page.locator('[data-share-by="copy"]').click()
    lena.page.get_by_text("Copied").wait_for()
    lena.looks()
    text = lena.page.evaluate("navigator.clipboard.readText()")
    assert text.endswith(f"/p/board/{post}") and "ladder" not in text, text
    lena.page.locator(".h-act a").first.click()
    lena.page.wait_for_load_state("load")
    says_why(lena, "Report", "This ladder is mine")
    lena.reads("The stewards were told")
    on_both_screens(rosa, "/stewards/moderation", "reported")
    rosa.reads("This ladder is mine")
    rosa.follows("Decide")
    on_both_screens(rosa, f"/moderation/board/{post}", "decide")
    says_why(rosa, "Hide it", "Whose it is has to be settled first.")
    rosa.reads("Whose it is has to be settled first.")
    lena.goes("/p/board/offers")
    assert "A ladder of chestnut wood" not in lena.page.content()
    on_both_screens(lena, f"/moderation/board/{post}", "stranger")
    lena.reads("This was hidden")
    assert "A ladder" not in lena.page.content()
    # The author is told, sees it still, and may ask once.
    pau.goes("/me/inbox")
    pau.reads("Something of yours was hidden")
    on_both_screens(pau, f"/p/board/{post}", "author")
    pau.reads("Whose it is has to be settled first.")
    pau.goes(f"/moderation/board/{post}")
    says_why(pau, "Ask to look again", "My grandfather made it, his name is in it.")
    pau.reads("It waits for an answer.")
    on_both_screens(rosa, "/stewards/moderation", "appeal")
    rosa.reads("asks you to look again")
    rosa.goes(f"/moderation/board/{post}")
    rosa.reads("his name is in it")
    says_why(rosa, "Show it again", "The name is in it.")
    lena.goes(f"/p/board/{post}")
    lena.reads("A ladder of chestnut wood")
    # Somebody who does not stop puts up nothing for a while.
    rosa.goes("/members/pau")
    says_why(rosa, "Mute", "Shouting at Lena")
    rosa.reads("Shouting at Lena")
    on_both_screens(rosa, "/members/pau", "muted")
    pau.goes("/p/board/new/topic")
    pau.types(p_title="And another thing", p_text="!")
    pau.presses("Put it up")
    pau.reads("Stewards let you put up nothing for a while")
    rosa.goes("/log?kind=moderation")
    rosa.reads("muted")


@in_the_demo
def story_each_page_of_the_board_is_worth_looking_at(browser, town):
    visitor = Person(browser, town, "board-demo")
    visitor.goes("/p/board/")
    visitor.reads("Rye bread")
    visitor.goes("/")
    visitor.presses("Be pau")
    looks_at(visitor, PAGES, "pau")
    visitor.goes("/p/board/people?p_words=tax")
    visitor.reads("Tax forms, book-keeping, patience")
    visitor.goes("/")
    visitor.presses("Be rosa")
    looks_at(visitor, ["steward", "post/19"], "rosa")
