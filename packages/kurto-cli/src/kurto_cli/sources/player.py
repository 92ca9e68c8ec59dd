"""Stream a recording as if its sensor were live."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy.typing as npt

import kurto
from kurto_cli.recordings import Recording
from kurto_cli.sources.declared_bearing import declared_bearing
from kurto_cli.sources.delivery import CLOSE_TIMEOUT_S, Delivery, deliver
from kurto_cli.sources.pacing import Pacer
from kurto_dsp.bearings import BearingGeometry

CHUNK_S = 0.1


@dataclass(frozen=True)
class PlayOptions:
    """How to play.

    Parameters
    ----------
    sensor_id : str
        Sensor that is created or taken over.
    sample_rate_hz : float
        Rate of the recording in Hz.
    speed : float
        1 for the original pace; infinite for as fast as the service takes it.
    loop : bool
        Whether to begin again at the end.
    rpm : float or None
        Shaft speed in revolutions per minute, in place of what the file tells.
    bearing : BearingGeometry or None
        Bearing that was recorded.
    """

    sensor_id: str
    sample_rate_hz: float
    speed: float = 1.0
    loop: bool = False
    rpm: float | None = None
    bearing: BearingGeometry | None = None


async def play(
    client: kurto.Client, recording: Recording, options: PlayOptions, *, stop: asyncio.Event
) -> Delivery:
    """Stream a recording to its end, or until stopped; what was sent is still delivered.

    Raises
    ------
    kurto.KurtoError
        If the service refuses.
    """
    burst = None
    if recording.burst_samples is not None and recording.burst_interval_s is not None:
        burst = kurto.Burst(recording.burst_samples, recording.burst_interval_s)
    opening = client.open_sensor(
        options.sensor_id,
        sample_rate_hz=options.sample_rate_hz,
        channels=recording.channels,
        unit=recording.unit or "",  # the service says so if there is none
        burst=burst,
        start_time=start_time(recording, options, datetime.now(UTC)),
        encoding=recording.encoding,
        scale=recording.scale,
        nominal_speed_rpm=nominal_rpm(recording, options),
        bearing=None if options.bearing is None else declared_bearing(options.bearing),
        reconfigure=True,
        takeover=True,
        buffer_s=buffer_s(recording, options),
        close_timeout_s=CLOSE_TIMEOUT_S,
    )

    speed_hz = measured_speed_hz(recording, options)

    async def send(stream: kurto.SensorStream) -> None:
        base = stream.next_index
        async for index, samples in chunks(recording, options):
            await stream.push(samples, first_index=base + index, shaft_speed_hz=speed_hz)

    return await deliver(options.sensor_id, opening, send, stop=stop)


async def chunks(
    recording: Recording, options: PlayOptions
) -> AsyncIterator[tuple[int, npt.NDArray[Any]]]:
    """Yield chunks, or bursts, each when its last sample would have been taken.

    Yields
    ------
    (int, np.ndarray [shape=(channels, n)])
        Index of the first sample, counted from the beginning of the replay, and the samples.
    """
    length, interval_s = chunk_geometry(recording, options)
    pacer = Pacer(interval_s=interval_s, speed=options.speed)
    total, base = recording.index_count, 0
    while True:
        for first in range(0, total, length):
            await pacer.wait()
            for index, samples in recording.parts(first, first + length):
                yield base + index, samples
        base += total
        if not options.loop:
            return


def nominal_rpm(recording: Recording, options: PlayOptions) -> float | None:
    """Return the speed to declare: the one that was asked for, or a nominal one of the file."""
    if options.rpm is not None:
        return options.rpm
    speed = recording.speed
    return None if speed is None or speed.is_measured else 60.0 * speed.hz


def measured_speed_hz(recording: Recording, options: PlayOptions) -> float | None:
    """Return the speed to send with the samples: one that the file says was measured with them."""
    speed = recording.speed
    return speed.hz if speed is not None and speed.is_measured and options.rpm is None else None


def chunk_geometry(recording: Recording, options: PlayOptions) -> tuple[int, float]:
    """Return the samples of a chunk and the time between two chunks in seconds."""
    if recording.burst_samples is not None and recording.burst_interval_s is not None:
        return recording.burst_samples, recording.burst_interval_s
    length = max(1, round(CHUNK_S * options.sample_rate_hz))
    return length, length / options.sample_rate_hz


def start_time(recording: Recording, options: PlayOptions, now: datetime) -> datetime | None:
    """Return the time of sample 0 such that a fast replay ends now and not in the future."""
    if options.speed <= 1:
        return None
    length, interval_s = chunk_geometry(recording, options)
    duration_s = interval_s * recording.index_count / length
    return now - timedelta(seconds=duration_s - duration_s / options.speed)


def buffer_s(recording: Recording, options: PlayOptions) -> float:
    """Return the seconds of samples to keep: a minute, and never less than eight chunks."""
    length, _ = chunk_geometry(recording, options)
    return max(60.0, 8 * length / options.sample_rate_hz)
