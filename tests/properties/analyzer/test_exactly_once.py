"""Whatever the chunking, repetition, reconnection, restarts and failures: the same frames, once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from tests.integration.analyzer.recordings import Recording, hops_request, noise, open_request

from kurto.analyzer.v1 import analyzer_service_pb2 as pb
from kurto.signal.v1.features_pb2 import FeatureBatch
from kurto_analyzer.analyzer import Analyzer
from kurto_analyzer.fakes import FakeFeatureStore, FakeLiveFeatures
from kurto_analyzer.frames import Frame, unpack_frames
from kurto_analyzer.metrics import AnalyzerMetrics
from kurto_analyzer.ports import FrameQuery
from kurto_analyzer.quality import wire_mask
from kurto_analyzer.session import AnalysisSession
from kurto_analyzer.settings import AnalyzerSettings
from kurto_service.clock import SystemClock
from kurto_service.settings import load_settings

GAP, NOT_MONITORED = 1, 2
RATE_HZ = 200.0
HOPS = 40


@dataclass(frozen=True)
class Disturbances:
    """What goes wrong on the way.

    Attributes
    ----------
    chunks : list of int
        Hops in each run, in turn.
    repeats : set of int
        Runs that are sent again, some hops earlier.
    reconnects, restarts : set of int
        Steps at which the stream, and the whole analyzer, begin anew.
    failing_commits, lost_answers : int
        Transactions that fail before and after they take effect.
    tick_windows : int
        Windows in a tick.
    """

    chunks: list[int]
    repeats: set[int] = field(default_factory=set)
    reconnects: set[int] = field(default_factory=set)
    restarts: set[int] = field(default_factory=set)
    failing_commits: int = 0
    lost_answers: int = 0
    tick_windows: int = 64


steps = st.sets(st.integers(0, 30), max_size=4)
disturbances = st.builds(
    Disturbances,
    chunks=st.lists(st.integers(1, 15), min_size=1, max_size=6),
    repeats=steps,
    reconnects=steps,
    restarts=steps,
    failing_commits=st.integers(0, 2),
    lost_answers=st.integers(0, 2),
    tick_windows=st.integers(1, 20),
)


class Rig:
    """An analyzer over stores that outlive it, and a sender that follows its answers."""

    def __init__(self, recordings: list[Recording], plan: Disturbances) -> None:
        self.recordings = recordings
        self.plan = plan
        self.store, self.live = FakeFeatureStore(), FakeLiveFeatures()
        self.tasks: list[asyncio.Task[None]] = []
        self.hops = [0] * len(recordings)

    async def run(self) -> None:
        await self.start()
        self.store.failures += [TimeoutError() for _ in range(self.plan.failing_commits)]
        self.store.lost_answers += [TimeoutError() for _ in range(self.plan.lost_answers)]
        step = 0
        try:
            while any(h < r.hop_count for h, r in zip(self.hops, self.recordings, strict=True)):
                await self.disturb(step)
                await self.send(step)
                step += 1
            self.session.finish()
            async for _ in self.responses:
                pass
        finally:
            await self.stop()

    async def start(self) -> None:
        values = load_settings(
            AnalyzerSettings,
            commit_interval_s=0.0,
            tick_interval_s=0.0,
            max_tick_windows=self.plan.tick_windows,
        )
        metrics = AnalyzerMetrics(CollectorRegistry())
        self.analyzer = Analyzer(self.store, self.live, values, SystemClock(), metrics)
        runs = (self.analyzer.engine.run(), self.analyzer.committer.run())
        self.tasks = [asyncio.create_task(run) for run in runs]
        await self.connect()

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        results = await asyncio.gather(*self.tasks, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results), results

    async def connect(self) -> None:
        self.session: AnalysisSession = self.analyzer.new_session()
        self.responses = self.session.responses()
        for slot, recording in enumerate(self.recordings):
            await self.session.handle(open_request(recording, slot))
        opened: dict[int, int] = {}
        while len(opened) < len(self.recordings):
            response = await anext(self.responses)
            opened |= {p.slot: p.next_window_index for p in response.positions if p.opened}
        self.hops = [opened[slot] for slot in range(len(self.recordings))]

    async def disturb(self, step: int) -> None:
        if step in self.plan.restarts:
            await self.stop()
            await self.start()
        elif step in self.plan.reconnects:
            self.session.close()
            await self.connect()

    async def send(self, step: int) -> None:
        chunk = self.plan.chunks[step % len(self.plan.chunks)]
        runs: list[pb.HopRun] = []
        for slot, recording in enumerate(self.recordings):
            if self.hops[slot] < recording.hop_count:
                first = max(0, self.hops[slot] - (3 if step in self.plan.repeats else 0))
                run = next(recording.runs(first, chunk, slot=slot))
                self.hops[slot] = max(self.hops[slot], run.hop_index + run.hop_count)
                runs.append(run)
        await self.session.handle(hops_request(*runs))
        await asyncio.sleep(0)


def expected_reason(recording: Recording, window: int) -> int:
    hops = range(window, window + recording.window_hops)
    return max(recording.empty_hops.get(hop, 0) for hop in hops)


def assert_right(frames: list[Frame], recording: Recording) -> None:
    assert [frame.window_index for frame in frames] == list(range(recording.window_count))
    offline = recording.offline()
    for frame in frames:
        reason = expected_reason(recording, frame.window_index)
        assert frame.empty_reason == reason
        if reason:
            assert frame.values is None
        else:
            assert frame.values is not None
            np.testing.assert_array_equal(frame.values, offline.values[frame.window_index])
            flags = offline.quality[frame.window_index].tolist()
            assert frame.quality == tuple(map(wire_mask, flags))


gaps = st.dictionaries(st.integers(0, HOPS - 1), st.sampled_from([GAP, NOT_MONITORED]), max_size=3)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plan=disturbances, gaps=st.lists(gaps, min_size=1, max_size=3))
def test_every_window_once_and_equal_to_offline(
    plan: Disturbances, gaps: list[dict[int, int]]
) -> None:
    recordings = [
        Recording(
            samples=noise(seconds=HOPS / 10, sample_rate_hz=RATE_HZ, seed=number),
            sample_rate_hz=RATE_HZ,
            sensor_id=f"s{number}",
            empty_hops=empty,
        )
        for number, empty in enumerate(gaps)
    ]
    rig = Rig(recordings, plan)
    asyncio.run(rig.run())
    for recording in recordings:
        query = FrameQuery(recording.sensor_id, limit=10_000)
        assert_right(asyncio.run(rig.store.list_frames(query)), recording)
    assert_published_is_stored(rig)


def assert_published_is_stored(rig: Rig) -> None:
    """Readers of the live stream may see a window twice, but never two results of it."""
    published = [
        frame for data in rig.live.batches for frame in unpack_frames(FeatureBatch.FromString(data))
    ]
    assert len(published) >= sum(recording.window_count for recording in rig.recordings)
    for recording in rig.recordings:
        stored = asyncio.run(rig.store.list_frames(FrameQuery(recording.sensor_id, limit=10_000)))
        for frame in published:
            if frame.sensor_id == recording.sensor_id:
                same = stored[frame.window_index]
                assert frame.empty_reason == same.empty_reason
                if frame.values is not None:
                    assert same.values is not None
                    np.testing.assert_array_equal(frame.values, same.values)
