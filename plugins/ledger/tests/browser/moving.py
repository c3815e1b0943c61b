"""A village moves in with its balances, at the width of a phone and of a desk, and one payment later it stays."""

import pathlib
import tempfile

from members import founded
from town import DESK, PHONE

LIST = """Name;Short name;Household;Phone;Saldo;Limit
Ben Nevis;ben;The Mill;555 1;12,50;200
Cleo Luz;cleo;The Mill;;-30,00;
Dan O'Brien;dan;;555 3;1.250,75;2000
Eve;eve;;;;
"""
SHEET = pathlib.Path(__file__).resolve().parents[4] / "host/gateway/tests/sheets/openpyxl.xlsx"
SMALL = {"width": 360, "height": 780}


def story_a_village_moves_in_with_its_balances(browser):
    town, ada = founded(browser, begins=True, name="moving-ada", size=SMALL)
    ada.page.get_by_label("Bring in “The ledger” and allow it this").check()
    ada.types(responsible="Ada Lovelace", contact="By the mill", unit="Leaf")
    ada.presses("Begin")
    ada.follows("The ledger")
    ada.types(name="Leaves of Oak Street", unit="leaf") if ada.page.locator("[name=name]").count() else \
        ada.types(p_name="Leaves of Oak Street", p_unit="leaf")
    ada.presses("Found it")
    folder = pathlib.Path(tempfile.mkdtemp())
    (folder / "list.csv").write_text(LIST)
    (folder / "bad.csv").write_text(LIST.replace("-30,00", "thirty"))
    # A bad balance is told with its row.
    ada.goes("/stewards/move-in")
    ada.page.set_input_files("#sheet", folder / "bad.csv")
    ada.presses("Look at it")
    ada.reads("A balance or a limit is no number.")
    # A spreadsheet gives the same; which table was read is said where there are several.
    ada.goes("/stewards/move-in")
    ada.page.set_input_files("#sheet", SHEET)
    ada.presses("Look at it")
    ada.reads("This is the table “Members”. In the same file there are: Notes.")
    ada.reads("Ben & <Co>")
    ada.reads("The rows add up to 1233.25 LEAF")
    ada.goes("/stewards/move-in")
    ada.page.set_input_files("#sheet", SHEET.with_name("formula.xlsx"))
    ada.presses("Look at it")
    ada.reads("The cell B2 has a formula without a value.")
    # The whole list, looked at on a phone and at a desk.
    ada.goes("/stewards/move-in")
    ada.page.set_input_files("#sheet", folder / "list.csv")
    ada.presses("Look at it")
    ada.reads("5 people and households")
    ada.reads("12.50 LEAF, may go 200.00 LEAF below zero")
    ada.reads("−30.00 LEAF, may go 100.00 LEAF below zero")
    ada.reads("The rows add up to 1233.25 LEAF")
    ada.name = "moving-ada-desk"
    ada.page.set_viewport_size(DESK)
    ada.looks()
    ada.name = "moving-ada"
    ada.page.set_viewport_size(SMALL)
    ada.presses("Bring them in")
    ada.reads("Choose where the difference goes.")
    ada.page.get_by_label("The difference goes to").select_option(label="Leave it on the account “opening-balances”")
    ada.presses("Bring them in")
    ada.reads("5 people and households")
    ada.goes("/p/ledger/books/accounts")
    ada.reads("opening-balances")
    ada.reads("1,250.75")
    # Taken back, and brought in again under the same short names.
    ada.goes("/stewards/move-in")
    ada.page.locator("main ul.rows a").first.click()
    ada.page.wait_for_load_state("load")
    ada.presses("Take it back")
    ada.goes("/members")
    assert "Ben Nevis" not in ada.page.locator("body").inner_text()
    ada.goes("/stewards/move-in")
    ada.page.set_input_files("#sheet", folder / "list.csv")
    ada.presses("Look at it")
    ada.page.get_by_label("The difference goes to").select_option(label="Leave it on the account “opening-balances”")
    ada.presses("Bring them in")
    place = ada.page.url
    # Ada pays Ben: from now on it stays.
    ada.page.set_viewport_size(PHONE)
    ada.goes("/p/ledger/pay")
    ada.types(p_payee="@ben", p_amount="1.00")
    ada.presses("Pay")
    ada.goes(place)
    ada.presses("Take it back")
    ada.reads("has paid or been paid already")
    with ada.page.expect_download() as download:
        ada.page.get_by_role("link", name="Back").first.click()
        ada.page.wait_for_load_state("load")
        ada.page.get_by_role("link", name="Download the list as it is now").click()
    text = pathlib.Path(download.value.path()).read_text()
    assert '"Balance (LEAF)","Credit limit (LEAF)","Highest balance (LEAF)"' in text, text
    assert '"Ben Nevis","ben","person","The Mill","555 1","","","13.50","200.00","none"' in text, text
    town.close()
