"""Gear condition indicators of one time-synchronous average, and of a series of them."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kurto_dsp.arrays import Float64Array
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.gears.separation import GearSignals

_ROUNDING = 1e-24  # part of a mean square that rounding leaves where nothing is


@dataclass(frozen=True, slots=True)
class VarianceHistory:
    """Mean variance of a signal over the earlier records of a series.

    Parameters
    ----------
    record_count : int
    mean_variance : float
        0 before the first record.
    """

    record_count: int = 0
    mean_variance: float = 0.0

    def with_record(self, variance: float) -> "VarianceHistory":
        """Return the history with one more record."""
        count = self.record_count + 1
        return VarianceHistory(count, self.mean_variance + (variance - self.mean_variance) / count)


@dataclass(frozen=True, slots=True)
class GearHistory:
    """What NA4 and NB4 remember of the records before.

    Parameters
    ----------
    residual, mesh_band : VarianceHistory
    """

    residual: VarianceHistory = VarianceHistory()
    mesh_band: VarianceHistory = VarianceHistory()


@dataclass(frozen=True, slots=True)
class GearIndicators:
    """Indicators of one record; NaN where undefined (a division by nothing).

    Parameters
    ----------
    fm0, fm4, m6a, m8a, er, na4, nb4 : float
        All without unit; see the functions of the same names.
    """

    fm0: float
    fm4: float
    m6a: float
    m8a: float
    er: float
    na4: float
    nb4: float


def gear_indicators(
    signals: GearSignals, history: GearHistory | None = None
) -> tuple[GearIndicators, GearHistory]:
    """Return all indicators of a record, and the history that the next record needs.

    Parameters
    ----------
    signals : GearSignals
        From `separate_gear_signals`.
    history : GearHistory, optional
        What this function returned for the record before; None for the first.
    """
    history = history or GearHistory()
    floor = _ROUNDING * float(np.mean(signals.average**2))
    indicators = GearIndicators(
        fm0=fm0(signals),
        fm4=_moment_ratio(signals.difference, 4, floor),
        m6a=_moment_ratio(signals.difference, 6, floor),
        m8a=_moment_ratio(signals.difference, 8, floor),
        er=energy_ratio(signals),
        na4=moment_against_history(signals.residual, history.residual),
        nb4=moment_against_history(signals.mesh_band, history.mesh_band),
    )
    following = GearHistory(
        history.residual.with_record(float(np.var(signals.residual))),
        history.mesh_band.with_record(float(np.var(signals.mesh_band))),
    )
    return indicators, following


def fm0(signals: GearSignals) -> float:
    """Return FM0: peak-to-peak of the average over the sum of the mesh harmonics' amplitudes.

    Rises with major faults: a broken tooth raises the numerator, wear all around lowers the
    denominator. NaN when no mesh harmonic is there.

    References
    ----------
    Stewart (1977); Zakrajsek, J. J., Townsend, D. P., Decker, H. J. (1993). An analysis of gear
    fault detection methods as applied to pitting fatigue failure data. NASA TM-105950.
    """
    total = float(np.add.reduce(signals.mesh_amplitudes))
    swing = float(np.max(signals.average) - np.min(signals.average))
    return _ratio(swing, total, 1e-12 * swing)


def fm4(difference: npt.ArrayLike) -> float:
    """Return FM4: kurtosis of the difference signal; 3 for Gaussian noise, 1.5 for a sine.

    Rises when one or two teeth stand out.

    References
    ----------
    Stewart (1977).
    """
    return _moment_ratio(_signal(difference), 4)


def m6a(difference: npt.ArrayLike) -> float:
    """Return M6A: sixth moment of the difference signal over its variance cubed; Gaussian 15.

    References
    ----------
    Martin, H. R. (1989). Statistical moment analysis as a means of surface damage detection.
    Proc. 7th International Modal Analysis Conference: 1016-1021.
    """
    return _moment_ratio(_signal(difference), 6)


def m8a(difference: npt.ArrayLike) -> float:
    """Return M8A: eighth moment of the difference signal over its variance⁴; Gaussian 105.

    References
    ----------
    Martin (1989).
    """
    return _moment_ratio(_signal(difference), 8)


def energy_ratio(signals: GearSignals) -> float:
    """Return ER: RMS of the difference over RMS of the regular part; rises with heavy wear.

    References
    ----------
    Swansson, N. S. (1980). Application of vibration signal analysis techniques to condition
    monitoring. Conference on Lubrication, Friction and Wear in Engineering, Melbourne: 262-267.
    """
    difference = math.sqrt(float(np.mean(signals.difference**2)))
    regular = math.sqrt(float(np.mean(signals.regular**2)))
    return _ratio(difference, regular, 1e-12 * difference)


def moment_against_history(signal: npt.ArrayLike, earlier: VarianceHistory) -> float:
    """Return the fourth moment over the squared mean variance of all earlier records.

    Of the residual signal it is NA4, of the envelope of the mesh band NB4. Where kurtosis falls
    back once damage spreads over many teeth, these keep growing with the damage. Without earlier
    records the variance is the signal's own, and the value its kurtosis.

    Parameters
    ----------
    signal : array_like [shape=(n,)]
    earlier : VarianceHistory
        Without this record. Zakrajsek's run-time average includes it, which hides a part of a
        sudden change; for that variant pass ``earlier.with_record(variance)``.

    References
    ----------
    Zakrajsek et al. (1993), NA4; Zakrajsek, J. J., Handschuh, R. F., Decker, H. J. (1994).
    Application of fault detection techniques to spiral bevel gear fatigue data. NASA TM-106467,
    NB4; Lebold et al. (2000).
    """
    centred = _signal(signal)
    centred = centred - centred.mean()
    variance = earlier.mean_variance if earlier.record_count else float(np.mean(centred**2))
    return _ratio(float(np.mean(centred**4)), variance**2, 0.0)


def _moment_ratio(signal: Float64Array, order: int, floor: float = 0.0) -> float:
    centred = signal - signal.mean()
    variance = float(np.mean(centred**2))
    if variance <= max(floor, _ROUNDING * float(np.mean(signal**2))):
        return math.nan
    # Divided by the deviation first, so that no power leaves the range of float64.
    return float(np.mean((centred / math.sqrt(variance)) ** order))


def _ratio(numerator: float, denominator: float, floor: float) -> float:
    return numerator / denominator if denominator > floor else math.nan


def _signal(signal: npt.ArrayLike) -> Float64Array:
    samples = np.asarray(signal, np.float64)
    if samples.ndim != 1 or not len(samples) or not np.isfinite(samples).all():
        raise ParameterError(
            f"a signal of one revolution must be finite and of shape (n,), got {samples.shape}"
        )
    return samples
