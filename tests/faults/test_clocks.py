"""Devices whose clocks are wrong by an hour and run too fast or too slow."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from tests.conftest import RunningStack
from tests.faults.plain_sender import PlainSender, open_channel
from tests.faults.rig.report import DrillBook, at_least, at_most, none_of, shown

from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.signal.v1 import samples_pb2

RATE_HZ, HOP = 1000.0, 100
HOUR_S = 3600.0
LIMIT_MS = 5.0
ROTATE_HOPS = 100
DEVICES = tuple((hours, ppm) for hours in (1.0, -1.0) for ppm in (200.0, -200.0))


@dataclass
class Device:
    """A converter and its clock, both driven by one crystal.

    Parameters
    ----------
    sender : PlainSender
        Sends for it.
    offset_s : float
        How far its clock is ahead when it starts, in seconds.
    error_ppm : float
        How much too fast its crystal runs.
    start_s : float
        True time of sample 0, in seconds since 1970.
    pushed : int
        Samples sent.
    """

    sender: PlainSender
    offset_s: float
    error_ppm: float
    start_s: float = 0.0
    pushed: int = 0
    calls: int = field(default=0)

    def true_time(self, index: int) -> float:
        """Return when a sample was really taken, in seconds since 1970."""
        return self.start_s + index / (RATE_HZ * (1 + 1e-6 * self.error_ppm))

    def device_time(self, true_s: float) -> dt.datetime:
        """Return what the device's clock shows at a moment."""
        elapsed_s = (true_s - self.start_s) * (1 + 1e-6 * self.error_ppm)
        return dt.datetime.fromtimestamp(self.start_s + self.offset_s + elapsed_s, dt.UTC)

    async def run(self, duration_s: float) -> None:
        """Sample and send in real time, a hop as soon as its last sample is taken."""
        await self.sender.create()
        self.start_s = time.time()
        await self.sender.open(device_now=self.device_time(time.time()))
        hops = round(duration_s * RATE_HZ / HOP)
        for first in range(0, hops, ROTATE_HOPS):
            await self._call(range(first, min(hops, first + ROTATE_HOPS)))

    async def _call(self, hops: range) -> None:
        call = self.sender.stub.Push()
        await call.write(self.sender.start())
        for number in hops:
            first, end = number * HOP, (number + 1) * HOP
            await asyncio.sleep(max(0.0, self.true_time(end) - time.time()))
            taken = self.device_time(self.true_time(first))
            await call.write(self.sender.batch(first, end, device_time=taken))
            self.pushed = end
        await call.done_writing()
        await call

    async def error_ms(self, index: int) -> float:
        """Read a sample back; return the error of its time, which may become known a bit later."""
        async with asyncio.timeout(30):
            while (corrected_s := await self._corrected_s(index)) is None:
                await asyncio.sleep(0.2)
        return 1e3 * abs(corrected_s - self.true_time(index))

    async def _corrected_s(self, index: int) -> float | None:
        indexes = samples_pb2.IndexRange(first_index=index, end_index=index + 1)
        wanted = pb.EpochRange(epoch=self.sender.epoch, indexes=indexes)
        request = pb.ReadSamplesRequest(sensor_id=self.sender.sensor_id, epoch_range=wanted)
        chunks = [
            message.chunk
            async for message in self.sender.stub.ReadSamples(request, timeout=30)
            if message.HasField("chunk")
        ]
        assert [chunk.first_index for chunk in chunks] == [index]
        if not chunks[0].HasField("corrected_start_time"):
            return None
        return chunks[0].corrected_start_time.ToNanoseconds() / 1e9


@pytest.mark.full_drill  # clocks take a minute to drift; tests/integration/ingest has a fake one
async def test_clocks_that_are_wrong_and_drift(stack: RunningStack, book: DrillBook) -> None:
    duration_s, after_s = 75.0, 60.0
    async with open_channel(urlsplit(stack.ready["http"]).netloc) as channel:
        devices = [
            Device(
                PlainSender(channel, f"clock-{number}", sample_rate_hz=RATE_HZ),
                hours * HOUR_S,
                ppm,
            )
            for number, (hours, ppm) in enumerate(DEVICES)
        ]
        async with asyncio.TaskGroup() as group:
            for one in devices:
                group.create_task(one.run(duration_s))
        positions = [await one.sender.position() for one in devices]
        probes = range(round(after_s * RATE_HZ), round(duration_s * RATE_HZ), round(RATE_HZ / 3))
        errors = [await one.error_ms(index) for one in devices for index in probes]
        statuses = [await one.sender.status() for one in devices]
    lost = sum(
        one.pushed - position.next_index + len(position.missing_ranges)
        for one, position in zip(devices, positions, strict=True)
    )
    offsets = [
        abs(status.clock_offset.ToTimedelta().total_seconds() + one.offset_s)
        for one, status in zip(devices, statuses, strict=True)
    ]
    book.add(
        *("19", "device clock ±1 h, ±200 ppm: 0 lost, time error < 5 ms"),
        load=f"{len(devices)} sensors of 2 channels at {RATE_HZ:g} Hz for {duration_s:g} s",
        fault="their clocks are an hour ahead or behind, and 200 ppm too fast or too slow",
        figures=[
            none_of("samples lost", lost),
            at_least("times read back", len(errors), len(devices)),
            at_most(f"largest error of a time after {after_s:g} s", max(errors), LIMIT_MS, "ms"),
            shown("uncorrected it were", 200e-6 * duration_s * 1e3, "ms and an hour"),
            at_most("error of the offset in the status", 1e3 * max(offsets), 50, "ms"),
        ],
    )
