"""The streaming state of one sensor: the newest window of samples and its hop statistics."""

from collections.abc import Sequence

import numpy as np

from kurto_dsp.arrays import Float32Array, Float64Array
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.moments import STATISTIC_COUNT, hop_statistics
from kurto_dsp.units import AccelerationUnit
from kurto_dsp.windows import WindowGeometry

_NEVER = -1


class SensorRing:
    """Ring of hops, fed in order; yields the window that each hop completes.

    The state is a function of the last ``hops_per_window`` hops alone: nothing recursive, so
    a ring that is reset and fed again reproduces its windows bit for bit.

    Parameters
    ----------
    channel_count : int >= 1
        Channels of the sensor.
    geometry : WindowGeometry
        Hop and window length.
    units : sequence of AccelerationUnit, optional
        Declared unit per channel; g for all by default.
    full_scale : sequence of float or None, optional
        Largest magnitude each channel can deliver, in its unit; None where unknown.
    first_hop : int >= 0
        Index of the hop that will be pushed first.

    Raises
    ------
    ParameterError
        If a count is not positive or a per-channel sequence has another length.
    """

    def __init__(
        self,
        *,
        channel_count: int,
        geometry: WindowGeometry,
        units: Sequence[AccelerationUnit] | None = None,
        full_scale: Sequence[float | None] | None = None,
        first_hop: int = 0,
    ) -> None:
        if channel_count < 1:
            raise ParameterError(f"channel_count must be at least 1, got {channel_count}")
        units = (AccelerationUnit.G,) * channel_count if units is None else tuple(units)
        limits = (None,) * channel_count if full_scale is None else tuple(full_scale)
        for name, values in (("units", units), ("full_scale", limits)):
            if len(values) != channel_count:
                raise ParameterError(f"{name} needs {channel_count} entries, got {len(values)}")
        self.geometry = geometry
        self.channel_count = channel_count
        self.mps2_per_unit = np.array([unit.in_mps2 for unit in units])
        self.full_scale = np.array([np.inf if limit is None else limit for limit in limits])
        self._samples = np.zeros((channel_count, geometry.window_length), np.float32)
        # Statistics are kept twice, one window apart: any window of hops is one slice.
        self._statistics = np.zeros((channel_count, STATISTIC_COUNT, 2 * geometry.hops_per_window))
        self.reset(first_hop)

    def reset(self, first_hop: int) -> None:
        """Forget everything; the next hop to push is `first_hop`.

        Raises
        ------
        ParameterError
            If `first_hop` is negative.
        """
        if first_hop < 0:
            raise ParameterError(f"first_hop must not be negative, got {first_hop}")
        self._first_hop = first_hop
        self._next_hop = first_hop
        self._last_gap = _NEVER

    @property
    def next_hop(self) -> int:
        """Index of the hop that must be pushed next."""
        return self._next_hop

    @property
    def window_index(self) -> int | None:
        """Index of the window that the newest hop completed, or None while filling."""
        index = self.geometry.window_of_hop(self._next_hop - 1)
        return index if index >= self._first_hop else None

    @property
    def has_gap(self) -> bool:
        """Whether one of the hops of the newest window is a gap."""
        return self._last_gap > self._next_hop - 1 - self.geometry.hops_per_window

    def push(self, hop_index: int, samples: Float32Array) -> None:
        """Append one hop.

        Parameters
        ----------
        hop_index : int
            Absolute index of the hop; must equal `next_hop`.
        samples : Float32Array [shape=(channels, hop_length)]
            Copied.

        Raises
        ------
        ParameterError
            If the hop is out of order or has another shape or dtype.
        """
        self._require_next(hop_index)
        expected = (self.channel_count, self.geometry.hop_length)
        if samples.shape != expected or samples.dtype != np.float32:
            raise ParameterError(
                f"a hop must be float32 of shape {expected}, got {samples.dtype} {samples.shape}"
            )
        self._store(hop_statistics(samples))
        start = self._slot * self.geometry.hop_length
        self._samples[:, start : start + self.geometry.hop_length] = samples
        self._next_hop += 1

    def push_gap(self, hop_index: int) -> None:
        """Append a hop that was never received: windows that contain it are empty.

        Raises
        ------
        ParameterError
            If the hop is out of order.
        """
        self._require_next(hop_index)
        self._last_gap = hop_index
        self._next_hop += 1

    def window(self) -> Float32Array:
        """Return a copy of the newest window, oldest sample first.

        Raises
        ------
        ParameterError
            If no window is complete, or the newest one contains a gap.

        Returns
        -------
        Float32Array [shape=(channels, window_length)]
        """
        if self.window_index is None or self.has_gap:
            raise ParameterError(f"no window without gap at hop {self._next_hop - 1}")
        return np.roll(self._samples, -self._slot * self.geometry.hop_length, axis=1)

    def window_statistics(self) -> Float64Array:
        """Return the statistics of the hops of the newest window, oldest first (a view).

        Returns
        -------
        Float64Array [shape=(channels, 7, hops_per_window)]
        """
        return self._statistics[:, :, self._slot : self._slot + self.geometry.hops_per_window]

    def copy_centred(self, channel: int, mean: float, out: Float32Array) -> None:
        """Write the newest window of a channel minus a mean, oldest sample first.

        Parameters
        ----------
        channel : int
        mean : float
            Subtracted in float32.
        out : Float32Array [shape=(window_length,)]
            Overwritten.
        """
        centre = np.float32(mean)
        older, newer = self._halves(channel)
        np.subtract(older, centre, out=out[: len(older)])
        np.subtract(newer, centre, out=out[len(older) :])

    @property
    def _slot(self) -> int:
        """Where the next hop goes; also where the oldest one is."""
        return self._next_hop % self.geometry.hops_per_window

    def _halves(self, channel: int) -> tuple[Float32Array, Float32Array]:
        oldest = self._slot * self.geometry.hop_length
        return self._samples[channel, oldest:], self._samples[channel, :oldest]

    def _store(self, statistics: Float64Array) -> None:
        self._statistics[:, :, self._slot] = statistics
        self._statistics[:, :, self._slot + self.geometry.hops_per_window] = statistics

    def _require_next(self, hop_index: int) -> None:
        if hop_index != self._next_hop:
            raise ParameterError(
                f"hop {hop_index} pushed, but hop {self._next_hop} is next; "
                "push_gap what is missing, or reset"
            )
