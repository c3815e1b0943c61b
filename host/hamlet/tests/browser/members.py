"""Founding, coming in, signing in and out."""

import hashlib
import json
import ssl
import time

from town import DESK, PHONE, Person, Town, in_the_demo, totp


def founded(browser, begins=False, **how):
    """A community with its steward Ada, who signed in with a passkey. `begins`: she chooses next what it begins with."""
    town = how.pop("town", None) or Town()
    how_kept = how.pop("resident", True)
    ada = Person(browser, town, how.pop("name", "ada"), **how)
    ada.has_authenticator(how_kept)
    ada.goes(town.link)
    ada.types(code=town.code, community="Oak Street", place="By the mill", name="Ada Lovelace", handle="ada")
    ada.presses("Found it")
    ada.reads("Choose how you will sign in")
    ada.page.get_by_role("button", name="Add a passkey").click()
    ada.waits_for("Your recovery sheet")
    ada.codes = ada.page.locator(".codes li").all_inner_texts()
    assert len(ada.codes) == 10
    ada.follows("I have kept it")
    ada.reads("What your community begins with")
    if begins:
        return town, ada
    ada.follows("Not now")
    ada.reads("Hello, Ada Lovelace")
    return town, ada


def invites(ada, uses="1"):
    """A link by which somebody comes in."""
    ada.goes("/stewards/invitations")
    ada.types(label="neighbours", uses=uses, days="7")
    ada.presses("Make an invitation")
    ada.reads("The invitation is made")
    return ada.page.locator("a.code").get_attribute("href")


def passes_the_sheet(person):
    """A newcomer signs in with a passkey and keeps her sheet."""
    person.page.get_by_role("button", name="Add a passkey").click()
    person.inputs += 1
    person.waits_for("Your recovery sheet")
    person.follows("I have kept it")


def sets_password(person, password):
    """A password with an authenticator app; the app's secret."""
    person.follows("Set up")
    person.types(password=password)
    person.presses("Go on")
    secret = person.page.locator("details .code").first.text_content()
    person.types(code=totp(secret))
    person.presses("Go on")
    return secret


def next_step():
    """A code works once: the next one is shown at the next full or half minute."""
    time.sleep(30 - time.time() % 30 + 1)


def story_a_community_is_founded_and_a_neighbour_comes_in(browser):
    town, ada = founded(browser)
    link = invites(ada)
    ben = Person(browser, town, "ben")
    ben.goes(link)
    ben.types(name="Ben Nevis", handle="Ada")
    ben.presses("Come in")
    ben.reads("Somebody has this short name already")
    ben.types(handle="ben")
    ben.presses("Come in")
    secret = sets_password(ben, "plum lantern of March")
    ben.reads("Your recovery sheet")
    codes = ben.page.locator(".codes li").all_inner_texts()
    ben.follows("I have kept it")
    ben.reads("Hello, Ben Nevis")
    # The link is used up.
    eve = Person(browser, town, "eve")
    eve.goes(link)
    eve.reads("This invitation was used already")
    # He is no steward.
    ben.goes("/stewards/invitations")
    ben.reads("You may not do this")
    # He signs out and in again: with his password and a code, then with a recovery code.
    ben.goes("/me")
    ben.presses("Sign out")
    ben.goes("/me")
    ben.reads("Sign in")
    ben.types(handle="ben", password="not it at all")
    ben.presses("Sign in")
    ben.reads("Name, password or code is not right.")
    ben.types(password="plum lantern of March")
    ben.presses("Sign in")
    next_step()
    ben.types(code=totp(secret))
    ben.presses("Sign in")
    ben.reads("Where you are signed in")
    ben.presses("Sign out")
    ben.goes("/sign-in/recovery")
    ben.types(handle="ben", code=codes[3].upper())
    ben.presses("Sign in")
    ben.reads("How you sign in")
    print(f"    from the link to the second member: {ada.screens + ben.screens} screens, {ada.inputs + ben.inputs} inputs")
    # Members see each other.
    ben.goes("/members")
    ben.follows("Ada Lovelace")
    ben.reads("stewards")
    town.close()


