"""What the tests do on the real-time page, in the words of its users."""

import re

from playwright.sync_api import Locator, Page, expect

WAIT_MS = 20_000
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


def wait_for_value(page: Page, feature: str, channel: str, low: float, high: float) -> None:
    """Wait until a card shows a number between two bounds."""
    page.wait_for_function(
        """([id, low, high]) => {
            const text = document.querySelector(`[data-testid="${id}"]`)?.dataset.value ?? "";
            return text !== "" && Number(text) > low && Number(text) < high;
        }""",
        arg=[f"value-{feature}-{channel}", low, high],
        timeout=WAIT_MS,
    )


def wait_for_points(page: Page, feature: str, count: int, timeout_ms: int = WAIT_MS) -> None:
    """Wait until a chart has drawn so many windows."""
    page.wait_for_function(
        """([id, count]) => {
            const chart = document.querySelector(`[data-testid="${id}"]`);
            return Number(chart?.dataset.points ?? 0) >= count;
        }""",
        arg=[f"chart-{feature}", count],
        timeout=timeout_ms,
    )


def last_time(page: Page, feature: str) -> float:
    """Time of the newest window that a chart has drawn, in seconds since 1970."""
    return float(chart(page, feature).get_attribute("data-last-time") or "0")


def wait_for_time_after(page: Page, feature: str, after_s: float) -> None:
    """Wait until a chart has drawn a window that ended after a time."""
    page.wait_for_function(
        """([id, after]) => {
            const chart = document.querySelector(`[data-testid="${id}"]`);
            return Number(chart?.dataset.lastTime ?? 0) > after;
        }""",
        arg=[f"chart-{feature}", after_s],
        timeout=WAIT_MS,
    )


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
