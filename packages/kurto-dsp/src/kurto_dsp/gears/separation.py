"""Regular, difference and residual part of a time-synchronous average."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

from kurto_dsp.arrays import BoolArray, Float64Array
from kurto_dsp.exceptions import ParameterError

SHAFT_HARMONICS = 2
"""Harmonics of the shaft that count as regular: once and twice a turn."""


@dataclass(frozen=True, eq=False, slots=True)
class GearSignals:
    """A time-synchronous average taken apart.

    Parameters
    ----------
    average : Float64Array [shape=(n,)]
        The average without its mean.
    regular : Float64Array [shape=(n,)]
        Shaft and mesh harmonics with the first-order sidebands: what a sound gear shows.
    difference : Float64Array [shape=(n,)]
        average minus regular: for FM4, M6A, M8A and the energy ratio.
    residual : Float64Array [shape=(n,)]
        average minus shaft and mesh harmonics; the sidebands stay: for NA4.
    mesh_band : Float64Array [shape=(n,)]
        Envelope of the band around the first mesh harmonic, mean kept: for NB4.
    mesh_amplitudes : Float64Array [shape=(harmonics,)]
        0-peak amplitudes of the mesh harmonics below half the sampling of the average.
    """

    average: Float64Array
    regular: Float64Array
    difference: Float64Array
    residual: Float64Array
    mesh_band: Float64Array
    mesh_amplitudes: Float64Array


def separate_gear_signals(
    average: npt.ArrayLike, *, teeth: int, shaft_harmonics: int = SHAFT_HARMONICS
) -> GearSignals:
    """Take a time-synchronous average of one revolution apart.

    Line m of the average's Fourier transform is order m of the shaft, so that taking lines out
    is exact: no filter, no leakage.

    Parameters
    ----------
    average : array_like [shape=(n,)]
        One revolution of the gear's shaft in equal angles, n > 2·(teeth + 1).
    teeth : int >= 3
        Teeth of the gear on this shaft.
    shaft_harmonics : int >= 1
        Shaft harmonics that count as regular.

    Raises
    ------
    ParameterError
        If the average is not one finite revolution that resolves the mesh.

    References
    ----------
    Stewart, R. M. (1977). Some useful data analysis techniques for gearbox diagnostics. ISVR,
    University of Southampton, MHM/R/10/77. Lebold, M. et al. (2000). Review of vibration
    analysis methods for gearbox diagnostics and prognostics. Proc. 54th MFPT: 623-634.
    """
    samples = np.array(average, np.float64)
    if samples.ndim != 1 or not np.isfinite(samples).all():
        raise ParameterError(
            f"average must be one finite revolution of shape (n,), got shape {samples.shape}"
        )
    if teeth < 3 or shaft_harmonics < 1:
        raise ParameterError(
            "teeth must be at least 3 and shaft_harmonics at least 1, "
            f"got {teeth} and {shaft_harmonics}"
        )
    if len(samples) <= 2 * (teeth + 1):
        raise ParameterError(
            f"{len(samples)} samples a revolution cannot show a mesh of {teeth} teeth: "
            f"resample to more than {2 * (teeth + 1)}"
        )
    samples -= samples.mean()
    lines = fft.rfft(samples)
    harmonics = _harmonic_lines(len(lines), len(samples), teeth, shaft_harmonics)
    sidebands = _sideband_lines(len(lines), len(samples), teeth)
    regular = _part(lines, harmonics | sidebands, len(samples))
    return GearSignals(
        average=samples,
        regular=regular,
        difference=samples - regular,
        residual=samples - _part(lines, harmonics, len(samples)),
        mesh_band=_mesh_envelope(lines, teeth, len(samples)),
        mesh_amplitudes=2.0 / len(samples) * np.abs(lines[_mesh_orders(len(samples), teeth)]),
    )


def _mesh_orders(length: int, teeth: int) -> npt.NDArray[np.intp]:
    return np.arange(teeth, (length + 1) // 2, teeth)


def _harmonic_lines(count: int, length: int, teeth: int, shaft_harmonics: int) -> BoolArray:
    chosen = np.zeros(count, np.bool_)
    chosen[1 : shaft_harmonics + 1] = True
    chosen[_mesh_orders(length, teeth)] = True
    return chosen


def _sideband_lines(count: int, length: int, teeth: int) -> BoolArray:
    chosen = np.zeros(count, np.bool_)
    for order in _mesh_orders(length, teeth):
        chosen[[order - 1, min(order + 1, count - 1)]] = True
    return chosen


def _part(lines: npt.NDArray[np.complex128], chosen: BoolArray, length: int) -> Float64Array:
    part: Float64Array = fft.irfft(np.where(chosen, lines, 0.0), n=length)
    return part


def _mesh_envelope(lines: npt.NDArray[np.complex128], teeth: int, length: int) -> Float64Array:
    # As many sidebands as there are up to half way to the next mesh harmonic.
    reach = teeth // 2
    low, high = max(1, teeth - reach), min(teeth + reach, (length - 1) // 2)
    analytic = np.zeros(length, np.complex128)
    analytic[low : high + 1] = 2.0 * lines[low : high + 1]
    envelope: Float64Array = np.abs(fft.ifft(analytic))
    return envelope
