"""The pages about the gateway say what the code does."""

import re
from pathlib import Path
from typing import Any

import pytest
from google.api import annotations_pb2
from prometheus_client import CollectorRegistry

from kurto_gateway.contract import public_services
from kurto_gateway.metrics import GatewayMetrics
from kurto_gateway.settings import GatewaySettings
from kurto_service.settings import describe_settings


@pytest.fixture
def runbook(repository: Path) -> str:
    return (repository / "docs" / "runbooks" / "gateway.md").read_text()


def test_the_runbook_lists_every_setting_with_its_default(runbook: str) -> None:
    rows = [row for row in describe_settings(GatewaySettings) if not row.shared]
    for row in rows:
        assert f"| `{row.env}` | {row.default or ''} | {row.description} |" in runbook
    listed = re.findall(r"^\| `(KURTO_GATEWAY_\w+)` \|", runbook, flags=re.MULTILINE)
    assert listed == [row.env for row in rows]


def test_the_runbook_explains_every_metric(runbook: str) -> None:
    registry = CollectorRegistry()
    GatewayMetrics(registry)
    for metric in registry.collect():
        assert f"`{metric.name}" in runbook


def test_the_reference_lists_every_rest_address(repository: Path) -> None:
    page = (repository / "docs" / "reference" / "rest.md").read_text()
    extension: Any = annotations_pb2.http
    for service in public_services():
        for method in service.methods:
            options = method.GetOptions()
            if options.HasExtension(extension):
                rule: Any = options.Extensions[extension]
                verb = rule.WhichOneof("pattern")
                row = f"| `{verb.upper()} {getattr(rule, verb)}` | `{method.full_name[6:]}`"
                assert row in page
