"""Sensors that raise alarms on purpose, and the story of transitions that must come of it."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import numpy as np
from google.protobuf.duration_pb2 import Duration
from tests.faults.rig.features import fault_free
from tests.faults.rig.hashed_samples import Samples
from tests.faults.rig.load import CHANNELS, Load, hashed
from tests.faults.rig.report import Figure, none_of

import kurto
from kurto.alerts.v1 import alerts_pb2, rule_service_pb2
from kurto_alerts.alert_state import AlertKind, TransitionKind
from kurto_alerts.engine import Engine
from kurto_alerts.rules import Selector, Severity
from kurto_alerts.testing import make_frame, make_rule
from kurto_dsp.windows import HOPS_PER_WINDOW

LIMIT_G = 5.0
RECOVERY_S = 0.3
_POLL_S = 0.25
_QUIET_SHIFT = 6
_PHASE = 2560
_LOUD_PHASES = 15  # of 0.1 s at 25.6 kHz

Event = tuple[str, str, str, int]
"""Sensor, channel, kind and window of a transition."""

# What bad data add has a story of its own.
_STORY = f"""
SELECT a.sensor_id, a.channel, t.kind, t.transition_window_index AS window
FROM alerts.alert_transitions AS t JOIN alerts.alerts AS a USING (alert_id)
WHERE a.sensor_id = ANY ($1) AND a.kind = {int(AlertKind.VIBRATION)}
  AND t.kind NOT IN ({int(TransitionKind.DATA_BAD)}, {int(TransitionKind.DATA_GOOD)})
"""

_EVALUATED = """
SELECT sensor_id, epoch, window_index FROM alerts.sensor_checkpoints WHERE sensor_id = ANY ($1)
"""


def alarming(sensor_id: str, epoch: int, first_index: int, count: int) -> Samples:
    """Return hashed samples that are loud for 1.5 s and then quiet for 1.5 s, again and again."""
    samples = hashed(sensor_id, epoch, first_index, count)
    offset = zlib.crc32(sensor_id.encode()) % (2 * _LOUD_PHASES)
    phase = np.arange(first_index, first_index + count) // _PHASE + offset
    quiet = phase % (2 * _LOUD_PHASES) >= _LOUD_PHASES
    return np.where(quiet, samples >> _QUIET_SHIFT, samples)


async def create_rule(client: kurto.Client, rule_id: str, sensor_ids: Sequence[str]) -> None:
    """Create the rule that `alarming` sensors break: RMS above 5 g, at once."""
    rule = alerts_pb2.Rule(
        rule_id=rule_id,
        display_name=f"Drill {rule_id}",
        feature="rms",
        unit="g",
        selector=alerts_pb2.ChannelSelector(sensor_ids=sensor_ids),
        operator=alerts_pb2.OPERATOR_ABOVE,
        levels=[
            alerts_pb2.Level(
                severity=alerts_pb2.SEVERITY_WARNING, limit=LIMIT_G, pending_duration=Duration()
            )
        ],
        recovery_duration=Duration(nanos=round(RECOVERY_S * 1e9)),
    )
    request = rule_service_pb2.CreateRuleRequest(rule=rule)
    await client.rules.CreateRule(request, timeout=60.0)


async def delete_rule(client: kurto.Client, rule_id: str) -> None:
    """Delete a drill's rule."""
    request = rule_service_pb2.DeleteRuleRequest(rule_id=rule_id)
    await client.rules.DeleteRule(request, timeout=60.0)


def expected_story(load: Load) -> list[Event]:
    """Return the transitions of a run without a fault, from the samples alone."""
    rule = make_rule(
        levels={Severity.WARNING: LIMIT_G},
        recovery_s=RECOVERY_S,
        selector=Selector(sensor_ids=frozenset(load.sensor_ids)),
    )
    engine = Engine([rule], {})
    story: list[Event] = []
    for pushed in load.pushed:
        features = fault_free(load, pushed)
        rms = features.values[:, :, features.names.index("rms")]
        frames = [
            make_frame(
                index,
                [float(value) for value in row],
                sensor_id=pushed.sensor_id,
                epoch=pushed.epoch,
                channels=CHANNELS,
                units=("g",) * len(CHANNELS),
            )
            for index, row in enumerate(rms)
        ]
        story += [
            (change.key.sensor_id, change.key.channel, change.kind.name, change.window_index)
            for change in engine.evaluate(frames)
        ]
    return sorted(story)


@dataclass(frozen=True)
class StoryCheck:
    """How the stored transitions compare with the expected ones.

    Parameters
    ----------
    expected_count, lost_count, extra_count : int
        Transitions.
    """

    expected_count: int
    lost_count: int
    extra_count: int

    def figures(self) -> list[Figure]:
        """Return the comparison as figures."""
        found = f"{self.expected_count} alarm transitions expected"
        return [
            Figure(found, self.expected_count > 0),
            none_of("lost", self.lost_count),
            none_of("doubled or false", self.extra_count),
        ]


async def check_story(dsn: str, load: Load, *, timeout_s: float = 180.0) -> StoryCheck:
    """Compare the stored transitions of a load, people's acknowledgments apart.

    What is not there counts as lost once all windows are evaluated, or after ``timeout_s`` seconds.
    """
    expected = expected_story(load)
    deadline = asyncio.get_running_loop().time() + timeout_s
    connection = await asyncpg.connect(dsn)
    try:
        while True:
            # Read first: whatever was evaluated then is among the transitions read next.
            evaluated = await _all_evaluated(connection, load)
            stored = _events(await connection.fetch(_STORY, list(load.sensor_ids)))
            lost = set(expected) - set(stored)
            if not lost or evaluated or asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(_POLL_S)
    finally:
        await connection.close()
    return StoryCheck(len(expected), len(lost), len(stored) - (len(expected) - len(lost)))


async def _all_evaluated(connection: asyncpg.Connection, load: Load) -> bool:
    rows = await connection.fetch(_EVALUATED, list(load.sensor_ids))
    reached = {row["sensor_id"]: (row["epoch"], row["window_index"]) for row in rows}
    return all(
        reached.get(one.sensor_id, (0, -1))
        >= (one.epoch, one.acknowledged_index // load.hop - HOPS_PER_WINDOW)
        for one in load.pushed
    )


def _events(rows: Sequence[asyncpg.Record]) -> list[Event]:
    return [
        (row["sensor_id"], row["channel"], TransitionKind(row["kind"]).name, int(row["window"]))
        for row in rows
        if row["kind"] != TransitionKind.ACKNOWLEDGED and row["window"] is not None
    ]
