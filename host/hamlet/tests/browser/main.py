"""Stories of people with a browser. Each runs on a community of its own; the first that fails ends the run."""

import sys
import time

from playwright.sync_api import sync_playwright

import care
import members
import names
from town import launch

STORIES = {name: story for module in (members, names, care) for name, story in vars(module).items() if name.startswith("story_")}


def main(wanted):
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
