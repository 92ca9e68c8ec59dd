"""Evidence stands beside an alarm on the page: not yet at first, then samples and spectrum."""

import re

from playwright.sync_api import expect
from tests.conftest import RunningStack
from tests.e2e.conftest import MachineMaker, WindowMaker
from tests.e2e.test_alarms_on_the_page import too_loud

FROZEN_MS = 60_000


def test_evidence_comes_by_itself_and_shows_every_channel(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    machine = run_machine("evidence-pump")
    machine.call(too_loud("evidence-pump", "vertical"))
    machine.amplitude = 3.0
    page = open_window(f"{stack.ready['https']}/?page=alarms&sensor=evidence-pump").page
    row = page.get_by_test_id("alarm-row").filter(has_text="evidence-pump")
    row.first.get_by_role("button").first.click()
    waveform = page.get_by_test_id("evidence-waveform")
    expect(waveform).to_be_visible(timeout=FROZEN_MS)
    # Four seconds at 2560 Hz, if the machine had run for so long; at least three of them.
    expect(waveform).to_have_attribute("data-samples", re.compile(r"^(7[6-9]|[89]\d|1\d\d)\d\d$"))
    expect(waveform.locator("path")).to_have_attribute("d", re.compile(r"^M0\.0 .*L600\.0 "))
    expect(waveform.locator("figcaption")).to_contain_text("g")
    expect(page.get_by_test_id("evidence-spectrum").locator("figcaption")).to_contain_text("Hz")
    channel = page.get_by_test_id("evidence-channel")
    expect(channel).to_have_value("evidence-pump/vertical")
    channel.select_option("evidence-pump/horizontal")
    expect(channel).to_have_value("evidence-pump/horizontal")
    expect(waveform).to_be_visible()
    expect(page.get_by_test_id("evidence")).to_contain_text("baseline")
