"""Stories of people with a browser. Each runs on a community of its own; the first that fails ends the run."""

import sys
import time

from playwright.sync_api import sync_playwright

import care
import members

STORIES = {name: story for part in [members, care] for name, story in vars(part).items() if name.startswith("story_")}


def main(wanted):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                  "--disable-background-networking", "--disable-component-update", "--disable-sync"])
        for name, story in STORIES.items():
            if wanted and name.removeprefix("story_") not in wanted:
                continue
            begun = time.time()
            story(browser)
            print(f"{name.removeprefix('story_').replace('_', ' ')}: ok, {time.time() - begun:.0f} s", flush=True)
        browser.close()


main(sys.argv[1:])
