"""A machine gets its rules, and growth is an alarm, also while the analyzer is away."""

from pathlib import Path

import asyncpg
from tests.integration.alerts.world import World, world

from kurto.alerts.v1 import alerts_pb2 as pb
from kurto.alerts.v1 import rule_service_pb2 as rule_pb
from kurto.analyzer.v1 import baselines_pb2

GROWTH = "day-one.growth.fan"


def baseline(built: World, level: float) -> baselines_pb2.Baseline:
    """A baseline in force before the first window."""
    message = baselines_pb2.Baseline(baseline_id=7, sensor_id=built.sensor_id)
    message.freeze_time.FromMicroseconds(built.now_us - 1_000_000)
    learned = message.bins.add(operating_bin="any", window_count=60)
    channel = learned.channels.add(channel="horizontal", unit="g")
    channel.features["rms"].CopyFrom(
        baselines_pb2.BaselineFeature(median=level, mad_neper=0.05, value_count=60)
    )
    return message


async def rule_ids(built: World) -> list[str]:
    answer = await built.rules.ListRules(rule_pb.ListRulesRequest())
    return [rule.rule_id for rule in answer.rules]


async def test_growth_is_an_alarm_from_day_one(
    postgres_dsn: str, valkey_url: str, tmp_path: Path
) -> None:
    settings = {"profile_patience_s": "0", "poll_s": "1", "baseline_poll_s": "0.1"}
    async with world(postgres_dsn, valkey_url, tmp_path, **settings) as built:
        await built.registry.put(built.sensor_id, machine_id="fan")

        async def has_rule() -> bool:
            return GROWTH in await rule_ids(built)

        await built.until(has_rule)
        built.analyzer.baselines.append(baseline(built, 0.5))
        connection = await asyncpg.connect(postgres_dsn)

        async def is_kept() -> bool:
            return bool(await connection.fetchval("SELECT count(*) FROM alerts.baselines"))

        await built.until(is_kept)
        # The machine is known to run after four seconds; then it has grown for six.
        await built.send_values([0.5] * 50 + [1.5] * 60)
        await built.until_kinds("RAISED")
        # Of the baseline nothing comes from the analyzer any more; the copy is enough.
        del built.analyzer.baselines[:]
        await built.restart()
        await built.send_values([2.5] * 40, first=110)
        await built.until_kinds("RAISED", "ESCALATED")
        [alert] = await built.active()
        assert (alert.rule_id, alert.machine_id) == (GROWTH, "fan")
        assert alert.severity == pb.SEVERITY_CRITICAL
        assert alert.measure == pb.MEASURE_ACCELERATION_GROWTH
        assert abs(alert.worst_value - 5.0) < 1e-3
        assert (alert.unit, alert.limit) == ("1", 4.0)
        # Somebody decides otherwise, and it stays so.
        await built.rules.DeleteRule(rule_pb.DeleteRuleRequest(rule_id=GROWTH))
        await built.restart()
        await built.registry.put("other", machine_id="saw")

        async def has_next() -> bool:
            return "day-one.growth.saw" in await rule_ids(built)

        await built.until(has_next)
        assert GROWTH not in await rule_ids(built)
        await connection.close()


async def test_they_can_be_switched_off(postgres_dsn: str, valkey_url: str, tmp_path: Path) -> None:
    settings = {"profile_patience_s": "0", "day_one_rules": "false"}
    async with world(postgres_dsn, valkey_url, tmp_path, **settings) as built:
        await built.registry.put(built.sensor_id, machine_id="fan")
        connection = await asyncpg.connect(postgres_dsn)

        async def is_known() -> bool:
            query = "SELECT count(*) FROM alerts.sensor_profiles WHERE machine_id = 'fan'"
            return bool(await connection.fetchval(query))

        await built.until(is_known)
        assert await rule_ids(built) == []
        await connection.close()
