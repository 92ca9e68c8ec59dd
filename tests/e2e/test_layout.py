"""The page fits a phone and a desk, and can be found through without a mouse."""

import pytest
from playwright.sync_api import Page, ViewportSize, expect
from tests.conftest import RunningStack
from tests.e2e import pages
from tests.e2e.conftest import MachineMaker, WindowMaker

PHONE: ViewportSize = {"width": 360, "height": 780}
SIZES: tuple[ViewportSize, ...] = (
    PHONE,
    {"width": 390, "height": 844},
    {"width": 768, "height": 1024},
    {"width": 1280, "height": 800},
    {"width": 2560, "height": 1440},
)


def sticking_out(page: Page) -> list[str]:
    """Return what reaches over the right edge of the page; a row of tabs scrolls by itself."""
    found = page.evaluate(
        """() => [...document.querySelectorAll("#app *, dialog *")].filter((element) => {
            const box = element.getBoundingClientRect();
            const unseen = element.closest(".unseen, .skip, [role=listbox], nav");
            const right = document.documentElement.clientWidth;
            return !unseen && box.width > 0 && box.right > right + 1;
        }).map((element) => element.outerHTML.slice(0, 120))"""
    )
    return list(found)


@pytest.mark.parametrize("name", ["alarms", "rules", "figures", "notifications"])
def test_no_page_sticks_out_of_a_phone(
    stack: RunningStack, open_window: WindowMaker, name: str
) -> None:
    page = open_window(f"{stack.ready['https']}/?page={name}", viewport=PHONE).page
    expect(page.get_by_test_id(f"{name}-page")).to_be_visible()
    if name == "figures":
        expect(page.get_by_test_id("rates")).to_be_visible()  # empty pages stick out nowhere
    for tab in page.get_by_role("tab").all() or [page.get_by_test_id(f"page-{name}")]:
        tab.click()
        assert sticking_out(page) == []
        small = page.evaluate(
            """() => [...document.querySelectorAll("main button, main select")].filter(
                (control) => control.getBoundingClientRect().height > 0
                    && control.getBoundingClientRect().height < 44
            ).map((control) => control.outerHTML.slice(0, 120))"""
        )
        assert small == []


def test_nothing_sticks_out_at_any_width(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    name = "e2e-a-sensor-with-a-rather-long-name.drive-end:1"
    run_machine(name, channels=("horizontal-drive-end", "vertical-drive-end"))
    page = open_window(f"{stack.ready['https']}/?sensor={name}").page
    pages.value(page, "rms", "horizontal-drive-end")
    for size in SIZES:
        page.set_viewport_size(size)
        pages.wait_for_points(page, "rms", 1)
        outside = sticking_out(page)
        assert outside == [], size
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_numbers_are_never_clipped(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    machine = run_machine("e2e-clipped")
    machine.amplitude = 12345.0
    page = open_window(f"{stack.ready['https']}/?sensor=e2e-clipped", viewport=PHONE).page
    pages.wait_for_value(page, "rms", "horizontal", 8000, 9500)
    for feature in pages.FEATURES:
        overflow = pages.card(page, feature, "vertical").evaluate(
            "card => [...card.querySelectorAll('.value, .number')].some("
            "(part) => part.scrollWidth > part.clientWidth + 1 && part.clientWidth > 0)"
        )
        assert not overflow, feature


def test_at_1280_by_800_values_and_charts_are_seen_without_scrolling(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    run_machine("e2e-glance")
    page = open_window(f"{stack.ready['https']}/?sensor=e2e-glance").page
    pages.value(page, "rms", "vertical")
    for feature in pages.FEATURES:
        box = pages.chart(page, feature).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 800
    assert page.evaluate("document.documentElement.scrollHeight") <= 800


@pytest.mark.parametrize("role", ["banner", "main"])
def test_the_page_has_landmarks(stack: RunningStack, open_window: WindowMaker, role: str) -> None:
    page = open_window(str(stack.ready["https"])).page
    expect(page.get_by_role("banner" if role == "banner" else "main")).to_have_count(1)


def test_every_control_has_a_name(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    run_machine("e2e-names")
    page = open_window(f"{stack.ready['https']}/?sensor=e2e-names").page
    pages.value(page, "rms", "vertical")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, textarea, [role=img]")].filter(
            (element) => !(element.textContent.trim() || element.getAttribute("aria-label")
                || element.labels?.length)).map((element) => element.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
