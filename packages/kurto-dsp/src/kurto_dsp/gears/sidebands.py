"""Sideband table: the lines at mesh ± k·shaft, with their levels."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kurto_dsp.arrays import Float64Array, as_samples
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.spectrum import HANN_NOISE_BANDWIDTH_LINES, SpectrumKind, compute_spectrum

_LOBE_LINES = 2  # the main lobe of a Hann window reaches so far to either side of its top
_EDGE_LINES = 3  # below it lie the mean and slow drift


@dataclass(frozen=True, slots=True)
class Sideband:
    """One line beside a mesh harmonic, or the harmonic itself.

    Parameters
    ----------
    harmonic : int
        Number of the mesh harmonic, from 1.
    order : int
        k of mesh ± k·shaft; 0 for the mesh harmonic itself.
    expected_hz : float
        harmonic·mesh + order·shaft.
    found_hz : float or None
        Top of the line; None outside of the spectrum.
    amplitude : float or None
        0-peak amplitude in the samples' unit.
    level_db : float or None
        Relative to the mesh harmonic, dB; None where that is zero.
    """

    harmonic: int
    order: int
    expected_hz: float
    found_hz: float | None
    amplitude: float | None
    level_db: float | None


@dataclass(frozen=True, slots=True)
class SidebandTable:
    """All lines around the mesh harmonics of one channel.

    Parameters
    ----------
    lines : tuple of Sideband
        By harmonic, then by order from the lowest to the highest.
    resolution_hz : float
        Distance of two lines of the spectrum.
    resolved : bool
        Whether sidebands can be told apart: shaft speed of at least four lines. Otherwise
        the table has no amplitudes: take a longer record.
    """

    lines: tuple[Sideband, ...]
    resolution_hz: float
    resolved: bool

    def sideband_index(self, harmonic: int = 1) -> float | None:
        """Return the mean amplitude of the first-order sidebands of a mesh harmonic.

        References
        ----------
        Szczepanik, J. (1989). Time synchronous averaging of ball mill vibration. Mechanical
        Systems and Signal Processing 3(1): 99-107.
        """
        pair = [line for line in self.lines if line.harmonic == harmonic and abs(line.order) == 1]
        amplitudes = [line.amplitude for line in pair if line.amplitude is not None]
        return sum(amplitudes) / 2.0 if len(amplitudes) == 2 else None


def sideband_table(
    samples: npt.ArrayLike,
    *,
    sample_rate_hz: float,
    mesh_hz: float,
    shaft_hz: float,
    harmonics: int = 3,
    orders: int = 5,
    tolerance: float = 0.0,
) -> SidebandTable:
    """Return the amplitudes at the mesh harmonics and at k times the shaft beside them.

    Each is the root-sum-square of the five lines of a Hann main lobe (error < 0.03 %, wherever
    between two lines the tone lies), at the largest line within reach of the expected place.

    Parameters
    ----------
    samples : array_like [shape=(n,)]
        One channel.
    sample_rate_hz : float > 0
    mesh_hz : float > 0
        Gear-mesh frequency.
    shaft_hz : float > 0
        Speed of the shaft whose gear modulates the mesh.
    harmonics, orders : int >= 1
        Mesh harmonics, and sidebands to either side of each.
    tolerance : float
        How far the true mesh may be from `mesh_hz`, as a part of it: 0.01 for a measured
        speed, 0.02 for a nameplate speed. The search never reaches half way to the next line.

    Raises
    ------
    ParameterError
        If an argument is impossible.
    """
    _require(mesh_hz=mesh_hz, shaft_hz=shaft_hz)
    if harmonics < 1 or orders < 1 or not 0.0 <= tolerance < 0.1:
        raise ParameterError(
            "harmonics and orders must be at least 1 and tolerance from 0 to under 0.1, "
            f"got {harmonics}, {orders} and {tolerance}"
        )
    matrix = as_samples(samples)
    if matrix.shape[0] != 1:
        raise ParameterError(f"samples must be one channel, got shape {matrix.shape}")
    spectrum = compute_spectrum(matrix, sample_rate_hz=sample_rate_hz, kind=SpectrumKind.PEAK)
    step_hz, lines = spectrum.resolution_hz, spectrum.values[0]
    resolved = shaft_hz >= 2 * _LOBE_LINES * step_hz and bool(np.isfinite(lines).all())
    # A wrong speed moves the mesh and its sidebands alike, so the mesh tells where they are.
    scale = _speed_scale(lines, step_hz, mesh_hz, shaft_hz, tolerance) if resolved else 1.0
    rows: list[Sideband] = []
    for harmonic in range(1, harmonics + 1):
        carrier = _amplitude(lines, step_hz, harmonic * mesh_hz * scale) if resolved else None
        for order in range(-orders, orders + 1):
            expected_hz = harmonic * mesh_hz + order * shaft_hz
            found = _amplitude(lines, step_hz, expected_hz * scale) if resolved else None
            level_db = _level_db(found, carrier)
            frequency_hz, amplitude = found or (None, None)
            rows.append(Sideband(harmonic, order, expected_hz, frequency_hz, amplitude, level_db))
    return SidebandTable(tuple(rows), step_hz, resolved)


def _speed_scale(
    lines: Float64Array, step_hz: float, mesh_hz: float, shaft_hz: float, tolerance: float
) -> float:
    """Return true over stated speed, by the largest line near the mesh frequency."""
    reach_hz = min(tolerance * mesh_hz, 0.45 * shaft_hz)
    first = max(_EDGE_LINES, math.ceil((mesh_hz - reach_hz) / step_hz))
    last = min(len(lines) - 2, math.floor((mesh_hz + reach_hz) / step_hz))
    if reach_hz <= step_hz or last <= first:
        return 1.0
    top = first + int(np.argmax(lines[first : last + 1]))
    return _interpolated(lines, top) * step_hz / mesh_hz


def _amplitude(
    lines: Float64Array, step_hz: float, frequency_hz: float
) -> tuple[float, float] | None:
    centre = round(frequency_hz / step_hz)
    if centre - 1 < _EDGE_LINES or centre + 1 + _LOBE_LINES >= len(lines):
        return None
    top = centre - 1 + int(np.argmax(lines[centre - 1 : centre + 2]))
    lobe = lines[top - _LOBE_LINES : top + _LOBE_LINES + 1]
    amplitude = math.sqrt(float(np.add.reduce(lobe * lobe)) / HANN_NOISE_BANDWIDTH_LINES)
    return _interpolated(lines, top) * step_hz, amplitude


def _interpolated(lines: Float64Array, top: int) -> float:
    below, at, above = (float(value) for value in lines[top - 1 : top + 2])
    if min(below, at, above) <= 0.0:
        return float(top)
    below, at, above = math.log(below), math.log(at), math.log(above)
    curvature = below - 2.0 * at + above
    shift = 0.5 * (below - above) / curvature if curvature < 0.0 else 0.0
    return top + max(-0.5, min(0.5, shift))


def _level_db(
    found: tuple[float, float] | None, carrier: tuple[float, float] | None
) -> float | None:
    if found is None or carrier is None or not (found[1] > 0.0 and carrier[1] > 0.0):
        return None
    return 20.0 * math.log10(found[1] / carrier[1])


def _require(**frequencies_hz: float) -> None:
    for name, value in frequencies_hz.items():
        if not (math.isfinite(value) and value > 0.0):
            raise ParameterError(f"{name} must be positive and finite, got {value!r}")
