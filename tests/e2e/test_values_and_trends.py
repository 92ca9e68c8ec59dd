"""The page shows what a sensor measures, as it measures."""

import math
import re

import pytest
from playwright.sync_api import expect
from tests.conftest import RunningStack
from tests.e2e import pages
from tests.e2e.conftest import MachineMaker, WindowMaker


def test_cards_show_the_features_of_the_samples_and_follow_them(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    machine = run_machine("e2e-values")
    page = open_window(f"{stack.ready['https']}/?sensor=e2e-values").page
    assert pages.value(page, "rms", "horizontal") == pytest.approx(1 / math.sqrt(2), rel=0.02)
    assert pages.value(page, "kurtosis", "vertical") == pytest.approx(1.5, rel=0.02)
    assert pages.value(page, "peak", "vertical") == pytest.approx(1.0, rel=0.02)
    assert pages.value(page, "crest_factor", "horizontal") == pytest.approx(math.sqrt(2), rel=0.02)
    cards = page.get_by_test_id(re.compile(r"^value-"))
    expect(cards).to_have_count(8)
    expect(pages.card(page, "rms", "vertical")).to_contain_text(re.compile(r"0\.7\d{3}\s*g"))
    machine.amplitude = 3.0
    pages.wait_for_value(page, "rms", "horizontal", 2.0, 2.3)
    pages.wait_for_value(page, "peak", "vertical", 2.9, 3.1)


def test_values_come_ten_times_a_second(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    run_machine("e2e-rate")
    page = open_window(f"{stack.ready['https']}/?sensor=e2e-rate").page
    pages.wait_for_points(page, "rms", 5)
    # Noise makes each window's value differ, so each change is a window.
    for _ in range(4):  # a machine that does much else may be late now and then
        changes = page.evaluate(
            """() => new Promise((resolve) => {
                const card = document.querySelector('[data-testid="value-rms-horizontal"]');
                let changes = 0;
                const watcher = new MutationObserver(() => { changes += 1; });
                watcher.observe(card, { attributes: true, attributeFilter: ["data-value"] });
                setTimeout(() => { watcher.disconnect(); resolve(changes); }, 4000);
            })"""
        )
        if changes >= 20:
            break
    assert 20 <= changes <= 50


def test_charts_move(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    run_machine("e2e-charts")
    page = open_window(f"{stack.ready['https']}/?sensor=e2e-charts").page
    for feature in pages.FEATURES:
        pages.wait_for_points(page, feature, 10)
        before, picture = pages.last_time(page, feature), pages.pixels(page, feature)
        pages.wait_for_time_after(page, feature, before + 0.5)
        pages.wait_for_another_picture(page, feature, picture)


def test_a_reload_keeps_the_sensor_and_brings_back_the_past(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    machine = run_machine("e2e-history")
    page = open_window(f"{stack.ready['https']}/?sensor=e2e-history").page
    pages.wait_for_points(page, "rms", 60)
    machine.running = False
    page.reload()
    pages.wait_for_points(page, "rms", 60)  # none of them is live
    assert page.url.endswith("?sensor=e2e-history")


def test_a_gap_is_told_and_drawn_as_a_gap(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    machine = run_machine("e2e-gap")
    page = open_window(f"{stack.ready['https']}/?sensor=e2e-gap").page
    pages.wait_for_points(page, "rms", 10)
    machine.skip_samples = 500
    expect(pages.card(page, "rms", "horizontal")).to_contain_text("Samples missing")
    expect(pages.card(page, "rms", "horizontal")).to_have_attribute("data-value", "")
    expect(page.get_by_test_id("stream-gaps")).to_contain_text(re.compile(r"1 500 samples missing"))
    pages.wait_for_value(page, "rms", "horizontal", 0.6, 0.8)
    assert pages.gaps(page, "rms") == 1


def test_thirty_two_channels_of_any_name_have_a_table(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    channels = tuple(f"bearing-{number}.axial" for number in range(1, 33))
    run_machine("e2e-many", channels=channels, sample_rate_hz=500.0)
    page = open_window(f"{stack.ready['https']}/?sensor=e2e-many").page
    assert pages.value(page, "rms", "bearing-32.axial") == pytest.approx(0.707, rel=0.05)
    expect(page.get_by_test_id(re.compile(r"^value-"))).to_have_count(128)
    pages.wait_for_points(page, "kurtosis", 5)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_one_channel_is_enough(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    run_machine("e2e-single", channels=("axial",))
    page = open_window(f"{stack.ready['https']}/?sensor=e2e-single").page
    pages.value(page, "crest_factor", "axial")
    expect(page.get_by_test_id(re.compile(r"^value-"))).to_have_count(4)


def test_the_page_says_how_old_the_last_values_are(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    machine = run_machine("e2e-stale")
    page = open_window(f"{stack.ready['https']}/?sensor=e2e-stale").page
    pages.value(page, "rms", "horizontal")
    age = page.get_by_test_id("age")
    expect(age).to_have_attribute("data-stale", "false")
    machine.running = False
    expect(age).to_have_attribute("data-stale", "true")
    expect(age).to_contain_text(re.compile(r"Last value \d+ s ago"))
    expect(pages.card(page, "rms", "horizontal")).to_have_attribute("data-stale", "true")
    expect(page.get_by_test_id("stream-state")).to_have_attribute("data-state", "stale")
    # What was measured last stays readable.
    assert pages.value(page, "rms", "horizontal") == pytest.approx(0.707, rel=0.02)


def test_a_sensor_is_found_by_typing_and_the_address_names_it(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    run_machine("e2e-first")
    run_machine("e2e-second")
    page = open_window(f"{stack.ready['https']}/?sensor=e2e-first").page
    pages.value(page, "rms", "horizontal")
    field = page.get_by_test_id("sensor-input")
    field.click()
    field.fill("e2e-sec")
    expect(page.get_by_test_id("sensor-option")).to_have_count(1)
    field.press("ArrowDown")
    field.press("Enter")
    expect(page).to_have_url(re.compile(r"\?sensor=e2e-second$"))
    pages.value(page, "rms", "horizontal")
    expect(page.get_by_test_id("sensor-names")).to_contain_text("Test bench e2e-second")
    page.go_back()
    expect(field).to_have_value("e2e-first")
    pages.value(page, "rms", "horizontal")


def test_an_unknown_sensor_is_awaited(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    page = open_window(f"{stack.ready['https']}/?sensor=e2e-later").page
    expect(page.get_by_test_id("nothing")).to_contain_text("“e2e-later” is not registered")
    run_machine("e2e-later")
    pages.value(page, "rms", "horizontal")
    expect(page.get_by_test_id("sensor-names")).to_contain_text("Test bench e2e-later")
