"""Stories of people with a browser, two at a time. Each runs on a community of its own; one that fails stops no other."""

import concurrent.futures
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

AT_A_TIME = 2


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


def told(name):
    """Tells one story in a browser of its own; what went wrong, if anything."""
    begun, wrong = time.time(), None
    try:
        with sync_playwright() as playwright:
            browser = launch(playwright.chromium)
            STORIES[name](browser)
            browser.close()
    except Exception:
        wrong = traceback.format_exc()
    print(f"{name.replace('_', ' ')}: {'FAILED' if wrong else 'ok'}, {time.time() - begun:.0f} s", flush=True)
    return wrong


def main(wanted):
    unknown = [name for name in wanted if name not in STORIES]
    if unknown:
        sys.exit(f"there is no story {', '.join(unknown)}; there are: {', '.join(STORIES)}")
    with concurrent.futures.ProcessPoolExecutor(AT_A_TIME) as workers:
        wrong = dict(zip(wanted or STORIES, workers.map(told, wanted or STORIES)))
    failed = {name: what for name, what in wrong.items() if what}
    for name, what in failed.items():
        print(f"=== {name.replace('_', ' ')}\n{what}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
