"""The board's pages in a browser: a newcomer finds bread, asks, pays, thanks, says that she comes to the harvest, and sees
her hours; the same without JavaScript and in Spanish; and a look at each page of the demo's board.
`host/hamlet/tests/browser/main.py` finds this file and runs it with its own stories."""

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
