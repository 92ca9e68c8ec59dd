"""A sensor falls silent: everybody sees it, its alarm stays, and nothing of it is lost."""

from __future__ import annotations

import asyncio
import time
from urllib.parse import urlsplit

from tests.conftest import RunningStack
from tests.faults.live_watch import LiveWatch, live_watch
from tests.faults.plain_sender import PlainSender, open_channel
from tests.faults.rig.checker import check
from tests.faults.rig.processes import stopped
from tests.faults.rig.report import DrillBook, at_least, at_most, holds, none_of
from tests.faults.rig.scale import Scale
from tests.faults.rules import create_rule
from tests.faults.sensor_process import sensor_process

from kurto.alerts.v1 import alert_service_pb2, alert_service_pb2_grpc, alerts_pb2
from kurto.ingest.v1 import stream_status_pb2 as status_pb

SENSOR = "silent-000"
BEFORE_S, AFTER_S = 4.0, 9.0  # an alarm about silence ends after 3 s of data
NEVER_S = float("inf")


async def stale_after(sender: PlainSender, since_s: float) -> float:
    """Ask for the state until it is stale; return the seconds since a moment."""
    async with asyncio.timeout(90):
        while (await sender.status()).state != status_pb.STREAM_STATE_STALE:
            await asyncio.sleep(0.02)
    return time.monotonic() - since_s


def story(watch: LiveWatch, kind: alerts_pb2.AlertKind) -> list[alerts_pb2.AlertTransition]:
    """Return the transitions of the sensor's alerts of a kind."""
    return [
        one for one in watch.transitions if one.alert.sensor_id == SENSOR and one.alert.kind == kind
    ]


async def raised(watch: LiveWatch, kind: alerts_pb2.AlertKind, count: int) -> float:
    """Wait for a number of transitions of alerts of a kind; return when, by the monotonic clock."""
    async with asyncio.timeout(90):
        while len(story(watch, kind)) < count:
            await asyncio.sleep(0.02)
    return time.monotonic()


async def caught_up(sender: PlainSender, index: int, since_s: float) -> float:
    """Wait until samples up to an index are durable; return the seconds since a moment."""
    async with asyncio.timeout(90):
        while (position := await sender.position()).next_index < index or position.missing_ranges:
            await asyncio.sleep(0.05)
    return time.monotonic() - since_s


async def test_a_silent_sensor_is_seen_and_keeps_its_alarm(
    stack: RunningStack, book: DrillBook, scale: Scale
) -> None:
    target = urlsplit(stack.ready["http"]).netloc
    silence_s = scale.seconds(6, 40)  # longer than any time that an alarm takes to end by itself
    duration_s = BEFORE_S + silence_s + AFTER_S
    async with open_channel(target) as channel, live_watch(target, states=True) as watch:
        sender = PlainSender(channel, SENSOR, sample_rate_hz=25600.0)
        await create_rule(channel, "silent", [SENSOR])
        # Another one goes on: a sensor is blamed when others show that the way is open. Without it,
        # sensors of another drill that ended in the 3 s before would make this the silence of the
        # whole plant, which is one alarm of its own.
        with (
            sensor_process(target, "silent-witness", duration_s),
            sensor_process(target, SENSOR, duration_s) as sensor,
        ):
            await raised(watch, alerts_pb2.ALERT_KIND_VIBRATION, 2)
            with stopped(sensor.process.pid):
                stop_s = time.monotonic()
                status_s = await stale_after(sender, stop_s)
                alarm_s = await raised(watch, alerts_pb2.ALERT_KIND_DATA_QUALITY, 1) - stop_s
                await asyncio.sleep(max(0.0, stop_s + silence_s - time.monotonic()))
                stub = alert_service_pb2_grpc.AlertServiceStub(channel)
                request = alert_service_pb2.ListActiveAlertsRequest(sensor_id=SENSOR)
                listed = (await stub.ListActiveAlerts(request)).alerts
                alerts = [one for one in listed if one.kind == alerts_pb2.ALERT_KIND_VIBRATION]
            cont_s = time.monotonic()
            backfill_s = await caught_up(sender, round(25600 * (silence_s + BEFORE_S - 1)), cont_s)
            await raised(watch, alerts_pb2.ALERT_KIND_DATA_QUALITY, 2)
            await raised(watch, alerts_pb2.ALERT_KIND_VIBRATION, 6)
            pushed = await sensor.pushed()
        verdict = await check(stack.ready["postgres_dsn"], [pushed], hop=sensor.load.hop)
    marks = (alerts_pb2.TRANSITION_KIND_DATA_BAD, alerts_pb2.TRANSITION_KIND_DATA_GOOD)
    told = story(watch, alerts_pb2.ALERT_KIND_VIBRATION)
    ended = [one for one in told if one.kind not in (alerts_pb2.TRANSITION_KIND_RAISED, *marks)]
    silence = [one.kind for one in story(watch, alerts_pb2.ALERT_KIND_DATA_QUALITY)]
    live_s = watch.first_state(SENSOR, status_pb.STREAM_STATE_STALE, stop_s)
    back_s = watch.first_state(SENSOR, status_pb.STREAM_STATE_LIVE, cont_s)
    book.add(
        *("8", "a stopped sensor is stale ≤ 3 s, its alarm stays, it is backfilled"),
        load=sensor.load,
        fault=f"SIGSTOP of the sender's process for {silence_s:g} s",
        figures=[
            at_most("stale in the status after", status_s, scale.limit(3.0), "s"),
            at_most("in the live view after", live_s or NEVER_S, scale.limit(3.0), "s"),
            # 3 s without samples, half a second to the next look at the streams, and the way.
            at_most("an alarm of its own after", alarm_s, scale.limit(4.0), "s"),
            holds(
                "both alarms active all the while, and marked as bad data",
                [(one.state, one.data_bad) for one in alerts]
                == 2 * [(alerts_pb2.CONDITION_STATE_ACTIVE, True)],
            ),
            none_of("transitions of them but raising and marking", len(ended)),
            holds(
                "the marks come and go",
                [one.kind for one in told[2:]] == 2 * [marks[0]] + 2 * [marks[1]],
            ),
            holds(
                "the sensor's own alarm is raised and resolved, once",
                silence
                == [
                    alerts_pb2.TRANSITION_KIND_RAISED,
                    alerts_pb2.TRANSITION_KIND_RESOLVED,
                ],
            ),
            at_most("live again after", back_s or NEVER_S, scale.limit(3.0), "s"),
            at_most("backfilled after", backfill_s, scale.limit(10.0), "s"),
            at_least(
                "of what was measured acknowledged",
                pushed.acknowledged_index / (25600 * duration_s),
                1.0,
            ),
            *verdict.figures(),
        ],
    )
