"""Alarms appear, are acknowledged, and end, on the page as in the service."""

import re
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlsplit

from google.protobuf.duration_pb2 import Duration
from playwright.sync_api import Locator, Page, expect
from tests.conftest import RunningStack
from tests.e2e import pages
from tests.e2e.cable import Cable
from tests.e2e.conftest import MachineMaker, WindowMaker
from tests.e2e.machine import Machine

import kurto
from kurto.alerts.v1 import alert_service_pb2, alerts_pb2, rule_service_pb2


def too_loud(sensor_id: str, *channels: str) -> Callable[[kurto.Client], Coroutine[Any, Any, None]]:
    """Watches channels' RMS: critical above 1 g at once, over after a second below it."""
    rule = alerts_pb2.Rule(
        rule_id=f"{sensor_id}-loud",
        display_name="Too loud",
        feature="rms",
        unit="g",
        selector=alerts_pb2.ChannelSelector(sensor_ids=[sensor_id], channels=channels),
        operator=alerts_pb2.OPERATOR_ABOVE,
        levels=[
            alerts_pb2.Level(
                severity=alerts_pb2.SEVERITY_CRITICAL,
                limit=1.0,
                pending_duration=Duration(),
                latch=False,
            )
        ],
        recovery_duration=Duration(seconds=1),
    )

    async def create(client: kurto.Client) -> None:
        await client.rules.CreateRule(rule_service_pb2.CreateRuleRequest(rule=rule))

    return create


def alarm_of(page: Page, sensor_id: str) -> Locator:
    return page.get_by_test_id("alarm").filter(has_text=sensor_id)


def stored(sensor_id: str) -> Callable[[kurto.Client], Coroutine[Any, Any, alerts_pb2.Alert]]:
    """Reads the newest alert of a sensor from the service."""

    async def read(client: kurto.Client) -> alerts_pb2.Alert:
        request = alert_service_pb2.ListAlertHistoryRequest(sensor_id=sensor_id, page_size=1)
        answer = await client.alerts.ListAlertHistory(request)
        return answer.alerts[0]

    return read


