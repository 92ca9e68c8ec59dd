"""Sinusoids locked to the shaft: what every machine has, what imbalance and looseness add."""

import numpy as np
import numpy.typing as npt

from kurto_dsp.arrays import Float32Array, Float64Array
from kurto_dsp.synthesis.machine import Fault, MachineModel, stream_of
from kurto_dsp.units import STANDARD_GRAVITY_MPS2

_PURPOSE = 1

_HEALTHY_ORDERS = {1.0: 0.02, 2.0: 0.015, 3.0: 0.01, 5.0: 0.01, 12.0: 0.03}
"""Shaft order: 0-peak amplitude in g."""

_IMBALANCE_VELOCITY_MPS = 0.015
"""0-peak velocity of the first order at severity 1: 10.6 mm/s RMS."""

_LOOSENESS_G = 0.25
_LOOSENESS_HALF_ORDER = 0.5
_LOOSENESS_DECAY = 0.3

Coefficients = npt.NDArray[np.complex128]


def _fault_orders(model: MachineModel) -> dict[float, float]:
    """Return the 0-peak amplitude in g of each shaft order at severity 1."""
    if model.fault is Fault.IMBALANCE:
        acceleration_mps2 = 2.0 * np.pi * model.shaft_hz * _IMBALANCE_VELOCITY_MPS
        return {1.0: acceleration_mps2 / STANDARD_GRAVITY_MPS2}
    if model.fault is Fault.LOOSENESS:
        whole = {float(n): _LOOSENESS_G * n**-_LOOSENESS_DECAY for n in range(1, 11)}
        half = {
            order - 0.5: amplitude * _LOOSENESS_HALF_ORDER
            for order, amplitude in whole.items()
            if order <= 5
        }
        return whole | half
    return {}


class ShaftVibration:
    """Shaft-locked sinusoids of all channels, in blocks of a fixed length.

    Within a block a sinusoid is a fixed table turned by the phase at the block's start, so no
    sine is computed per sample.

    Parameters
    ----------
    model : MachineModel
    block_length : int
        Samples per block.
    """

    def __init__(self, model: MachineModel, block_length: int) -> None:
        fault = _fault_orders(model)
        orders = sorted(_HEALTHY_ORDERS.keys() | fault.keys())
        orders = [order for order in orders if order * model.shaft_hz < 0.5 * model.sample_rate_hz]
        self._cycles_per_sample = np.array(orders) * (model.shaft_hz / model.sample_rate_hz)
        self._healthy = _coefficients(model, orders, _HEALTHY_ORDERS, 0)
        self._fault = _coefficients(model, orders, fault, 1) if fault else None
        cycles = np.outer(self._cycles_per_sample, np.arange(block_length))
        angle = 2.0 * np.pi * cycles
        self._table = np.concatenate([np.cos(angle), np.sin(angle)]).astype(np.float32)

    def block(self, first_sample: int, severity: Float64Array) -> Float32Array:
        """Return one block.

        Parameters
        ----------
        first_sample : int
            Absolute index of its first sample.
        severity : Float64Array [shape=(block_length,)]

        Returns
        -------
        Float32Array [shape=(channels, block_length)]
        """
        turn = np.exp(2j * np.pi * np.mod(self._cycles_per_sample * first_sample, 1.0))
        samples = self._mix(self._healthy * turn)
        if self._fault is not None:
            samples += self._mix(self._fault * turn) * severity.astype(np.float32)
        return samples

    def _mix(self, coefficients: Coefficients) -> Float32Array:
        weights = np.concatenate([coefficients.real, -coefficients.imag], axis=1)
        # einsum, not a matrix product: its order of summation is the same everywhere.
        mixed: Float32Array = np.einsum("co,on->cn", weights.astype(np.float32), self._table)
        return mixed


def _coefficients(
    model: MachineModel, orders: list[float], amplitudes: dict[float, float], part: int
) -> Coefficients:
    """Return amplitude and phase of each order in each channel [shape=(channels, orders)].

    Successive channels see the shaft a quarter turn apart, as at a horizontal and a
    vertical sensor, and each order has its own random phase.
    """
    rng = stream_of(model.seed, _PURPOSE, part)
    phases = rng.uniform(0.0, 2.0 * np.pi, len(orders))
    gains = rng.uniform(0.7, 1.0, (model.channel_count, len(orders)))
    gains[0] = 1.0
    quarter_turns = np.outer(np.arange(model.channel_count), orders) * (np.pi / 2.0)
    levels = np.array([amplitudes.get(order, 0.0) for order in orders])
    coefficients: Coefficients = gains * levels * np.exp(1j * (phases - quarter_turns))
    return coefficients
