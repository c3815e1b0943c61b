"""What whoever uses no mouse, and whoever needs large letters, meets on a page: every thing that can be pressed is reached
by Tab in the order of the page, is seen when it is reached, and lets go again; at twice the size of letters nothing is cut
and nothing scrolls sideways.

Each page is looked at once in a run, by its path, its language and whether a steward looks: that is enough, and keeps a
story short."""

# Everything that a keyboard should reach, in the order of the page. Of a group of radio buttons one.
REACHABLE = """() => {
  const seen = (element) => {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const folded = element.closest("details:not([open])");
    if (folded && element.closest("summary")?.parentElement !== folded) return false;
    return box.width > 0 && box.height > 0 && style.visibility !== "hidden" && style.display !== "none";
  };
  const all = [...document.querySelectorAll(
    "a[href], button, input, select, textarea, summary, audio[controls], video[controls], iframe, [tabindex]")];
  const groups = new Set();
  const can = all.filter((element) => {
    if (element.disabled || element.type === "hidden" || element.tabIndex < 0 || !seen(element)) return false;
    if (element.type === "radio") {
      const group = element.form && element.name;
      if (groups.has(group)) return false;
      groups.add(group);
    }
    return true;
  });
  can.forEach((element, number) => element.dataset.reach = number);
  const wrong = all.filter((element) => element.tabIndex > 0).map((element) => element.outerHTML.slice(0, 120));
  return { count: can.length, wrong };
}"""

# What has the focus: its number, whether it can be seen that it has it, and whether it is on the screen.
FOCUSED = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return {
    number: element.dataset.reach === undefined ? null : Number(element.dataset.reach),
    visible: element.tagName === "IFRAME" || (parseFloat(style.outlineWidth) > 0 && style.outlineStyle !== "none"),
    inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    what: element.outerHTML.slice(0, 160),
  };
}"""

# Where text is cut at this size: something that hides what does not fit, and does not fit.
CUT = """() => [...document.querySelectorAll("body *")].filter((element) => {
  const style = getComputedStyle(element);
  if (style.display === "none" || style.clipPath !== "none" || !element.textContent.trim()) return false;
  if (element.closest(".h-scroll, .unseen, .skip, svg, select")) return false;
  const hides = (value) => value === "hidden" || value === "clip";
  return (hides(style.overflowX) && element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)
    || (hides(style.overflowY) && element.scrollHeight > element.clientHeight + 1 && element.clientHeight > 0);
}).map((element) => element.outerHTML.slice(0, 160))"""

LOOKED_AT = set()
# How it is said, and whether the way around is a steward's.
KIND = "[document.documentElement.lang, document.documentElement.dir, !!document.querySelector('a[href^=\"/stewards\"]')]"


def is_new(person):
    """Whether this page was not looked at by this kind of person yet."""
    path = person.page.url.split("?")[0].split("/", 3)[-1]
    key = (path, person.seen, *person.page.evaluate(KIND))
    if key in LOOKED_AT:
        return False
    LOOKED_AT.add(key)
    return True


def walks(page):
    """Every thing that can be pressed, by Tab, in order, seen, and out at the end."""
    before = page.evaluate("[scrollX, scrollY]")
    found = page.evaluate(REACHABLE)
    assert not found["wrong"], f"an order of its own: {found['wrong']}"
    page.evaluate("() => { document.activeElement?.blur(); getSelection().removeAllRanges(); "
                  "document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex'); "
                  "scrollTo(0, 0); }")
    reached = []
    for _ in range(found["count"] + 3):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None or (reached and focused["number"] == reached[0]):
            break
        if focused["number"] is None:
            # Parts of a field that a browser makes itself: the day, the month, the year of a date.
            continue
        assert focused["visible"], f"it cannot be seen that the keyboard is at {focused['what']}"
        assert focused["inside"], f"the keyboard is at something off the screen: {focused['what']}"
        if not reached or reached[-1] != focused["number"]:
            reached.append(focused["number"])
    # A date has three stops that look like one; so more presses may be needed to come to the end.
    for _ in range(4 * found["count"]):
        if len(reached) >= found["count"] or not reached:
            break
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None or focused["number"] == reached[0]:
            break
        if focused["number"] is not None and reached[-1] != focused["number"]:
            reached.append(focused["number"])
    missing = sorted(set(range(found["count"])) - set(reached))
    what = [page.locator(f"[data-reach='{number}']").first.evaluate("e => e.outerHTML.slice(0, 160)")
            for number in missing[:5]]
    assert not missing, f"not reached by Tab ({len(reached)} of {found['count']}): {what}"
    assert reached == sorted(reached), f"out of order: {reached}"
    page.evaluate("([x, y]) => { document.activeElement?.blur(); scrollTo(x, y); "
                  "for (const e of document.querySelectorAll('[data-reach]')) delete e.dataset.reach; }", before)


def enlarges(page, keep=None):
    """Twice the letters on a small phone."""
    size = page.viewport_size
    page.set_viewport_size({"width": 360, "height": 780})
    page.evaluate("document.documentElement.style.fontSize = '212.5%'")
    if keep:
        page.screenshot(path=keep, full_page=True)
    sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    # A plugin's region is clipped, so that what is too wide there makes nothing scroll, and is cut.
    widest = page.evaluate("[...document.querySelectorAll('body *')].filter((e) => !e.closest('.h-scroll, .skip, .unseen, svg') "
                           "&& (e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1))"
                           ".slice(0, 5).map((e) => e.outerHTML.slice(0, 140))")
    cut = page.evaluate(CUT)
    page.evaluate("document.documentElement.style.fontSize = ''")
    page.set_viewport_size(size)
    assert sideways <= 0 and not widest, f"with letters twice as large the page is {sideways} px too wide: {widest}"
    assert not cut, f"with letters twice as large this is cut: {cut}"


def looks(person, keep=None):
    """Both, once for each page."""
    if person.script and is_new(person):
        walks(person.page)
        enlarges(person.page, keep)


def types_with_keys(page, label, text):
    """Goes to a field by Tab alone and types."""
    goes_to(page, lambda: page.evaluate(
        "() => { const e = document.activeElement; return e.labels?.[0]?.textContent.trim() ?? '' }") == label, label)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def presses_with_keys(page, name, moves=True):
    """Goes to a button or a link by Tab alone and presses it by Enter; `moves`: another page comes."""
    goes_to(page, lambda: page.evaluate("() => document.activeElement.textContent.trim()") == name, name)
    if not moves:
        page.keyboard.press("Enter")
        return
    with page.expect_navigation():
        page.keyboard.press("Enter")


def goes_to(page, is_there, name):
    for _ in range(150):
        if is_there():
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not come to `{name}`")
