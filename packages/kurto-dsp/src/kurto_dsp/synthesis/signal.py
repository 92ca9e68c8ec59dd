"""Samples of a simulated machine, from any absolute index."""

import numpy as np

from kurto_dsp.arrays import Float32Array, Float64Array
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.synthesis.impacts import BearingImpacts
from kurto_dsp.synthesis.machine import MachineModel, stream_of
from kurto_dsp.synthesis.shaft import ShaftVibration

BLOCK_LENGTH = 4096
"""Samples drawn together. Part of the definition of the samples: never depends on requests."""

_NOISE, _CHANNELS = 3, 4
_NOISE_COLOUR = 0.6
_MAX_BIAS_G = 0.02


class MachineSignal:
    """The samples of a simulated machine, in g.

    Any range may be asked for in any order and any pieces: a sample depends on the model and
    its index alone. Asking onwards in order is cheap, since the newest block is kept.

    Parameters
    ----------
    model : MachineModel

    Examples
    --------
    >>> from kurto_dsp.synthesis import Fault, MachineModel, MachineSignal
    >>> signal = MachineSignal(MachineModel(fault=Fault.OUTER_RACE, seed=1))
    >>> signal.samples(0, 2560).shape
    (2, 2560)
    """

    def __init__(self, model: MachineModel) -> None:
        self.model = model
        rng = stream_of(model.seed, _CHANNELS)
        gains = rng.uniform(0.6, 0.9, model.channel_count)
        gains[0] = 1.0
        bias = rng.uniform(-_MAX_BIAS_G, _MAX_BIAS_G, model.channel_count)
        self._impact_gains = gains.astype(np.float32)[:, np.newaxis]
        self._bias = bias.astype(np.float32)[:, np.newaxis]
        self._shaft = ShaftVibration(model, BLOCK_LENGTH)
        has_impacts = model.impact_rate_hz > 0.0
        self._impacts = BearingImpacts(model, BLOCK_LENGTH) if has_impacts else None
        self._newest: tuple[int, Float32Array] | None = None

    def samples(self, start: int, count: int) -> Float32Array:
        """Return samples ``[start, start + count)`` of all channels.

        Parameters
        ----------
        start : int >= 0
            Absolute index of the first sample.
        count : int >= 0
            How many.

        Returns
        -------
        Float32Array [shape=(channels, count)]
            A copy, in g, clipped at full scale.

        Raises
        ------
        ParameterError
            If `start` or `count` is negative.
        """
        if start < 0 or count < 0:
            raise ParameterError(f"start and count must not be negative, got {start} and {count}")
        result = np.empty((self.model.channel_count, count), np.float32)
        done = 0
        while done < count:
            block_index, offset = divmod(start + done, BLOCK_LENGTH)
            piece = self._block(block_index)[:, offset : offset + count - done]
            result[:, done : done + piece.shape[1]] = piece
            done += piece.shape[1]
        return result

    def severity_at(self, index: int) -> float:
        """Return the severity of the fault at a sample index, 0 to 1."""
        return float(self.model.severity.at(np.array([index / self.model.sample_rate_hz]))[0])

    def _block(self, block_index: int) -> Float32Array:
        if self._newest is None or self._newest[0] != block_index:
            self._newest = (block_index, self._make_block(block_index))
        return self._newest[1]

    def _make_block(self, block_index: int) -> Float32Array:
        first_sample = block_index * BLOCK_LENGTH
        index = first_sample + np.arange(BLOCK_LENGTH, dtype=np.float64)
        severity: Float64Array = self.model.severity.at(index / self.model.sample_rate_hz)
        samples = self._shaft.block(first_sample, severity)
        samples += self._noise(block_index)
        if self._impacts is not None:
            ringing = self._impacts.block(first_sample).astype(np.float32)
            samples += self._impact_gains * ringing
        samples += self._bias
        np.clip(samples, -self.model.full_scale_g, self.model.full_scale_g, out=samples)
        return samples

    def _noise(self, block_index: int) -> Float32Array:
        """Return noise that rises with frequency: e[n] - 0.6·e[n-1].

        Flat noise would integrate to more velocity than a healthy machine has. Blocks are
        drawn backwards in time, so the one sample needed of the block before is its first.
        """
        channels = self.model.channel_count
        series = np.empty((channels, BLOCK_LENGTH + 1), np.float32)
        series[:, 0] = self._draw(block_index, 1)[0]
        series[:, :0:-1] = self._draw(block_index + 1, BLOCK_LENGTH).T
        series *= np.float32(self.model.noise_rms_g / np.sqrt(1.0 + _NOISE_COLOUR**2))
        noise: Float32Array = series[:, 1:] - np.float32(_NOISE_COLOUR) * series[:, :-1]
        return noise

    def _draw(self, stream: int, count: int) -> Float32Array:
        rng = stream_of(self.model.seed, _NOISE, stream)
        return rng.standard_normal((count, self.model.channel_count), dtype=np.float32)
