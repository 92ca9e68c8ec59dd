"""The services of rules and alerts in this process, with stores in memory."""

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest

from kurto.alerts.v1 import alerts_pb2 as pb
from kurto_alerts.engine import Engine
from kurto_alerts.exceptions import CatalogueUnavailable
from kurto_alerts.fakes import (
    MemoryDatabase,
)
from kurto_alerts.frames import Frame
from kurto_alerts.rules import Severity
from kurto_alerts.testing import make_frame, make_rule
from kurto_service.errors import error_info

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NAN, INF = float("nan"), float("inf")


class Catalogue:
    """Knows four features, or nothing at all."""

    def __init__(self) -> None:
        self.away = False

    async def units(self, *, needed: str = "") -> Mapping[str, str]:
        if self.away:
            raise CatalogueUnavailable(retry_after_s=2.0)
        return {
            "rms": "acceleration",
            "kurtosis": "1",
            "velocity_rms": "mm/s",
            "dominant_frequency": "Hz",
        }


class Ranges:
    """Has nothing stored."""

    async def pages(self, *_: Any, **__: Any) -> AsyncIterator[Sequence[Frame]]:
        yield []


@dataclass
class Service:
    database: MemoryDatabase
    catalogue: Catalogue
    rules: Any
    alerts: Any
    changes: list[str]

    def raise_alerts(self, count: int, severity: Severity = Severity.WARNING) -> list[str]:
        engine = Engine([make_rule(levels={severity: 1.0})], {})
        frames = [make_frame(at, 1.5, sensor_id=f"{severity.name}-{at}") for at in range(count)]
        changes = engine.evaluate(frames)
        self.database.decide(changes, NOW)
        return [change.alert_id for change in changes]


def good_rule(**parts: Any) -> pb.Rule:
    rule = pb.Rule(
        rule_id="rms-high",
        display_name="RMS too high",
        feature="rms",
        unit="g",
        operator=pb.OPERATOR_ABOVE,
        levels=[
            pb.Level(severity=pb.SEVERITY_WARNING, limit=0.0),
            pb.Level(severity=pb.SEVERITY_CRITICAL, limit=2.0),
        ],
    )
    for name, value in parts.items():
        setattr(rule, name, value)
    return rule


async def refused(call: Awaitable[Any]) -> tuple[str, str, dict[str, str], str]:
    """Return status, reason, metadata and message of a call that must fail."""
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    error = failure.value
    info = error_info(error)
    assert info is not None
    assert info.domain == "kurto"
    return error.code().name, info.reason, dict(info.metadata), error.details() or ""
