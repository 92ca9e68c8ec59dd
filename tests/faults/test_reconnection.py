"""All clients lose their connection at the same moment and come back at once."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from urllib.parse import urlsplit

from tests.conftest import RunningStack
from tests.faults.crowd import RATE_HZ, Crowd, crowd
from tests.faults.plain_sender import open_channel
from tests.faults.rig.checker import check
from tests.faults.rig.report import DrillBook, at_least, at_most, none_of, percentile
from tests.faults.rig.scale import Scale

from kurto.ingest.v1 import stream_control_service_pb2 as control_pb
from kurto.ingest.v1.stream_control_service_pb2_grpc import StreamControlServiceStub
from kurto.ingest.v1.stream_status_pb2 import STREAM_STATE_LIVE, SensorStatus

PROCESSES = 2
LIMIT_S = 10.0
NOT_ANALYSED = 10**9  # a hop so long that no window is expected


async def states(address: str, prefix: str) -> dict[str, SensorStatus]:
    """Return the states of a crowd's streams, asked of ingest itself: Envoy is away."""
    found: dict[str, SensorStatus] = {}
    async with open_channel(address) as channel:
        stub, token = StreamControlServiceStub(channel), ""
        while True:
            request = control_pb.ListStreamsRequest(page_size=1000, page_token=token)
            page = await stub.ListStreams(request, timeout=60)
            found |= {one.sensor_id: one for one in page.streams}
            token = page.next_page_token
            if not token:
                return {name: one for name, one in found.items() if name.startswith(prefix)}


async def back_times(
    stack: RunningStack, members: Crowd, prefix: str, fault_time: dt.datetime, fault_s: float
) -> list[float]:
    """Return when each sensor's stream brought samples again, in seconds after the fault."""
    times: dict[str, float] = {}
    async with asyncio.timeout(90):
        while len(times) < len(members.sensor_ids):
            for name, one in (await states(stack.ready["grpc"]["ingest"], prefix)).items():
                received = one.last_receive_time.ToDatetime(dt.UTC)
                if name not in times and one.state == STREAM_STATE_LIVE and received > fault_time:
                    times[name] = (received - fault_time).total_seconds()
            await asyncio.sleep(0.1)
    assert time.monotonic() > fault_s
    return list(times.values())


async def test_all_clients_come_back_at_once(
    stack: RunningStack, book: DrillBook, scale: Scale
) -> None:
    count, limit_s = scale.count(60, 500), scale.limit(LIMIT_S)
    target = urlsplit(stack.ready["http"]).netloc
    async with crowd(target, "crowd", count=count, processes=PROCESSES) as members:
        await members.opened()
        await asyncio.sleep(scale.seconds(2, 10))
        fault_time, fault_s = dt.datetime.now(dt.UTC), time.monotonic()
        old_pid = await asyncio.to_thread(stack.kill, "envoy")
        times = await back_times(stack, members, "crowd", fault_time, fault_s)
        await asyncio.to_thread(stack.wait_for_restart, "envoy", old_pid)
        pushed = await members.finish()
    verdict = await check(stack.ready["postgres_dsn"], pushed, hop=NOT_ANALYSED)
    book.add(
        *("18", f"{count} clients reconnect at once: all streaming < 10 s"),
        load=f"{count} sensors of 2 channels at {RATE_HZ:g} Hz, a connection each, not analysed",
        fault="kill -9 envoy, which cuts all of them",
        figures=[
            at_most(
                "p99 of the time until samples come again", percentile(times, 99), limit_s, "s"
            ),
            at_most("all after", max(times), limit_s, "s"),
            at_least(
                "sensors that reconnected", sum(one.reconnect_count > 0 for one in pushed), count
            ),
            none_of(
                "not acknowledged", sum(one.pushed_index - one.acknowledged_index for one in pushed)
            ),
            at_least("samples stored", verdict.sample_count, count),
            none_of("lost", verdict.lost_count),
            none_of("doubled", verdict.doubled_count),
            none_of("corrupt", verdict.corrupt_count),
        ],
    )