def test_an_alarm_is_raised_acknowledged_and_ended(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    machine = run_machine("e2e-alarm")
    machine.call(too_loud("e2e-alarm", "vertical"))
    page = open_window(f"{stack.ready['https']}/?sensor=e2e-alarm").page
    pages.value(page, "rms", "vertical")
    alarm = alarm_of(page, "e2e-alarm")
    expect(alarm).to_have_count(0)

    machine.amplitude = 3.0
    expect(alarm).to_have_attribute("data-severity", "critical")
    expect(alarm).to_contain_text("Critical")
    expect(alarm).to_contain_text("Too loud")
    expect(alarm).to_contain_text("limit 1 g")
    expect(pages.card(page, "rms", "vertical")).to_have_attribute("data-severity", "critical")
    expect(pages.card(page, "rms", "horizontal")).to_have_attribute("data-severity", "")
    expect(page.get_by_test_id("announcement")).to_contain_text("e2e-alarm vertical, Too loud")
    expect(page).to_have_title(re.compile(r"^\(\d+\) e2e-alarm"))

    alarm.get_by_test_id("acknowledge").click()
    page.get_by_test_id("acknowledge-user").fill("Ann Engineer")
    page.get_by_test_id("acknowledge-comment").fill("bearing ordered")
    page.get_by_test_id("acknowledge-submit").click()
    expect(alarm).to_have_attribute("data-acknowledged", "true")
    expect(alarm.get_by_test_id("acknowledged-by")).to_contain_text("Ann Engineer")
    expect(alarm.get_by_test_id("acknowledged-by")).to_contain_text("bearing ordered")
    expect(page.get_by_test_id("acknowledge-dialog")).to_be_hidden()
    acknowledgment = machine.call(stored("e2e-alarm")).acknowledgment
    assert (acknowledgment.user, acknowledgment.comment) == ("Ann Engineer", "bearing ordered")

    machine.amplitude = 0.5
    expect(alarm).to_have_attribute("data-ended", "resolved")
    expect(alarm).to_have_count(0)
    assert machine.call(stored("e2e-alarm")).state == alerts_pb2.CONDITION_STATE_NORMAL


def test_a_second_acknowledgment_is_refused_with_the_servers_words(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    machine = run_machine("e2e-twice")
    machine.call(too_loud("e2e-twice", "vertical"))
    machine.amplitude = 3.0
    page = open_window(f"{stack.ready['https']}/?sensor=e2e-twice", outage_expected=False).page
    alarm = alarm_of(page, "e2e-twice")
    alarm.get_by_test_id("acknowledge").click()
    page.get_by_test_id("acknowledge-user").fill("Bob")
    alert_id = alarm.get_attribute("data-alert") or ""

    async def first(client: kurto.Client) -> None:
        request = alert_service_pb2.AcknowledgeAlertRequest(alert_id=alert_id, user="Ann")
        await client.alerts.AcknowledgeAlert(request)

    machine.call(first)
    expect(alarm).to_have_attribute("data-acknowledged", "true")
    page.get_by_test_id("acknowledge-submit").click()
    refusal = page.get_by_test_id("acknowledge-failure")
    expect(refusal).to_have_attribute("data-reason", "ALREADY_ACKNOWLEDGED")
    expect(refusal).to_contain_text("Not acknowledged")


def test_a_page_without_address_begins_with_an_alarm(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    machine = run_machine("e2e-urgent")
    machine.call(too_loud("e2e-urgent", "vertical"))
    machine.amplitude = 3.0
    first = open_window(f"{stack.ready['https']}/?sensor=e2e-urgent").page
    expect(alarm_of(first, "e2e-urgent")).to_have_count(1)
    page = open_window(str(stack.ready["https"])).page
    expect(page).to_have_url(re.compile(r"\?sensor=e2e-(urgent|twice|alarm)$"))
    expect(alarm_of(page, "e2e-urgent")).to_have_attribute("data-severity", "critical")


def test_the_dialog_is_worked_by_keyboard_and_gives_the_focus_back(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    machine = run_machine("e2e-keys")
    machine.call(too_loud("e2e-keys", "vertical"))
    machine.amplitude = 3.0
    page = open_window(f"{stack.ready['https']}/?sensor=e2e-keys").page
    button = alarm_of(page, "e2e-keys").get_by_test_id("acknowledge")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("acknowledge-user")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("acknowledge-dialog")).to_be_hidden()
    expect(button).to_be_focused()


def has_ended(machine: Machine) -> bool:
    """Tell whether the newest alarm of a machine is over, as the service says."""
    alert = machine.call(stored(machine.sensor_id))
    return bool(alert.state == alerts_pb2.CONDITION_STATE_NORMAL)


def test_no_alarm_is_lost_while_the_page_is_cut_off(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    ending, beginning = run_machine("e2e-ending"), run_machine("e2e-beginning")
    ending.call(too_loud("e2e-ending", "vertical"))
    beginning.call(too_loud("e2e-beginning", "vertical"))
    ending.amplitude = 3.0
    port = urlsplit(str(stack.ready["https"])).port or 0
    with Cable(port) as cable:
        url = f"https://127.0.0.1:{cable.port}/?sensor=e2e-ending"
        page = open_window(url, outage_expected=True).page
        expect(alarm_of(page, "e2e-ending")).to_have_count(1)
        cable.cut()
        expect(page.get_by_test_id("connection")).not_to_have_attribute("data-state", "live")
        ending.amplitude, beginning.amplitude = 0.5, 3.0
        witness = open_window(f"{stack.ready['https']}/?sensor=e2e-ending").page
        expect(alarm_of(witness, "e2e-beginning")).to_have_count(1)
        pages.wait_until(witness, lambda: has_ended(ending), "the end of an alarm", pages.WAIT_MS)
        expect(alarm_of(page, "e2e-beginning")).to_have_count(0)
        expect(page.get_by_test_id("link-lost")).to_be_visible()
        # Trying at once is of no use yet, and does no harm.
        page.get_by_test_id("retry").click()
        cable.mend()
        pages.connected(page)
        expect(alarm_of(page, "e2e-beginning")).to_have_attribute("data-severity", "critical")
        expect(alarm_of(page, "e2e-ending")).to_have_count(0)
        expect(page.get_by_test_id("link-lost")).to_be_hidden()


def test_a_flood_of_alarms_leaves_the_page_usable(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    channels = tuple(f"c{number}" for number in range(1, 33))
    machine = run_machine("e2e-flood", channels=channels, sample_rate_hz=500.0)
    machine.call(too_loud("e2e-flood"))
    page = open_window(f"{stack.ready['https']}/?sensor=e2e-flood").page
    pages.value(page, "rms", "c32")
    machine.amplitude = 3.0
    page.get_by_test_id("scope-this").click()
    alarms = alarm_of(page, "e2e-flood")
    expect(alarms).to_have_count(32)
    expect(pages.card(page, "rms", "c7")).to_have_attribute("data-severity", "critical")
    last = alarms.last.get_by_test_id("acknowledge")
    last.scroll_into_view_if_needed()
    last.click()
    expect(page.get_by_test_id("acknowledge-dialog")).to_be_visible()
    panel = page.get_by_test_id("alarms").bounding_box()
    assert panel is not None
    assert panel["height"] <= 800
