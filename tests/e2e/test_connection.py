"""The page keeps its stream, over TLS and HTTP/2, through restarts and with tokens."""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.conftest import RunningStack
from tests.e2e import pages
from tests.e2e.conftest import MachineMaker, WindowMaker
from tests.e2e.machine import Bench, Machine


def test_all_calls_of_the_page_share_one_http2_connection(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    run_machine("e2e-http2")
    page = open_window(f"{stack.ready['https']}/?sensor=e2e-http2").page
    pages.value(page, "rms", "horizontal")
    protocols = page.evaluate(
        """() => [...performance.getEntriesByType("navigation"),
                  ...performance.getEntriesByType("resource")].map((e) => e.nextHopProtocol)"""
    )
    assert set(protocols) == {"h2"}


def test_the_plain_port_serves_the_page_too(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    run_machine("e2e-plain")
    page = open_window(f"{stack.ready['http']}/?sensor=e2e-plain").page
    pages.value(page, "rms", "horizontal")


def test_the_page_reconnects_after_envoy_was_killed(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    run_machine("e2e-reconnect")
    page = open_window(f"{stack.ready['https']}/?sensor=e2e-reconnect", outage_expected=True).page
    pages.wait_for_points(page, "rms", 10)
    connection = page.get_by_test_id("connection")
    old = stack.kill("envoy")
    expect(connection).not_to_have_attribute("data-state", "live")
    # What was shown stays: no flash, no empty page.
    assert pages.value(page, "rms", "horizontal") == pytest.approx(0.707, rel=0.02)
    stack.wait_for_restart("envoy", old)
    pages.connected(page)
    pages.wait_for_time_after(page, "rms", pages.last_time(page, "rms") + 1.0)
    # The windows of the outage are drawn as well.
    expect(pages.chart(page, "rms")).to_have_attribute("data-gaps", "0")


def test_monitoring_is_stopped_and_started(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    run_machine("e2e-monitor")
    page = open_window(f"{stack.ready['https']}/?sensor=e2e-monitor").page
    pages.value(page, "rms", "horizontal")
    switch = page.get_by_test_id("monitoring")
    expect(switch).to_have_text("Stop monitoring")
    switch.click()
    expect(switch).to_have_text("Start monitoring")
    expect(page.get_by_test_id("monitoring-stopped")).to_be_visible()
    expect(page.get_by_test_id("stream-state")).to_have_attribute("data-state", "stopped")
    switch.click()
    expect(switch).to_have_text("Stop monitoring")
    expect(page.get_by_test_id("monitoring-stopped")).to_be_hidden()
    expect(page.get_by_test_id("stream-state")).to_have_attribute("data-state", "live")
    before = pages.last_time(page, "rms")
    pages.wait_for_value(page, "rms", "horizontal", 0.6, 0.8)
    pages.wait_for_time_after(page, "rms", before)


def test_a_token_is_asked_for_kept_for_the_tab_and_its_roles_respected(
    tmp_path: Path,
    own_stack: Callable[..., AbstractContextManager[RunningStack]],
    open_window: WindowMaker,
    bench: Bench,
) -> None:
    lines = [
        f'[[tokens]]\nsha256 = "{hashlib.sha256(token.encode()).hexdigest()}"\n'
        f'principal = "{principal}"\nroles = ["{role}"]\n'
        for token, principal, role in (
            ("of-the-services", "services", "admin"),
            ("of-the-viewer", "operator-2", "viewer"),
        )
    ]
    tokens = tmp_path / "tokens.toml"
    tokens.write_text("\n".join(lines), encoding="utf-8")
    environment = {"KURTO_TOKENS_FILE": str(tokens), "KURTO_SERVICE_TOKEN": "of-the-services"}
    with own_stack(environment=environment) as stack:
        target = str(stack.ready["http"]).removeprefix("http://")
        with Machine(bench, target, "e2e-token", token="of-the-services"):
            page = open_window(f"{stack.ready['https']}/?sensor=e2e-token").page
            dialog = page.get_by_test_id("token-dialog")
            expect(dialog).to_be_visible()
            page.get_by_test_id("token-input").fill("a wrong one")
            page.get_by_test_id("token-submit").click()
            expect(page.get_by_test_id("token-refused")).to_contain_text("The server refused")
            page.get_by_test_id("token-input").fill("of-the-viewer")
            page.get_by_test_id("token-submit").click()
            expect(dialog).to_be_hidden()
            pages.value(page, "rms", "horizontal")
            expect(page.get_by_test_id("principal")).to_have_text("operator-2")
            expect(page.get_by_test_id("monitoring")).to_be_disabled()
            page.reload()
            pages.value(page, "rms", "horizontal")
            expect(dialog).to_be_hidden()
