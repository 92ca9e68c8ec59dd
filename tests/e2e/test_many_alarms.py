"""What an operator does about several alarms at once, and about what has no alarm yet."""

from __future__ import annotations

import re

from google.protobuf.duration_pb2 import Duration
from playwright.sync_api import Locator, Page, expect
from tests.conftest import RunningStack
from tests.e2e.conftest import MachineMaker, WindowMaker
from tests.e2e.machine import Machine

import kurto
from kurto.alerts.v1 import (
    alert_service_pb2,
    alerts_pb2,
    operator_actions_pb2,
    rule_service_pb2,
)

CHANNELS = ("axial", "horizontal", "vertical")


def watch(machine: Machine) -> None:
    """Have RMS above 1 g of any channel be an alarm at once."""
    level = alerts_pb2.Level(
        severity=alerts_pb2.SEVERITY_WARNING, limit=1.0, pending_duration=Duration()
    )
    rule = alerts_pb2.Rule(
        rule_id=f"{machine.sensor_id}-loud",
        display_name=f"Too loud {machine.sensor_id}",
        feature="rms",
        unit="g",
        selector=alerts_pb2.ChannelSelector(sensor_ids=[machine.sensor_id]),
        operator=alerts_pb2.OPERATOR_ABOVE,
        levels=[level],
    )

    async def create(client: kurto.Client) -> None:
        await client.rules.CreateRule(rule_service_pb2.CreateRuleRequest(rule=rule))

    machine.call(create)


def stored(machine: Machine) -> dict[str, alerts_pb2.Alert]:
    """Return the alerts of the machine's sensor by channel, as the service keeps them."""

    async def read(client: kurto.Client) -> list[alerts_pb2.Alert]:
        request = alert_service_pb2.ListAlertHistoryRequest(
            sensor_id=machine.sensor_id, kinds=[alerts_pb2.ALERT_KIND_VIBRATION]
        )
        return list((await client.alerts.ListAlertHistory(request)).alerts)

    return {alert.channel: alert for alert in machine.call(read)}


def alarms_page(
    stack: RunningStack, open_window: WindowMaker, machine: Machine
) -> tuple[Page, Locator]:
    """Return a page that lists the machine's alarms only, and its rows."""
    page = open_window(f"{stack.ready['https']}/?page=alarms&sensor={machine.sensor_id}").page
    page.get_by_test_id("filter-text").fill(machine.sensor_id)
    return page, page.get_by_test_id("alarm-row").filter(has_text=f"Too loud {machine.sensor_id}")


def say(page: Page, words: str) -> None:
    """Fill in who acts and why, and do it."""
    dialog = page.get_by_test_id("action-dialog")
    dialog.get_by_test_id("action-user").fill("Ann Engineer")
    dialog.get_by_test_id("action-words").fill(words)
    dialog.get_by_test_id("action-submit").click()
    expect(dialog).not_to_be_visible()


