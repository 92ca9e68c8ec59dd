"""A real browser on the page of a real stack."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)
from tests.conftest import Chromium, RunningStack
from tests.e2e.machine import Bench, Machine

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
WAIT_MS = 60_000
# Without these a browser looks for its maker's servers, which a closed network refuses.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser(chromium: Chromium) -> Iterator[Browser]:
    """The browser; it ends with the module, for its event loop bars those of other tests."""
    environment: dict[str, str | float | bool] = {
        **os.environ,
        "LANG": "en_US.UTF-8",
        **chromium.environment,
    }
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.executable, args=FLAGS, env=environment
        )
        yield browser
        browser.close()


@dataclass
class Window:
    """A page of its own, and everything that it complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    # The browser itself reports calls that a server away cannot answer.
    outage_expected: bool = False

    def listen(self) -> None:
        """Collect uncaught errors and what is logged as a warning or an error."""
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._heard)

    def _heard(self, message: ConsoleMessage) -> None:
        failed_call = message.text.startswith("Failed to load resource")
        if message.type in {"error", "warning"} and not (self.outage_expected and failed_call):
            self.complaints.append(f"{message.type}: {message.text}")


WindowMaker = Callable[..., Window]


@pytest.fixture
def open_window(browser: Browser) -> Iterator[WindowMaker]:
    """Opens pages: ``open_window(url, viewport=...)``; none of them may complain."""
    with ExitStack() as contexts:
        windows: list[Window] = []

        def open_one(
            url: str, *, viewport: ViewportSize = DESKTOP, outage_expected: bool = False
        ) -> Window:
            context = browser.new_context(
                locale="en-US", timezone_id="UTC", ignore_https_errors=True, viewport=viewport
            )
            contexts.callback(context.close)
            context.set_default_timeout(WAIT_MS)
            window = Window(context.new_page(), outage_expected=outage_expected)
            window.listen()
            windows.append(window)
            window.page.goto(url)
            return window

        yield open_one
        complaints = [complaint for window in windows for complaint in window.complaints]
    assert complaints == []


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Where machines run."""
    with Bench() as bench:
        yield bench


MachineMaker = Callable[..., Machine]


@pytest.fixture
def run_machine(stack: RunningStack, bench: Bench) -> Iterator[MachineMaker]:
    """Starts machines on the shared stack: ``run_machine("sensor-1", channels=...)``."""
    with ExitStack() as machines:

        def run_one(sensor_id: str, **options: object) -> Machine:
            target = str(stack.ready["http"]).removeprefix("http://")
            return machines.enter_context(Machine(bench, target, sensor_id, **options))  # type: ignore[arg-type]

        yield run_one
