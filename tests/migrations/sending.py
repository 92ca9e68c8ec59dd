"""Rules and samples for services of any release."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.migrations.releases import Plant

from kurto.alerts.v1 import alerts_pb2, rule_service_pb2, rule_service_pb2_grpc
from kurto_service.channels import open_channel

RATE_HZ = 2000.0
HOP = round(RATE_HZ / 10)
PUSH = (Path(__file__).parent / "push.py").read_text()


async def create_rule(plant: Plant) -> None:
    """Have an alert raised by any sample at all."""
    level = alerts_pb2.Level(severity=alerts_pb2.SEVERITY_WARNING, limit=0.001)
    level.pending_duration.SetInParent()
    rule = alerts_pb2.Rule(
        rule_id="any", display_name="Any vibration", feature="rms", unit="g",
        operator=alerts_pb2.OPERATOR_ABOVE, levels=[level],
    )  # fmt: skip
    async with open_channel(plant.target("alerts")) as channel:
        stub = rule_service_pb2_grpc.RuleServiceStub(channel)
        await stub.CreateRule(rule_service_pb2.CreateRuleRequest(rule=rule), timeout=60.0)


async def push_once(plant: Plant, sensor_id: str, duration_s: float) -> dict[str, Any]:
    """Push with the release's own SDK and return its report once everything is durable."""
    words = (plant.target(), sensor_id, str(duration_s), str(RATE_HZ))
    report: dict[str, Any] = json.loads(await plant.release.run(PUSH, *words))
    assert report["durable_index"] == report["sent"]
    return report