def test_comment_judge_and_shelve_several(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    machine = run_machine("several", channels=CHANNELS)
    watch(machine)
    machine.amplitude = 3.0
    page, rows = alarms_page(stack, open_window, machine)
    expect(rows).to_have_count(3)

    rows.filter(has_text="axial").get_by_test_id("mark").check()
    rows.filter(has_text="vertical").get_by_test_id("mark").check()
    expect(page.get_by_test_id("marked-count")).to_have_text("2 of 3 marked")
    page.get_by_test_id("comment-marked").click()
    say(page, "both were greased")
    counts = {channel: alert.comment_count for channel, alert in stored(machine).items()}
    assert counts == {"axial": 1, "horizontal": 0, "vertical": 1}

    page.get_by_test_id("mark-all").check()
    page.get_by_test_id("markTrue-marked").click()
    say(page, "bearing worn")
    assert {one.finding for one in stored(machine).values()} == {alerts_pb2.FINDING_TRUE}

    rows.filter(has_text="axial").get_by_test_id("mark").check()
    rows.filter(has_text="horizontal").get_by_test_id("mark").check()
    page.get_by_test_id("shelve-marked").click()
    say(page, "part on its way")
    expect(rows).to_have_count(1)
    shelved = {name for name, one in stored(machine).items() if one.HasField("shelving")}
    assert shelved == {"axial", "horizontal"}

    page.get_by_test_id("tab-aside").click()
    expect(rows).to_have_count(2)
    page.get_by_test_id("mark-all").check()
    page.get_by_test_id("unshelve-marked").click()
    say(page, "")
    page.get_by_test_id("tab-active").click()
    expect(rows).to_have_count(3)


def test_what_has_ended_meanwhile_is_no_failure(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    machine = run_machine("in-part", channels=CHANNELS)
    watch(machine)
    machine.amplitude = 3.0
    page, rows = alarms_page(stack, open_window, machine)
    expect(rows).to_have_count(3)
    page.get_by_test_id("mark-all").check()
    page.get_by_test_id("shelve-marked").click()
    dialog = page.get_by_test_id("action-dialog")
    dialog.get_by_test_id("action-user").fill("Ann Engineer")
    dialog.get_by_test_id("action-words").fill("overhaul")

    async def delete(client: kurto.Client) -> None:
        request = rule_service_pb2.DeleteRuleRequest(rule_id=f"{machine.sensor_id}-loud")
        await client.rules.DeleteRule(request)

    machine.call(delete)
    expect(rows).to_have_count(0)
    # All of them have ended meanwhile: that leaves nothing to do, and is no failure.
    dialog.get_by_test_id("action-submit").click()
    expect(dialog).not_to_be_visible()


def shelves(machine: Machine) -> list[operator_actions_pb2.Shelf]:
    """Return what is on the shelf of the machine's sensor."""

    async def read(client: kurto.Client) -> list[operator_actions_pb2.Shelf]:
        answer = await client.alerts.ListShelves(operator_actions_pb2.ListShelvesRequest())
        return [shelf for shelf in answer.shelves if shelf.key.sensor_id == machine.sensor_id]

    return machine.call(read)


def test_shelve_before_there_is_an_alarm_and_end_it(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    machine = run_machine("before", channels=CHANNELS)
    machine.amplitude = 0.1
    watch(machine)
    page, rows = alarms_page(stack, open_window, machine)
    page.get_by_test_id("tab-aside").click()
    page.get_by_test_id("aside-shelve").click()
    dialog = page.get_by_test_id("aside-dialog")
    rule = dialog.get_by_test_id("aside-rule")
    rule.select_option(label="Too loud before (before-loud)")
    dialog.get_by_test_id("aside-name").fill("no such sensor")
    expect(dialog.get_by_test_id("aside-unknown")).to_be_visible()
    dialog.get_by_test_id("aside-name").fill("before")
    dialog.get_by_test_id("aside-channel").select_option("vertical")
    dialog.get_by_test_id("action-user").fill("Ann Engineer")
    dialog.get_by_test_id("action-words").fill("valve is changed")
    dialog.get_by_test_id("aside-submit").click()
    expect(dialog).not_to_be_visible()

    shelf = page.get_by_test_id("shelf").filter(has_text="before-loud")
    expect(shelf).to_have_count(1)
    expect(shelf).to_contain_text("before · vertical")
    expect(shelf).to_contain_text("by Ann Engineer")
    expect(shelf).to_contain_text(re.compile(r"until \d\d:\d\d:\d\d UTC, in (1 h|59 min)"))
    assert [one.key.channel for one in shelves(machine)] == ["vertical"]

    # What alarms now is set aside from the beginning.
    machine.amplitude = 3.0
    expect(rows).to_have_count(1)
    page.get_by_test_id("tab-active").click()
    expect(rows).to_have_count(2)
    page.get_by_test_id("tab-aside").click()
    shelf.get_by_test_id("shelf-end").click()
    dialog.get_by_test_id("action-user").fill("Ben Engineer")
    dialog.get_by_test_id("aside-submit").click()
    expect(shelf).to_have_count(0)
    expect(rows).to_have_count(0)
    assert shelves(machine) == []


def test_take_a_sensor_out_of_service_and_return_it(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    machine = run_machine("overhauled", channels=CHANNELS)
    machine.amplitude = 0.1
    watch(machine)
    page, rows = alarms_page(stack, open_window, machine)
    page.get_by_test_id("tab-aside").click()
    page.get_by_test_id("aside-take-out").click()
    dialog = page.get_by_test_id("aside-dialog")
    dialog.get_by_test_id("aside-name").fill("overhauled")
    dialog.get_by_test_id("action-user").fill("Ann Engineer")
    dialog.get_by_test_id("aside-submit").click()
    # Nobody is let off a reason.
    expect(dialog).to_be_visible()
    dialog.get_by_test_id("action-words").fill("overhaul")
    dialog.get_by_test_id("aside-submit").click()
    entry = page.get_by_test_id("out-of-service").filter(has_text="overhauled")
    expect(entry).to_contain_text("by Ann Engineer")
    expect(entry).to_contain_text("overhaul")

    machine.amplitude = 3.0
    expect(rows).to_have_count(3)
    assert {one.out_of_service for one in stored(machine).values()} == {"overhaul"}
    entry.get_by_test_id("out-of-service-end").click()
    dialog.get_by_test_id("aside-submit").click()
    expect(entry).to_have_count(0)
    page.get_by_test_id("tab-active").click()
    expect(rows).to_have_count(3)


def test_a_link_to_an_alarm_loads_nothing_anew(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    machine = run_machine("linked", channels=("vertical",))
    watch(machine)
    machine.amplitude = 3.0
    page = open_window(f"{stack.ready['https']}/?sensor=linked").page
    loaded: list[str] = []
    page.on("request", lambda one: loaded.append(one.url) if one.is_navigation_request() else None)
    alarm = page.get_by_test_id("alarm").filter(has_text="Too loud linked")
    alarm.get_by_test_id("alarm-link").click()
    expect(page.get_by_test_id("alarm-details")).to_contain_text("Too loud linked")
    assert "page=alarms" in page.url
    page.go_back()
    expect(page.get_by_test_id("page")).to_be_visible()
    assert loaded == []
    page.reload()
    assert len(loaded) == 1


def test_a_page_that_cannot_be_fetched_says_so(
    stack: RunningStack, open_window: WindowMaker
) -> None:
    window = open_window(str(stack.ready["https"]), outage_expected=True)
    window.page.route(re.compile(r"/assets/FiguresPage.*\.js"), lambda route: route.abort())
    window.page.get_by_test_id("page-figures").click()
    expect(window.page.get_by_test_id("page-lost")).to_contain_text("could not be fetched")
    window.complaints.clear()
    window.page.unroute_all()
    window.page.get_by_role("button", name="Load it anew").click()
    expect(window.page.get_by_test_id("figures-page")).to_be_visible()
