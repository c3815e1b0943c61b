"""The ledger's pages in a browser: from the set-up link to the second member's first payment, and a look at each page of
the demo's life. `host/hamlet/tests/browser/main.py` finds this file and runs it with its own stories."""

from members import founded, passes_the_sheet
from town import DESK, PHONE, Person, in_the_demo

# Screens and inputs from the set-up link to the second member's first payment, over both people.
SCREENS_MAX = 14
INPUTS_MAX = 60


def story_the_second_member_pays_from_her_own_account(browser):
    town, ada = founded(browser, begins=True, name="first-ada")
    # One page: what the community begins with, each plugin under what it asks for.
    ada.page.get_by_label("Bring in “The ledger” and allow it this").check()
    ada.inputs += 1
    ada.types(responsible="Ada Lovelace", contact="By the mill", unit="Leaf")
    ada.presses("Begin")
    ada.reads("Oak Street is at work")
    # Two sheets to print: her key for copies, the link for the neighbours.
    ada.reads("AGE-SECRET-KEY-1")
    link = ada.page.locator("a.code").get_attribute("href")
    # No books yet: the first page of the ledger is the form that founds them.
    ada.follows("The ledger")
    ada.types(name="Leaves of Oak Street", unit="leaf") if ada.page.locator("[name=name]").count() else \
        ada.types(p_name="Leaves of Oak Street", p_unit="leaf")
    ada.presses("Found it")
    ada.reads("up to 100.00 LEAF")
    ben = Person(browser, town, "first-ben")
    ben.has_authenticator()
    ben.goes(link)
    ben.reads("By coming in you agree to Our ground rules (Version 1")
    ben.types(name="Ben Nevis", handle="ben", born="1984")
    ben.presses("Come in")
    passes_the_sheet(ben)
    ben.page.locator("main a.card[href='/p/ledger/']").click()
    ben.inputs += 1
    ben.page.wait_for_load_state("load")
    ben.looks()
    ben.reads("You may pay before you have earned: up to 100.00 LEAF")
    ben.presses("Open my account")
    ben.reads("Your first payment")
    ben.types(p_payee="@ada", p_amount="12.50", p_memo="Bread")
    ben.presses("Pay")
    ben.reads("Bread")
    ben.reads("12.50")
    screens, inputs = ada.screens + ben.screens, ada.inputs + ben.inputs
    print(f"    from the set-up link to the second member's first payment: {screens} screens, {inputs} inputs")
    assert screens <= SCREENS_MAX and inputs <= INPUTS_MAX, (screens, inputs)
    # Ada sees it arrive.
    ada.goes("/p/ledger/")
    ada.reads("Bread")
    # What is refused is said in his language, in the unit of the books.
    ben.context.add_cookies([{"name": "hamlet-language", "value": "es", "url": town.url}])
    ben.goes("/p/ledger/pay")
    ben.types(p_payee="@ada", p_amount="5000", p_memo="Pan")
    ben.presses("Pagar")
    ben.reads("Ahora puede pagar 87,50 LEAF.")
    town.close()


MEMBERS = ["", "pay", "request?p_amount=12.50&p_memo=Eggs", "statement", "statement?print=1", "pending", "account",
           "circulation", "balances"]
STEWARDS = ["books", "books/found", "books/ledger", "books/accounts", "books/accounts?p_state=minus", "books/open",
            "books/lists", "prints", "prints/cards", "prints/slips", "prints/statements", "prints/hall"]


def looks_at(person, pages, name):
    for size, width in [({"width": 360, "height": 780}, "360"), (DESK, "1280")]:
        person.page.set_viewport_size(size)
        for page in pages:
            word = page.split("?")[0].replace("/", "-") or "overview"
            person.name = f"ledger-{name}-{word}-{width}"
            person.goes(f"/p/ledger/{page}")
    person.page.set_viewport_size(PHONE)


@in_the_demo
def story_eighteen_months_of_the_demo_are_worth_looking_at(browser, town):
    visitor = Person(browser, town, "ledger-demo")
    visitor.goes("/")
    visitor.presses("Be pau")
    looks_at(visitor, MEMBERS, "pau")
    visitor.goes("/p/ledger/circulation")
    visitor.reads("How fast it goes round")
    visitor.goes("/")
    visitor.presses("Be lena")
    looks_at(visitor, [""], "lena")
    visitor.reads("near your limit")
    visitor.goes("/")
    visitor.presses("Be rosa")
    looks_at(visitor, STEWARDS, "rosa")
    visitor.goes("/p/ledger/books/accounts")
    visitor.page.locator("td a").first.click()
    visitor.page.wait_for_load_state("load")
    visitor.name = "ledger-rosa-account"
    visitor.looks()
    visitor.goes("/")
    visitor.presses("Be marta")
    visitor.goes("/p/ledger/counter")
    visitor.types(p_card="1001", p_pin="9999")
    visitor.presses("Open")
    visitor.reads("This PIN is not right. 4 more")
    visitor.types(p_card="1001", p_pin="2580")
    visitor.presses("Open")
    visitor.reads("Josep Sala")
    visitor.types(p_slip="100", p_payee="@bakery", p_amount="1.75", p_memo="A loaf")
    visitor.presses("Pay")
    visitor.reads("slip 100")
    visitor.follows("Back to the counter")
    visitor.presses("She is done")
    visitor.reads("Somebody is here with her card")