def story_a_passkey_opens_again_and_a_lost_session_is_ended(browser):
    town, ada = founded(browser, name="ada-passkey")
    ada.goes("/me")
    ada.presses("Sign out")
    # A browser that offers passkeys by itself, in the line where the name is typed: this one takes it at once.
    ada.page.goto(town.url + "/sign-in")
    ada.waits_for("Hello, Ada Lovelace")
    ada.goes("/me")
    ada.presses("Sign out")
    # One that does not: she presses the button.
    ada.page.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false")
    ada.goes("/sign-in")
    ada.page.get_by_role("button", name="Sign in with a passkey").click()
    ada.waits_for("Hello, Ada Lovelace")
    # A recovery code opens another browser, which she then ends from the first.
    desk = Person(browser, town, "ada-desk", size=DESK)
    desk.goes("/sign-in/recovery")
    desk.types(handle="ada", code=ada.codes[0])
    desk.presses("Sign in")
    desk.goes("/me")
    ada.goes("/me")
    ada.presses("Sign out everywhere else")
    desk.goes("/me")
    desk.reads("Sign in")
    town.close()


def story_two_people_share_a_phone(browser):
    town, ada = founded(browser, name="shared-phone")
    link = invites(ada)
    ada.goes("/me")
    ada.follows("People on this phone")
    ada.types(pin="1234")
    ada.presses("Keep this PIN")
    ada.reads("This is no PIN")
    ada.types(pin="2580")
    ada.presses("Keep this PIN")
    ada.presses("Let somebody else use the phone")
    # Ben comes in on the same phone, and chooses his own.
    ada.goes(link)
    ada.types(name="Ben Nevis", handle="ben")
    ada.presses("Come in")
    passes_the_sheet(ada)
    ada.reads("Hello, Ben Nevis")
    ada.goes("/phone")
    ada.reads("Choose a PIN of your own first")
    ada.types(pin="90417")
    ada.presses("Keep this PIN")
    ada.page.get_by_label("PIN of Ada Lovelace").fill("2581")
    ada.presses("Go on as Ada Lovelace")
    ada.reads("This PIN is wrong. 4 tries are left.")
    ada.page.get_by_label("PIN of Ada Lovelace").fill("2580")
    ada.presses("Go on as Ada Lovelace")
    ada.reads("Hello, Ada Lovelace")
    # The PIN proved nothing lately: what is dangerous asks for the whole way in.
    ada.page.goto(town.url + "/me/export")
    ada.page.wait_for_url("**/prove?to=*")
    ada.goes("/me")
    ada.presses("Sign out")
    ada.reads("People on this phone")
    ada.page.get_by_label("PIN of Ben Nevis").fill("90417")
    ada.presses("Go on as Ben Nevis")
    ada.reads("Hello, Ben Nevis")
    town.close()


def story_a_passkey_that_a_browser_does_not_find_by_itself_opens_by_name(browser):
    # A key to plug in that keeps no list of what it is good for.
    town, ada = founded(browser, name="ada-key", resident=False)
    ada.goes("/me")
    ada.presses("Sign out")
    ada.goes("/sign-in")
    button = ada.page.get_by_role("button", name="Sign in with a passkey")
    alert = ada.page.locator("form[data-passkey] [role=alert]")
    # Without a name the browser has nothing to offer; with a name that nobody has, neither.
    button.click()
    alert.filter(has_text="Nothing was done").wait_for()
    # What the host offers is kept by the page before it goes on: once it has left, nobody can read the answer any more.
    ada.page.evaluate("""() => {
        const plain = window.fetch;
        window.fetch = async (...asked) => {
            const answer = await plain(...asked);
            const handle = new URLSearchParams(asked[1] && asked[1].body).get("handle");
            if (answer.url.endsWith("/sign-in/passkey/options")) {
                sessionStorage.setItem(`offered ${handle}`, await answer.clone().text());
            }
            return answer;
        };
    }""")
    for name in ["nobody", "nobody", "Ada "]:
        ada.types(handle=name)
        with ada.page.expect_response("**/sign-in/passkey/options"):
            button.click()
        if name == "nobody":
            alert.filter(has_text="Nothing was done").wait_for()
    ada.waits_for("Hello, Ada Lovelace")
    # What the host said for both looks the same, and for the made-up name it said the same twice.
    offered = lambda name: json.loads(ada.page.evaluate("name => sessionStorage.getItem(`offered ${name}`)", name))
    nobody, known = (ids(offered(name)) for name in ("nobody", "Ada "))
    assert len(nobody) == len(known) == 1 and nobody != known, (nobody, known)
    # Proving that it is she finds the passkey too.
    ada.page.goto(town.url + "/prove?to=/me/tokens")
    ada.page.get_by_role("button", name="Use a passkey").click()
    ada.page.wait_for_url("**/me/tokens")
    town.close()


def ids(options):
    return [one["id"] for one in options.get("publicKey", options)["allowCredentials"]]


