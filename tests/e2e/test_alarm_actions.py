"""Everything that an operator does about an alarm, on the page and as the service keeps it."""

import re

import pytest
from google.protobuf.duration_pb2 import Duration
from playwright.sync_api import Locator, Page, expect
from tests.conftest import RunningStack
from tests.e2e.conftest import MachineMaker, WindowMaker
from tests.e2e.machine import Machine

import kurto
from kurto.alerts.v1 import alert_service_pb2, alerts_pb2, rule_service_pb2


def watch(machine: Machine, *, latch: bool) -> None:
    """Have RMS above 1 g be an alarm at once, over after a second below it."""
    level = alerts_pb2.Level(
        severity=alerts_pb2.SEVERITY_CRITICAL, limit=1.0, pending_duration=Duration(), latch=latch
    )
    rule = alerts_pb2.Rule(
        rule_id=f"{machine.sensor_id}-loud",
        display_name=f"Too loud {machine.sensor_id}",
        feature="rms",
        unit="g",
        selector=alerts_pb2.ChannelSelector(sensor_ids=[machine.sensor_id], channels=["vertical"]),
        operator=alerts_pb2.OPERATOR_ABOVE,
        levels=[level],
        recovery_duration=Duration(seconds=1),
        guidance="Listen at the drive end.",
    )

    async def create(client: kurto.Client) -> None:
        await client.rules.CreateRule(rule_service_pb2.CreateRuleRequest(rule=rule))

    machine.call(create)


def newest(machine: Machine) -> alerts_pb2.Alert:
    """Return the newest alert of the machine's sensor as the service keeps it."""

    async def read(client: kurto.Client) -> alerts_pb2.Alert:
        request = alert_service_pb2.ListAlertHistoryRequest(
            sensor_id=machine.sensor_id,
            page_size=1,
            kinds=[alerts_pb2.ALERT_KIND_VIBRATION],
        )
        return (await client.alerts.ListAlertHistory(request)).alerts[0]

    return machine.call(read)


def row(page: Page, sensor_id: str) -> Locator:
    return page.get_by_test_id("alarm-row").filter(has_text=f"Too loud {sensor_id}")


def act(page: Page, action: str, words: str = "") -> None:
    """Do something about the alarm whose details are shown."""
    page.get_by_test_id(f"act-{action}").click()
    page.get_by_test_id("action-user").fill("Ann Engineer")
    page.get_by_test_id("action-words").fill(words)
    page.get_by_test_id("action-submit").click()
    expect(page.get_by_test_id("action-dialog")).not_to_be_visible()


@pytest.fixture
def alarmed(
    stack: RunningStack,
    open_window: WindowMaker,
    run_machine: MachineMaker,
    request: pytest.FixtureRequest,
) -> tuple[Page, Machine]:
    """A page that shows the details of an alarm; its machine can be silenced."""
    sensor_id = re.sub(r"[^a-z]+", "-", request.node.name.removeprefix("test_"))[:40].strip("-")
    machine = run_machine(sensor_id)
    watch(machine, latch="reset" in request.node.name)
    machine.amplitude = 3.0
    page = open_window(f"{stack.ready['https']}/?page=alarms&sensor={sensor_id}").page
    row(page, sensor_id).get_by_role("button").click()
    expect(page.get_by_test_id("guidance")).to_have_text("Listen at the drive end.")
    return page, machine


def timeline(page: Page) -> Locator:
    return page.get_by_test_id("alarm-timeline")


def test_acknowledge_and_take_it_back(alarmed: tuple[Page, Machine]) -> None:
    page, machine = alarmed
    act(page, "acknowledge", "bearing ordered")
    expect(timeline(page)).to_contain_text("Acknowledged · Ann Engineer")
    expect(timeline(page)).to_contain_text("bearing ordered")
    assert newest(machine).acknowledged

    act(page, "unacknowledge", "wrong machine")
    expect(timeline(page)).to_contain_text("Acknowledgment taken back")
    expect(page.get_by_test_id("act-acknowledge")).to_be_visible()
    assert not newest(machine).acknowledged


def test_comment(alarmed: tuple[Page, Machine]) -> None:
    page, machine = alarmed
    act(page, "comment", "<b>it whistles</b>")
    expect(timeline(page)).to_contain_text("<b>it whistles</b>")
    assert newest(machine).comment_count == 1


def test_shelve_and_unshelve(alarmed: tuple[Page, Machine]) -> None:
    page, machine = alarmed
    page.get_by_test_id("act-shelve").click()
    page.get_by_test_id("action-user").fill("Ann Engineer")
    page.get_by_test_id("action-submit").click()
    # Nobody is let off a reason.
    expect(page.get_by_test_id("action-dialog")).to_be_visible()
    page.get_by_test_id("action-words").fill("known, part on its way")
    page.get_by_test_id("action-submit").click()

    expect(row(page, machine.sensor_id)).to_have_count(0)
    page.get_by_test_id("tab-aside").click()
    expect(row(page, machine.sensor_id)).to_contain_text("Shelved until")
    assert newest(machine).shelving.reason == "known, part on its way"

    act(page, "unshelve")
    page.get_by_test_id("tab-active").click()
    expect(row(page, machine.sensor_id)).to_be_visible()
    assert not newest(machine).HasField("shelving")


