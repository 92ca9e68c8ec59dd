"""How moments are frozen: waiting, trying again, giving up, and what is said to be missing."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from kurto.analyzer.v1 import diagnoses_pb2
from kurto.signal.v1 import spectrum_pb2
from kurto.stored_samples import SamplesHeader
from kurto_alerts.evidence.baselines import BaselineSpectra
from kurto_alerts.evidence.freezing import FreezeLimits, Freezer
from kurto_alerts.evidence.moments import EvidenceState, SharedMoment
from kurto_alerts.evidence.ports import SignalRefused
from kurto_alerts.evidence.ranges import FrozenSpan, SensorRecord
from kurto_alerts.evidence.worker import EvidenceWorker, WorkerLimits
from kurto_alerts.fakes import MemoryDatabase
from kurto_alerts.fakes.evidence import MemoryEvidence, MemoryMoment
from kurto_alerts.frames import SensorProfile
from kurto_service.testing import FakeClock

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RATE_HZ = 100.0


@dataclass
class Plant:
    """Samples, spectra and diagnoses as a test wants them."""

    complete: bool = True
    away: bool = False
    speeds: dict[str, float] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    refusal: str = ""
    ranges: list[tuple[str, float]] = field(default_factory=list)

    async def read(
        self, sensor_id: str, start_time: datetime, end_time: datetime, *, moment: datetime
    ) -> tuple[SensorRecord | None, bool]:
        if self.away:
            raise TimeoutError("ingest is away")
        seconds = (end_time - start_time).total_seconds()
        self.ranges.append((sensor_id, seconds))
        if sensor_id in self.silent:
            return None, self.complete
        count = round(seconds * RATE_HZ)
        header = SamplesHeader(
            sensor_id=sensor_id,
            epoch=1,
            sample_rate_hz=RATE_HZ,
            channels=("x", "y"),
            units=("g", "g"),
            encoding="f32",
            scales=(),
            anchor_us=round(start_time.timestamp() * 1e6),
            first_index=0,
            end_index=count,
        )
        samples = np.arange(2 * count, dtype=np.float32).reshape(2, count)
        speed_hz = self.speeds.get(sensor_id)
        return SensorRecord(header, 0, samples, 0, speed_hz), self.complete

    async def spectrum(
        self, sensor_id: str, channel: str, start_us: int, duration_us: int, lines: int
    ) -> spectrum_pb2.Spectrum:
        if self.refusal:
            raise SignalRefused(self.refusal)
        return spectrum_pb2.Spectrum(sensor_id=sensor_id, channel=channel, lines=[float(start_us)])

    async def diagnoses(
        self, sensor_id: str, start_time: datetime, end_time: datetime
    ) -> list[diagnoses_pb2.Diagnosis]:
        return [diagnoses_pb2.Diagnosis(channel="x", reason=f"{sensor_id} is well")]


class Room:
    """A worker with its store, one moment noted and a plant."""

    def __init__(self, channel_count: int = 8) -> None:
        self.clock = FakeClock(NOW)
        self.database = MemoryDatabase(
            profiles={name: SensorProfile(name, machine_id="pump") for name in ("a", "b")}
        )
        self.store = MemoryEvidence(self.database)
        self.store.moments.append(MemoryMoment(SharedMoment(1, "/pump", NOW, NOW), NOW, NOW))
        self.plant = Plant()
        span = FrozenSpan(before_s=2.0, after_s=2.0, longest_s=60.0, sample_count=10_000)
        bounds = FreezeLimits(span=span, channel_count=channel_count, byte_count=1_000_000)
        freezer = Freezer(self.store, self.plant, self.plant, bounds)
        self.worker = EvidenceWorker(
            self.store,
            freezer,
            WorkerLimits(
                concurrency=2,
                poll_s=0.5,
                settle_s=2.0,
                patience_s=30.0,
                wait_s=0.5,
                first_pause_s=1.0,
                longest_pause_s=60.0,
                lease_s=60.0,
                sweep_s=60.0,
                give_up_s=600.0,
                keep_s=1e6,
                total_bytes=10**9,
            ),
            self.clock,
        )

    async def after(self, seconds: float) -> MemoryMoment:
        """Let time pass, have a look, and return the moment."""
        await self.clock.advance(seconds)
        await self.worker.run_once()
        return self.store.moments[0]


@pytest.fixture
def room() -> Room:
    return Room()


async def test_all_channels_of_the_machine_with_spectra_and_diagnoses(room: Room) -> None:
    assert (await room.after(1.0)).frozen is None  # the samples behind it cannot be there
    frozen = (await room.after(1.0)).frozen
    assert frozen is not None
    sources = [(part.source.sensor_id, part.source.channel) for part in frozen.parts]
    assert sources == [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]
    assert list(frozen.parts[1].waveform.values) == list(range(400, 800))
    assert frozen.parts[1].waveform.source.unit == "g"
    assert all(part.HasField("spectrum") for part in frozen.parts)
    assert [one.reason for one in frozen.summary.diagnoses] == ["a is well", "b is well"]
    assert "baseline" in frozen.parts[0].remarks[0]


async def test_samples_behind_the_moment_are_waited_for_then_not(room: Room) -> None:
    room.plant.complete = False
    assert (await room.after(2.0)).frozen is None
    assert (await room.after(27.5)).frozen is None
    assert (await room.after(0.6)).moment.state is EvidenceState.STORED


async def test_a_sensor_that_died_is_said_to_have_nothing(room: Room) -> None:
    room.plant.silent.add("b")
    frozen = (await room.after(2.0)).frozen
    assert frozen is not None
    assert {part.source.sensor_id for part in frozen.parts} == {"a"}
    assert "Sensor b has no samples there." in frozen.summary.remarks
    assert [one.reason for one in frozen.summary.diagnoses] == ["a is well", "b is well"]


async def test_nothing_at_all_is_a_failure_with_a_reason(room: Room) -> None:
    room.plant.silent |= {"a", "b"}
    one = await room.after(2.0)
    assert one.moment.state is EvidenceState.FAILED
    assert "no samples" in one.problem


async def test_what_is_away_is_asked_again_and_given_up_at_last(room: Room) -> None:
    room.plant.away = True
    assert (await room.after(2.0)).moment.state is EvidenceState.PENDING
    for _ in range(8):
        assert (await room.after(70.0)).moment.state is EvidenceState.PENDING
    one = await room.after(70.0)
    assert one.moment.state is EvidenceState.FAILED
    assert "ingest is away" in one.problem


async def test_what_came_back_is_used(room: Room) -> None:
    room.plant.away = True
    await room.after(2.0)
    room.plant.away = False
    assert (await room.after(1.0)).moment.state is EvidenceState.STORED


async def test_the_measured_speed_makes_it_longer(room: Room) -> None:
    room.plant.speeds["b"] = 2.0
    assert (await room.after(2.0)).moment.state is EvidenceState.STORED
    assert room.plant.ranges == [("a", 4.0), ("b", 4.0), ("a", 10.0), ("b", 10.0)]


async def test_a_spectrum_that_cannot_be_is_said(room: Room) -> None:
    room.plant.refusal = "samples are missing"
    frozen = (await room.after(2.0)).frozen
    assert frozen is not None
    assert not frozen.parts[0].HasField("spectrum")
    assert "No spectrum: samples are missing" in frozen.parts[0].remarks


async def test_too_many_channels_are_left_out_by_name() -> None:
    room = Room(channel_count=3)
    frozen = (await room.after(2.0)).frozen
    assert frozen is not None
    assert len(frozen.parts) == 3
    assert any("Channel y of b is left out" in remark for remark in frozen.summary.remarks)


async def test_the_baseline_stands_beside_it_though_its_samples_are_gone(room: Room) -> None:
    frozen_at = NOW - timedelta(hours=1)
    room.store.baselines["a"] = (7, frozen_at)
    spectra = BaselineSpectra(
        room.store,
        room.plant,
        room.plant,
        room.clock,
        span_s=4.0,
        age_s=7200.0,
        poll_s=10.0,
    )
    assert await spectra.run_once() == 2
    assert await spectra.run_once() == 0
    room.plant.refusal = "no samples are stored there"
    frozen = (await room.after(2.0)).frozen
    assert frozen is not None
    start_us = round((frozen_at - timedelta(seconds=4)).timestamp() * 1e6)
    for part in frozen.parts[:2]:
        assert part.baseline_id == 7
        assert list(part.baseline_spectrum.lines) == [np.float32(start_us)]
    assert frozen.parts[2].baseline_id == 0
