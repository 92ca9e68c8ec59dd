"""Runs of hops kept as they came, and the long window that is cut out of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kurto_analyzer.encoding import decode_planar
from kurto_analyzer.hop_runs import HopRun
from kurto_analyzer.sensor_spec import SensorSpec
from kurto_dsp.arrays import Float32Array, Float64Array

__all__ = ["LongWindow", "Stretch", "pieces"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive hops with samples, in the encoding in which they came.

    Attributes
    ----------
    first_hop, end_hop : int
        Indexes of the first hop, and of the one after the last.
    planar : bytes
        Samples of all hops: all of the first channel, then all of the second, and so on.
    speeds_hz : tuple of float
        Shaft speed of each hop, NaN where none was measured; empty when none was at all.
    """

    first_hop: int
    end_hop: int
    planar: bytes
    speeds_hz: tuple[float, ...] = ()

    @property
    def hop_count(self) -> int:
        """Number of hops."""
        return self.end_hop - self.first_hop

    def speeds(self, first_hop: int, end_hop: int) -> Sequence[float]:
        """Return the shaft speed of each of some hops of the stretch."""
        if not self.speeds_hz:
            return [np.nan] * (end_hop - first_hop)
        return self.speeds_hz[first_hop - self.first_hop : end_hop - self.first_hop]


def pieces(run: HopRun, *, channel_count: int, most_hops: int) -> Iterator[Stretch]:
    """Yield a run in pieces of at most so many hops, so that what is kept can be cut off finely.

    A run that is short enough, as all are at live speed, is not copied.
    """
    speeds = run.shaft_speeds_hz
    if run.hop_count <= most_hops:
        yield Stretch(run.first_hop, run.first_hop + run.hop_count, run.planar, speeds)
        return
    octets = np.frombuffer(run.planar, np.uint8).reshape(channel_count, run.hop_count, -1)
    for first in range(0, run.hop_count, most_hops):
        end = min(first + most_hops, run.hop_count)
        planar = octets[:, first:end].tobytes()
        yield Stretch(run.first_hop + first, run.first_hop + end, planar, speeds[first:end])


@dataclass(frozen=True, eq=False, slots=True)
class LongWindow:
    """The samples of a long window, not yet decoded, and what was declared of the sensor.

    Attributes
    ----------
    spec : SensorSpec
        Configuration when it was cut out.
    first_hop, end_hop : int
        Its hops; none of them is missing.
    stretches : tuple of Stretch
        Hold all of these hops, in order; they may overlap and hold more.
    """

    spec: SensorSpec
    first_hop: int
    end_hop: int
    stretches: tuple[Stretch, ...]

    @property
    def window_index(self) -> int:
        """Index of the last short window in it."""
        return self.end_hop - self.spec.geometry.window_hops

    @property
    def first_index(self) -> int:
        """Absolute index of the first sample."""
        return self.first_hop * self.spec.geometry.hop_samples

    @property
    def sample_count(self) -> int:
        """Samples per channel."""
        return (self.end_hop - self.first_hop) * self.spec.geometry.hop_samples

    @property
    def start_us(self) -> int:
        """Time of the first sample, microseconds since 1970."""
        return self.spec.geometry.time_us(self.first_index)

    @property
    def end_us(self) -> int:
        """Time just after the last sample, microseconds since 1970."""
        return self.spec.geometry.window_end_us(self.window_index)

    def samples(self) -> Float32Array:
        """Return the samples in the channels' units.

        Returns
        -------
        Float32Array [shape=(channels, sample_count)]
        """
        spec = self.spec
        channel_count = len(spec.channels)
        hop_bytes = spec.hop_bytes // channel_count
        # Put together as bytes and decoded once: a window has dozens of stretches.
        parts = [
            np.frombuffer(stretch.planar, np.uint8).reshape(channel_count, -1)[
                :, (first - stretch.first_hop) * hop_bytes : (end - stretch.first_hop) * hop_bytes
            ]
            for stretch, first, end in self._parts()
        ]
        return decode_planar(
            np.concatenate(parts, axis=1).tobytes(),
            encoding=spec.encoding,
            scales=spec.scales,
            channel_count=channel_count,
        )

    def speeds_hz(self) -> Float64Array:
        """Return the shaft speed of each hop, NaN where none was measured.

        Returns
        -------
        Float64Array [shape=(hops,)]
        """
        speeds = [stretch.speeds(first, end) for stretch, first, end in self._parts()]
        return np.concatenate([np.asarray(part, np.float64) for part in speeds])

    def _parts(self) -> Iterator[tuple[Stretch, int, int]]:
        at = self.first_hop
        for stretch in self.stretches:
            end = min(stretch.end_hop, self.end_hop)
            if end > at:
                yield stretch, at, end
                at = end