def test_out_of_service_and_back(alarmed: tuple[Page, Machine]) -> None:
    page, machine = alarmed
    act(page, "takeOut", "overhaul")
    expect(row(page, machine.sensor_id)).to_have_count(0)
    page.get_by_test_id("tab-aside").click()
    expect(row(page, machine.sensor_id)).to_contain_text("Out of service")
    assert newest(machine).out_of_service == "overhaul"

    act(page, "return")
    page.get_by_test_id("tab-active").click()
    expect(row(page, machine.sensor_id)).to_be_visible()


def test_reset_once_the_condition_is_normal(alarmed: tuple[Page, Machine]) -> None:
    page, machine = alarmed
    expect(page.get_by_test_id("act-reset")).to_have_count(0)
    machine.amplitude = 0.1
    expect(row(page, machine.sensor_id)).to_contain_text("Waits for reset")
    act(page, "reset", "checked on site")
    expect(row(page, machine.sensor_id)).to_have_count(0)
    expect(timeline(page)).to_contain_text("Reset · Ann Engineer")
    assert newest(machine).HasField("resolve_time")


def test_mark_the_finding(alarmed: tuple[Page, Machine]) -> None:
    page, machine = alarmed
    act(page, "markFalse", "a door slammed")
    expect(page.get_by_test_id("alarm-details")).to_contain_text("Nothing was wrong")
    assert newest(machine).finding == alerts_pb2.FINDING_FALSE


def test_acknowledge_what_is_marked(alarmed: tuple[Page, Machine]) -> None:
    page, machine = alarmed
    row(page, machine.sensor_id).get_by_test_id("mark").check()
    page.get_by_test_id("acknowledge-marked").click()
    page.get_by_test_id("action-user").fill("Ann Engineer")
    page.get_by_test_id("action-submit").click()
    expect(row(page, machine.sensor_id)).to_contain_text("Acknowledged")
    assert newest(machine).acknowledged
    # What is done no longer stands to be done.
    row(page, machine.sensor_id).get_by_test_id("mark").check()
    expect(page.get_by_test_id("comment-marked")).to_be_visible()
    expect(page.get_by_test_id("acknowledge-marked")).to_have_count(0)


def test_filters_history_and_trend(alarmed: tuple[Page, Machine]) -> None:
    page, machine = alarmed
    page.get_by_test_id("filter-text").fill("no such machine")
    expect(page.get_by_test_id("no-alarm-rows")).to_have_text("No alarm matches the filters")
    page.get_by_test_id("filter-text").fill(machine.sensor_id)
    page.get_by_test_id("filter-severity").select_option(label="Critical and worse")
    expect(row(page, machine.sensor_id)).to_be_visible()
    page.get_by_test_id("filter-kind").select_option(label="System")
    expect(row(page, machine.sensor_id)).to_have_count(0)
    page.get_by_test_id("filter-kind").select_option(label="All kinds")

    machine.amplitude = 0.1
    expect(row(page, machine.sensor_id)).to_have_count(0)
    page.get_by_test_id("tab-history").click()
    expect(row(page, machine.sensor_id)).to_contain_text("Ended")
    row(page, machine.sensor_id).get_by_role("button").click()
    expect(page.get_by_test_id("trend-limit")).to_have_count(1)
    expect(timeline(page)).to_contain_text("Raised")
    expect(timeline(page)).to_contain_text("Ended")


def test_a_link_leads_to_the_alarm(alarmed: tuple[Page, Machine]) -> None:
    page, machine = alarmed
    page.reload()
    expect(page.get_by_test_id("alarm-details")).to_contain_text(machine.sensor_id)
    page.get_by_test_id("act-watch").click()
    expect(page.get_by_test_id("page")).to_be_visible()
    page.go_back()
    expect(page.get_by_test_id("alarm-details")).to_contain_text(machine.sensor_id)


def test_write_change_and_delete_a_rule(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    run_machine("e2e-rules")
    page = open_window(f"{stack.ready['https']}/?page=rules&sensor=e2e-rules").page
    page.get_by_test_id("rule-new").click()
    page.get_by_test_id("rule-name").fill("E2E velocity")
    page.get_by_test_id("rule-sensors").fill("e2e-rules")
    page.get_by_test_id("limit-warning").fill("5")
    expect(page.get_by_test_id("preview-limit")).to_have_count(1)
    page.get_by_test_id("limit-critical").fill("4")
    page.get_by_test_id("rule-save").click()
    expect(page.get_by_test_id("rule-failure")).to_contain_text("further out")
    page.get_by_test_id("limit-critical").fill("8")
    page.get_by_test_id("rule-save").click()

    stored = page.get_by_test_id("rule-row").filter(has_text="E2E velocity")
    stored.click()
    expect(page.get_by_test_id("limit-critical")).to_have_value("8")
    page.get_by_test_id("rule-name").fill("E2E velocity, mended")
    page.get_by_test_id("rule-save").click()
    changed = page.get_by_test_id("rule-row").filter(has_text="E2E velocity, mended")
    changed.click()
    page.get_by_test_id("rule-delete").click()
    page.get_by_test_id("rule-delete-confirm").click()
    expect(changed).to_have_count(0)


def test_figures_of_a_period(stack: RunningStack, open_window: WindowMaker) -> None:
    page = open_window(f"{stack.ready['https']}/?page=figures").page
    expect(page.get_by_test_id("rates").get_by_role("row")).to_have_count(5)
    page.get_by_test_id("period-1").click()
    expect(page.get_by_test_id("rates")).to_contain_text("hour")
