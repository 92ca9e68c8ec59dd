"""Impacts of a damaged bearing: when they come, how hard, and how the structure rings.

The intervals wander at random because the rolling elements slip (a bounded walk about the
mean rate), and each impact excites a decaying resonance (McFadden & Smith 1984; Antoni &
Randall 2003).
"""

from dataclasses import dataclass

import numpy as np

from kurto_dsp.arrays import Float64Array
from kurto_dsp.synthesis.machine import Fault, MachineModel, stream_of

_PURPOSE = 2
_SEGMENT_IMPACTS = 64
_MAX_SHIFT = 0.45
_DECAYS = 8.0
_STRENGTH_SPREAD = 0.1
_LOAD_ZONE = 0.5
_OUTSIDE_LOAD_ZONE = 0.08
_WEAKER_RACE = 0.7


@dataclass(frozen=True, eq=False, slots=True)
class _Impacts:
    """Impacts in order: index, time in intervals since the start, strength near 1."""

    index: Float64Array
    place: Float64Array
    strength: Float64Array


class BearingImpacts:
    """The ringing of all impacts of a bearing fault, in blocks of a fixed length.

    Parameters
    ----------
    model : MachineModel
        With a fault that makes impacts.
    block_length : int
        Samples per block.
    """

    def __init__(self, model: MachineModel, block_length: int) -> None:
        self._model = model
        self._block_length = block_length
        self._samples_per_impact = model.sample_rate_hz / model.impact_rate_hz
        resonance_hz = min(model.resonance_hz, 0.3 * model.sample_rate_hz)
        self._exponent = (2j * np.pi * resonance_hz - 1.0 / model.decay_s) / model.sample_rate_hz
        self._ring_length = int(np.ceil(_DECAYS * model.decay_s * model.sample_rate_hz)) + 1
        self._ringing = np.exp(self._exponent * np.arange(self._ring_length))

    def block(self, first_sample: int) -> Float64Array:
        """Return the ringing of all impacts in one block, in g.

        Parameters
        ----------
        first_sample : int
            Absolute index of its first sample.

        Returns
        -------
        Float64Array [shape=(block_length,)]
        """
        impacts = self._impacts_between(
            first_sample - self._ring_length, first_sample + self._block_length
        )
        position = impacts.place * self._samples_per_impact
        amplitude = impacts.strength * self._modulation(impacts.index, position)
        amplitude *= self._model.severity.at(position / self._model.sample_rate_hz)
        amplitude *= self._model.impact_g
        begin = np.ceil(position)
        start = np.exp(self._exponent * (begin - position)) * amplitude
        ringing = (start[:, np.newaxis] * self._ringing).imag
        target = (begin - first_sample).astype(np.int64)[:, np.newaxis]
        target = target + np.arange(self._ring_length)
        inside = (target >= 0) & (target < self._block_length)
        length = self._block_length
        return np.bincount(target[inside], ringing[inside], length).astype(np.float64)

    def _impacts_between(self, first_sample: int, stop_sample: int) -> _Impacts:
        """Return all impacts that may begin in the range (and a few beside it)."""
        first = max(0, int(first_sample / self._samples_per_impact) - 2)
        last = int(stop_sample / self._samples_per_impact) + 2
        segments = range(first // _SEGMENT_IMPACTS, last // _SEGMENT_IMPACTS + 1)
        drawn = [self._segment(segment) for segment in segments]
        index = np.arange(segments.start * _SEGMENT_IMPACTS, segments.stop * _SEGMENT_IMPACTS)
        chosen = slice(first - int(index[0]), last + 1 - int(index[0]))
        shift = np.concatenate([walk for walk, _ in drawn])[chosen]
        strength = np.concatenate([factor for _, factor in drawn])[chosen]
        number: Float64Array = index[chosen].astype(np.float64)
        return _Impacts(number, number + 0.5 + shift, strength)

    def _segment(self, segment: int) -> tuple[Float64Array, Float64Array]:
        """Draw the shift (in intervals) and the strength of 64 successive impacts.

        The shift is a random walk tied to zero at the segment's end, so that any segment can
        be drawn without those before it.
        """
        rng = stream_of(self._model.seed, _PURPOSE, segment)
        steps = rng.standard_normal(_SEGMENT_IMPACTS) * self._model.interval_jitter
        walk = np.cumsum(steps - np.mean(steps))
        strength = 1.0 + _STRENGTH_SPREAD * rng.standard_normal(_SEGMENT_IMPACTS)
        return np.clip(walk, -_MAX_SHIFT, _MAX_SHIFT), np.clip(strength, 0.5, 1.5)

    def _modulation(self, index: Float64Array, position: Float64Array) -> Float64Array:
        """Return how hard each impact strikes for where the defect is in the load zone."""
        time_s = position / self._model.sample_rate_hz
        if self._model.fault is Fault.INNER_RACE:
            return _load(2.0 * np.pi * self._model.shaft_hz * time_s)
        if self._model.fault is Fault.BALL:
            races = np.where(index % 2 == 0, 1.0, _WEAKER_RACE)
            return races * _load(2.0 * np.pi * self._model.cage_hz * time_s)
        return np.ones_like(position)


def _load(angle: Float64Array) -> Float64Array:
    """Return the load on a rolling element by its angle from the load direction (Stribeck)."""
    inside = np.maximum(0.0, 1.0 - (1.0 - np.cos(angle)) / (2.0 * _LOAD_ZONE))
    load: Float64Array = _OUTSIDE_LOAD_ZONE + (1.0 - _OUTSIDE_LOAD_ZONE) * inside**1.5
    return load
