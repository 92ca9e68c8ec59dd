"""When samples came in last: as ingest answers it, and as alerts asks for it."""

import asyncio
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from kurto.ingest.v1 import stream_control_service_pb2 as pb
from kurto_alerts.data_quality.stream_watch import GrpcStreams
from kurto_ingest.testing import RunningIngest, Sender
from kurto_service.clock import SystemClock


async def arrivals(running: RunningIngest, **within: Any) -> dict[str, tuple[int, int]]:
    request = pb.ListArrivalsRequest(**{key: Duration(**how) for key, how in within.items()})
    answer = await running.control.ListArrivals(request)
    return {one.sensor_id: (one.epoch, one.next_index) for one in answer.arrivals}


async def test_arrivals_follow_the_newest_epoch(running: RunningIngest, sender: Sender) -> None:
    assert await arrivals(running) == {}
    await sender.push(sender.batch(0, 250))
    assert await arrivals(running) == {"pump-7": (1, 250)}
    assert await arrivals(running, within={"seconds": 60}) == {"pump-7": (1, 250)}
    async with asyncio.timeout(60):
        while await arrivals(running, within={"nanos": 300_000_000}):
            await asyncio.sleep(0.05)
    sender.boot_id = "boot-2"
    await sender.open(takeover=True)
    await sender.push(sender.batch(0, 100))
    assert await arrivals(running) == {"pump-7": (2, 100)}


async def test_any_time_is_understood_or_refused(running: RunningIngest, sender: Sender) -> None:
    await sender.push(sender.batch(0, 250))
    assert await arrivals(running, within={"seconds": 2**62}) == {"pump-7": (1, 250)}
    with pytest.raises(grpc.aio.AioRpcError, match="within must not be negative") as caught:
        await arrivals(running, within={"seconds": -(2**62)})
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_they_are_told_as_in_the_state_of_the_stream(
    running: RunningIngest, sender: Sender
) -> None:
    await sender.push(sender.batch(0, 250))
    (arrival,) = (await running.control.ListArrivals(pb.ListArrivalsRequest())).arrivals
    (state,) = (await running.control.ListStreams(pb.ListStreamsRequest())).streams
    assert (arrival.epoch, arrival.next_index) == (state.epoch, state.next_index)
    apart_us = arrival.last_receive_time.ToMicroseconds() - state.last_receive_time.ToMicroseconds()
    assert abs(apart_us) < 1_000_000


async def test_who_is_expected_to_send_is_known_at_once_and_kept_up(
    running: RunningIngest, sender: Sender
) -> None:
    streams = GrpcStreams(running.channel, SystemClock(), timeout_s=30.0)
    assert await streams.expected() == []
    await sender.push(sender.batch(0, 250))

    async def known() -> list[tuple[str, int, int]]:
        return [(one.sensor_id, one.epoch, one.next_index) for one in await streams.expected()]

    async with asyncio.timeout(60):
        while await known() != [("pump-7", 1, 250)]:
            await asyncio.sleep(0.05)
    await sender.push(sender.batch(250, 100))
    assert await known() == [("pump-7", 1, 350)]
    await running.control.StopStream(pb.StopStreamRequest(sensor_id="pump-7"))
    async with asyncio.timeout(60):
        while await known():
            await asyncio.sleep(0.05)
