"""What the tests do on the real-time page, in the words of its users."""

import math
import re
import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

WAIT_MS = 60_000
LOOK_INTERVAL_MS = 50
FEATURES = ("rms", "kurtosis", "peak", "crest_factor")


def card(page: Page, feature: str, channel: str) -> Locator:
    """The place of a channel's feature: a card, or a cell when there are many channels."""
    return page.get_by_test_id(f"value-{feature}-{channel}")


def chart(page: Page, feature: str) -> Locator:
    """The trend chart of a feature."""
    return page.get_by_test_id(f"chart-{feature}")


def value(page: Page, feature: str, channel: str) -> float:
    """The number that a card stands for; waits until there is one."""
    place = card(page, feature, channel)
    expect(place).to_have_attribute("data-value", re.compile(r"\d"), timeout=WAIT_MS)
    return float(place.get_attribute("data-value") or "nan")


def wait_until(page: Page, holds: Callable[[], bool], what: str, timeout_ms: int) -> None:
    """Look again and again, from outside: the page forbids scripts made from text."""
    deadline = time.monotonic() + timeout_ms / 1000
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not come within {timeout_ms} ms"
        page.wait_for_timeout(LOOK_INTERVAL_MS)


def figure(place: Locator, name: str) -> float:
    """A number that an element carries as data; NaN without one."""
    if place.count() == 0:
        return math.nan
    return float(place.get_attribute(f"data-{name}") or "nan")


def wait_for_value(page: Page, feature: str, channel: str, low: float, high: float) -> None:
    """Wait until a card shows a number between two bounds."""
    place = card(page, feature, channel)
    what = f"{feature} of {channel} between {low} and {high}"
    wait_until(page, lambda: low < figure(place, "value") < high, what, WAIT_MS)


def wait_for_points(page: Page, feature: str, count: int, timeout_ms: int = WAIT_MS) -> None:
    """Wait until a chart has drawn so many windows."""
    place = chart(page, feature)
    what = f"{count} windows of {feature}"
    wait_until(page, lambda: figure(place, "points") >= count, what, timeout_ms)


def last_time(page: Page, feature: str) -> float:
    """Time of the newest window that a chart has drawn, in seconds since 1970."""
    return figure(chart(page, feature), "last-time")


def wait_for_time_after(page: Page, feature: str, after_s: float) -> None:
    """Wait until a chart has drawn a window that ended after a time."""
    what = f"a window of {feature} after {after_s}"
    wait_until(page, lambda: last_time(page, feature) > after_s, what, WAIT_MS)


def gaps(page: Page, feature: str) -> int:
    """How often the lines of a chart are broken."""
    return int(chart(page, feature).get_attribute("data-gaps") or "0")


def connected(page: Page) -> None:
    """Wait until the page says that it is connected."""
    expect(page.get_by_test_id("connection")).to_have_attribute(
        "data-state", "live", timeout=WAIT_MS
    )


def pixels(page: Page, feature: str) -> str:
    """The picture that a chart's canvas holds."""
    found = chart(page, feature).locator("canvas").evaluate("canvas => canvas.toDataURL()")
    return str(found)


def wait_for_another_picture(page: Page, feature: str, picture: str) -> None:
    """Wait until a chart's canvas holds something else; it is painted after its data came."""
    what = f"another picture of {feature}"
    wait_until(page, lambda: pixels(page, feature) != picture, what, WAIT_MS)
