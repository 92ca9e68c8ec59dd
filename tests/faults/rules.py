"""Rules that drills watch their sensors with."""

from __future__ import annotations

from collections.abc import Sequence

import grpc
from google.protobuf.duration_pb2 import Duration

from kurto.alerts.v1 import alerts_pb2, rule_service_pb2, rule_service_pb2_grpc

__all__ = ["create_rule", "delete_rule"]

_TIMEOUT_S = 30.0


async def create_rule(
    channel: grpc.aio.Channel, rule_id: str, sensor_ids: Sequence[str], *, limit: float = 1.0
) -> None:
    """Watch the RMS of all channels: critical above a limit in g, over a second below it.

    Hashed samples fill the range of ±50 g evenly: their RMS is about 29 g.
    """
    rule = alerts_pb2.Rule(
        rule_id=rule_id,
        display_name=f"Too loud: {rule_id}",
        feature="rms",
        unit="g",
        selector=alerts_pb2.ChannelSelector(sensor_ids=sensor_ids),
        operator=alerts_pb2.OPERATOR_ABOVE,
        levels=[
            alerts_pb2.Level(
                severity=alerts_pb2.SEVERITY_CRITICAL,
                limit=limit,
                pending_duration=Duration(),
                latch=False,
            )
        ],
        recovery_duration=Duration(seconds=1),
    )
    stub = rule_service_pb2_grpc.RuleServiceStub(channel)
    await stub.CreateRule(rule_service_pb2.CreateRuleRequest(rule=rule), timeout=_TIMEOUT_S)


async def delete_rule(channel: grpc.aio.Channel, rule_id: str) -> None:
    """Delete a rule, which withdraws its alerts."""
    stub = rule_service_pb2_grpc.RuleServiceStub(channel)
    request = rule_service_pb2.DeleteRuleRequest(rule_id=rule_id)
    await stub.DeleteRule(request, timeout=_TIMEOUT_S)
