"""Stories of people with a browser. Each runs on a community of its own; one that fails stops no other."""

import importlib.util
import pathlib
import sys
import time
import traceback

from playwright.sync_api import sync_playwright

import care
import members
import names
import people
from town import launch


def modules():
    """The stories of the host, and those that plugins and examples bring."""
    yield from (members, names, people, care)
    root = pathlib.Path(__file__).resolve().parents[4]
    for path in sorted([*root.glob("plugins/*/tests/browser/*.py"), *root.glob("examples/*/tests/browser/*.py")]):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module


STORIES = {name.removeprefix("story_"): story
           for module in modules() for name, story in vars(module).items() if name.startswith("story_")}


def told(name, playwright):
    """Tells one story in a browser of its own; whether it ended well."""
    begun, verdict = time.time(), "ok"
    browser = launch(playwright.chromium)
    try:
        STORIES[name](browser)
    except Exception:
        verdict = "FAILED"
        traceback.print_exc()
    browser.close()
    print(f"{name.replace('_', ' ')}: {verdict}, {time.time() - begun:.0f} s", flush=True)
    return verdict == "ok"


def main(wanted):
    unknown = [name for name in wanted if name not in STORIES]
    if unknown:
        sys.exit(f"there is no story {', '.join(unknown)}; there are: {', '.join(STORIES)}")
    with sync_playwright() as playwright:
        failed = [name for name in wanted or STORIES if not told(name, playwright)]
    if failed:
        sys.exit(f"stories that failed: {', '.join(failed)}")


if __name__ == "__main__":
    main(sys.argv[1:])