def story_everything_but_passkeys_works_without_javascript_in_spanish_and_in_the_dark(browser):
    town = Town()
    ada = Person(browser, town, "sin-guion", script=False, scheme="dark", locale="es-ES")
    ada.goes(town.link)
    ada.reads("Funda tu comunidad")
    ada.types(code="0000 0000", community="Calle del Roble", name="Ada", handle="ada")
    ada.presses("Fundarla")
    ada.reads("Este código no es correcto")
    ada.types(code=town.code)
    ada.presses("Fundarla")
    ada.reads("Elige cómo entrarás")
    ada.reads("Las llaves de acceso necesitan JavaScript")
    ada.follows("Configurar")
    ada.types(password="12345678")
    ada.presses("Continuar")
    ada.reads("Es de las primeras que cualquiera probaría")
    ada.types(password="farol de ciruela en marzo")
    ada.presses("Continuar")
    secret = ada.page.locator("details .code").first.text_content()
    ada.types(code=totp(secret))
    ada.presses("Continuar")
    ada.reads("Tu hoja de recuperación")
    ada.follows("La he guardado")
    ada.reads("Con qué empieza tu comunidad")
    ada.types(responsible="Calle del Roble", contact="Ada", neighbours="2")
    ada.presses("Empezar")
    ada.reads("Calle del Roble está en marcha")
    ada.reads("AGE-SECRET-KEY-1")
    ada.follows("Inicio")
    ada.reads("Hola, Ada")
    ada.page.locator("select[name=language]").select_option("en")
    ada.presses("Elegir")
    ada.reads("Hello, Ada")
    # The link that founded it is worth nothing now.
    ada.goes(town.link)
    ada.reads("Nothing is here")
    town.close()


def story_a_page_set_from_right_to_left_and_an_accented_one_hold_together(browser):
    town, ada = founded(browser, name="ada-languages")
    for tag in ["ar-XB", "en-XA"]:
        ada.context.add_cookies([{"name": "hamlet-language", "value": tag, "url": town.url}])
        for size in [{"width": 360, "height": 640}, DESK]:
            ada.page.set_viewport_size(size)
            ada.name = f"ada-{tag}-{size['width']}"
            for path in ["/", "/me", "/me/tokens", "/me/secure", "/members", "/members/ada", "/recoveries",
                         "/stewards/invitations", "/stewards/plugins", "/log", "/groups", "/groups/stewards", "/rules",
                         "/me/profile", "/me/privacy", "/me/export", "/me/leave", "/stewards/rules", "/stewards/devices",
                         "/stewards/hand-over", "/stewards/move-in", "/nowhere"]:
                ada.goes(path)
    town.close()


def story_the_box_shows_the_certificate_that_it_printed(browser):
    town = Town()
    served = ssl.get_server_certificate(("127.0.0.1", town.https))
    shown = hashlib.sha256(ssl.PEM_cert_to_DER_cert(served)).hexdigest().upper()
    assert town.fingerprint.replace(":", "") == shown
    ada = Person(browser, town, "https")
    ada.goes(f"https://127.0.0.1:{town.https}{town.link}")
    ada.types(code=town.code, community="Oak Street", name="Ada", handle="ada")
    ada.presses("Found it")
    ada.reads("Choose how you will sign in")
    cookies = {cookie["name"]: cookie for cookie in ada.context.cookies()}
    session = cookies["__Host-hamlet"]
    assert session["secure"] and session["httpOnly"] and session["sameSite"] == "Lax", session
    town.close()


@in_the_demo
def story_a_visitor_looks_around_in_the_demo(browser, town):
    visitor = Person(browser, town, "demo")
    visitor.goes("/")
    visitor.reads("This is a demo")
    visitor.presses("Be pau")
    visitor.reads("Hello, Pau Ferrer")
    # Each plugin's pages, as they look with two months of life in them.
    for card in [link.get_attribute("href") for link in visitor.page.locator("a.card[href^='/p/']").all()]:
        visitor.goes(card)
        for path in [link.get_attribute("href") for link in visitor.page.locator("nav a[href^='/p/']").all()]:
            visitor.goes(path)
        visitor.page.set_viewport_size(DESK)
        visitor.name = "demo-desk"
        visitor.goes(card)
        visitor.page.set_viewport_size(PHONE)
        visitor.name = "demo"
    visitor.goes("/")
    visitor.presses("Be rosa")
    visitor.reads("Hello, Rosa Valls")
    visitor.goes("/stewards/plugins")
    visitor.reads("Installed")
