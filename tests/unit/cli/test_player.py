"""Pace and pieces of a replay."""

import asyncio
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from kurto_cli.recordings import Recording, Segment
from kurto_cli.recordings.recording import RecordedSpeed
from kurto_cli.sources.pacing import Pacer
from kurto_cli.sources.player import (
    PlayOptions,
    chunk_geometry,
    chunks,
    measured_speed_hz,
    nominal_rpm,
    start_time,
)

CONTINUOUS = Recording(("axial",), np.arange(1000, dtype=np.float32)[np.newaxis], "g")
BURSTS = Recording(
    ("axial",), np.arange(40, dtype=np.float32)[np.newaxis], "g", 1000.0, 10, burst_interval_s=0.05
)


async def test_chunks_are_the_recording_in_order() -> None:
    options = PlayOptions("s", 1000.0, speed=math.inf)
    pieces = [piece async for _, piece in chunks(CONTINUOUS, options)]
    assert [piece.shape[1] for piece in pieces] == [100] * 10
    assert np.array_equal(np.concatenate(pieces, axis=1), CONTINUOUS.samples[:, :])


async def test_bursts_come_whole_at_their_interval() -> None:
    options = PlayOptions("s", 1000.0)
    loop = asyncio.get_running_loop()
    start = loop.time()
    pieces = [piece async for _, piece in chunks(BURSTS, options)]
    assert [piece.shape[1] for piece in pieces] == [10] * 4
    assert loop.time() - start >= 4 * 0.05
    assert chunk_geometry(BURSTS, options) == (10, 0.05)


async def test_a_loop_begins_again() -> None:
    options = PlayOptions("s", 1000.0, speed=math.inf, loop=True)
    seen = 0
    async for index, piece in chunks(CONTINUOUS, options):
        assert index == seen
        seen += piece.shape[1]
        if seen >= 2500:
            break
    assert seen == 2500


async def test_what_was_missing_stays_missing() -> None:
    samples = np.arange(150, dtype=np.float32)[np.newaxis]
    segments = (Segment(0, 0), Segment(130, 30), Segment(330, 100))
    recording = Recording(("axial",), samples, "g", segments=segments)
    assert recording.index_count == 380
    options = PlayOptions("s", 1000.0, speed=math.inf)
    played = [(index, piece) async for index, piece in chunks(recording, options)]
    assert [(index, piece.shape[1]) for index, piece in played] == [(0, 30), (130, 70), (330, 50)]
    assert np.array_equal(np.concatenate([piece for _, piece in played], axis=1), samples)


@pytest.mark.parametrize(
    ("recording", "speed", "early_s"),
    [(CONTINUOUS, 1.0, None), (CONTINUOUS, 2.0, 0.5), (BURSTS, math.inf, 0.2)],
)
def test_a_fast_replay_ends_now(recording: Recording, speed: float, early_s: float | None) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    found = start_time(recording, PlayOptions("s", 1000.0, speed=speed), now)
    assert found == (None if early_s is None else now - timedelta(seconds=early_s))


async def test_lateness_does_not_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 100.0

    async def sleep(delay_s: float) -> None:
        nonlocal now_s
        now_s += max(0.0, delay_s)

    with monkeypatch.context() as patch:
        patch.setattr(asyncio.get_running_loop(), "time", lambda: now_s)
        patch.setattr(asyncio, "sleep", sleep)
        pacer = Pacer(interval_s=0.02)
        await pacer.wait()
        now_s += 0.05  # late for the second and third moment
        for _ in range(4):
            await pacer.wait()
    assert now_s == pytest.approx(100.1)


def test_speed_of_the_file_is_measured_or_nominal_and_a_given_one_stands_for_both() -> None:
    options = PlayOptions("s", 1000.0)
    measured = replace(CONTINUOUS, speed=RecordedSpeed(29.95, is_measured=True))
    nominal = replace(CONTINUOUS, speed=RecordedSpeed(25.0, is_measured=False))
    assert (measured_speed_hz(measured, options), nominal_rpm(measured, options)) == (29.95, None)
    assert (measured_speed_hz(nominal, options), nominal_rpm(nominal, options)) == (None, 1500.0)
    assert (measured_speed_hz(CONTINUOUS, options), nominal_rpm(CONTINUOUS, options)) == (None,) * 2
    given = replace(options, rpm=1470.0)
    for recording in (measured, nominal, CONTINUOUS):
        assert measured_speed_hz(recording, given) is None
        assert nominal_rpm(recording, given) == 1470.0
