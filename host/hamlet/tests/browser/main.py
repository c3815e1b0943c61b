"""Stories of people with a browser. Each runs on a community of its own; the first that fails ends the run."""

import importlib.util
import pathlib
import sys
import time

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


STORIES = {name: story for module in modules() for name, story in vars(module).items() if name.startswith("story_")}


def main(wanted):
    unknown = [name for name in wanted if f"story_{name}" not in STORIES]
    if unknown:
        sys.exit(f"there is no story {', '.join(unknown)}; there are: {', '.join(name.removeprefix('story_') for name in STORIES)}")
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        for name, story in STORIES.items():
            if wanted and name.removeprefix("story_") not in wanted:
                continue
            begun = time.time()
            story(browser)
            print(f"{name.removeprefix('story_').replace('_', ' ')}: ok, {time.time() - begun:.0f} s", flush=True)
        browser.close()


main(sys.argv[1:])
