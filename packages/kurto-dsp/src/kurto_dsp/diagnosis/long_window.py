"""Features that need a long window: shaft orders, fault lines, velocity from 2 Hz."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kurto_dsp import moments
from kurto_dsp.arrays import FlagArray, Float32Array, Float64Array, as_samples, require_sample_rate
from kurto_dsp.assessment import assess
from kurto_dsp.bands import VELOCITY_BAND
from kurto_dsp.bearings import BearingGeometry
from kurto_dsp.diagnosis.combs import cage_comb, fault_combs
from kurto_dsp.diagnosis.diagnose import LEAST_REVOLUTIONS
from kurto_dsp.diagnosis.line_levels import hidden_by_shaft, line_level
from kurto_dsp.diagnosis.record_lines import RecordLines, record_lines, without_mean
from kurto_dsp.diagnosis.results import ShaftSpeed
from kurto_dsp.diagnosis.shaft_lines import HannSpectrum
from kurto_dsp.diagnosis.whitening import whitened_envelopes
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.quality import MIN_SAMPLES, QualityFlag
from kurto_dsp.units import AccelerationUnit

LONG_WINDOW_NAMES = (
    "order_1x",
    "order_2x",
    "order_3x",
    "bpfo",
    "bpfi",
    "bsf2",
    "ftf",
    "velocity_rms_2hz",
)
"""Features of a long window, in order."""

LOW_EDGE_HZ = 2.0
"""Lower edge of the velocity of slow machines (ISO 20816-1: below 600 to 720 r/min)."""

ORDERS = (1.0, 2.0, 3.0)

TOP_MARGIN = 1.2
"""How far beyond the highest order the spectrum goes on: its search and its main lobe."""

SPECTRUM_MARGIN = 2.0
"""How far beyond the highest fault line the spectrum goes on, to know the noise around it."""

_UNKNOWN = np.array([np.inf])  # full scale
_UNUSABLE = QualityFlag.NON_FINITE | QualityFlag.OUT_OF_RANGE | QualityFlag.CONSTANT


@dataclass(frozen=True, eq=False, slots=True)
class LongWindowFeatures:
    """Features of one long window of one sensor.

    Parameters
    ----------
    names : tuple of str
        Column names of `values`.
    values : Float64Array [shape=(channels, features)]
        Orders as 0-peak amplitude in the channel's unit, fault lines in dB,
        velocity in mm/s RMS; NaN encodes null.
    quality : FlagArray [shape=(channels,)]
        `kurto_dsp.QualityFlag` bits.
    """

    names: tuple[str, ...]
    values: Float64Array
    quality: FlagArray

    def feature(self, name: str) -> Float64Array:
        """Return one feature of all channels, NaN for null.

        Raises
        ------
        ParameterError
            If there is no such feature.
        """
        if name not in self.names:
            raise ParameterError(f"no feature {name!r}; there are {', '.join(self.names)}")
        values: Float64Array = self.values[:, self.names.index(name)]
        return values

    def channel(self, index: int) -> dict[str, float | None]:
        """Return the features of one channel by name, None for null."""
        row = self.values[index].tolist()
        return {
            name: None if math.isnan(value) else value
            for name, value in zip(self.names, row, strict=True)
        }


def long_window_features(
    samples: npt.ArrayLike,
    *,
    sample_rate_hz: float,
    speed: ShaftSpeed | None = None,
    bearing: BearingGeometry | None = None,
    unit: AccelerationUnit = AccelerationUnit.G,
) -> LongWindowFeatures:
    """Return the features of a long window: max(8 s, 100 revolutions) is usual, at most 60 s.

    ``order_1x`` to ``order_3x`` are null without speed; ``bpfo``, ``bpfi``, ``bsf2`` and
    ``ftf`` without speed and bearing, and where the line cannot be told from a harmonic of
    the shaft; both in windows under 20 revolutions, flagged ``TOO_SHORT``.
    ``velocity_rms_2hz`` is null under 1.5 s (``TOO_SHORT``) and at rates under 2 560 Hz
    (``BAND_UNAVAILABLE``).

    Parameters
    ----------
    samples : array_like [shape=(channels, n) or (n,)]
    sample_rate_hz : float > 0
    speed : ShaftSpeed, optional
    bearing : BearingGeometry, optional
    unit : AccelerationUnit
        Of the samples.

    Returns
    -------
    LongWindowFeatures

    Raises
    ------
    ParameterError
        If the rate or the array's shape or type is impossible.
    """
    rate = require_sample_rate(sample_rate_hz)
    matrix = as_samples(samples)
    values = np.full((len(matrix), len(LONG_WINDOW_NAMES)), np.nan)
    quality = np.full(len(matrix), QualityFlag.TOO_SHORT, np.uint16)
    if matrix.shape[1] < MIN_SAMPLES:
        return LongWindowFeatures(LONG_WINDOW_NAMES, values, quality)
    flags = _plan_flags(matrix.shape[1], rate, speed)
    for index, samples_row in enumerate(matrix):
        with np.errstate(all="ignore"):
            centred = without_mean(samples_row.astype(np.float64))
            (quality[index],) = assess(_level_statistics(samples_row, centred), _UNKNOWN, flags)
        if not quality[index] & np.uint16(_UNUSABLE):
            values[index] = _row_features(centred, rate, speed, bearing, unit)
    return LongWindowFeatures(LONG_WINDOW_NAMES, values, quality)


def _level_statistics(row: Float32Array, centred: Float64Array) -> Float64Array:
    """Return those of the statistics of a row that its flags depend on; 0 for the others."""
    low, high = np.minimum.reduce(row), np.maximum.reduce(row)
    statistics = np.zeros((1, moments.STATISTIC_COUNT))
    statistics[:, moments.COUNT] = len(row)
    # Only whether the mean is finite matters: it is when the extremes are.
    statistics[:, moments.MEAN] = 0.0 if np.isfinite(low) and np.isfinite(high) else np.nan
    statistics[:, moments.M2] = np.einsum("i,i", centred, centred)
    statistics[:, moments.MINIMUM] = low
    statistics[:, moments.MAXIMUM] = high
    return statistics


def _plan_flags(length: int, rate: float, speed: ShaftSpeed | None) -> QualityFlag:
    flags = QualityFlag.NONE
    if not VELOCITY_BAND.is_available(rate):
        flags |= QualityFlag.BAND_UNAVAILABLE
    too_few_turns = speed is not None and not _has_revolutions(length, rate, speed)
    if too_few_turns or round(LOW_EDGE_HZ * length / rate) < 3:
        flags |= QualityFlag.TOO_SHORT
    return flags


def _has_revolutions(length: int, rate: float, speed: ShaftSpeed) -> bool:
    return length / rate * speed.hz >= LEAST_REVOLUTIONS - 1e-6


def _row_features(
    centred: Float64Array,
    rate: float,
    speed: ShaftSpeed | None,
    bearing: BearingGeometry | None,
    unit: AccelerationUnit,
) -> list[float]:
    highest_order_hz = 0.0 if speed is None else ORDERS[-1] * speed.hz
    record = record_lines(centred[np.newaxis], rate)
    spectrum = HannSpectrum(
        RecordLines(record.values[0], len(centred), rate),
        highest_hz=TOP_MARGIN * max(VELOCITY_BAND.high_hz, highest_order_hz),
    )
    orders, lines = [math.nan] * 3, [math.nan] * 4
    if speed is not None and _has_revolutions(len(centred), rate, speed):
        orders = [spectrum.order(order, speed.hz) for order in ORDERS]
        if bearing is not None:
            lines = fault_line_levels(record, speed=speed, bearing=bearing)
    return [*orders, *lines, _velocity_rms(spectrum, len(centred), rate, unit)]


def fault_line_levels(
    record: RecordLines, *, speed: ShaftSpeed, bearing: BearingGeometry
) -> list[float]:
    """Return the levels of BPFO, BPFI, 2·BSF and FTF in dB, NaN for null.

    The strongest line of the pre-whitened squared envelope spectrum within
    ± max(1.5/T, tolerance) of each, against the median of the maxima of equally wide
    stretches nearby.

    Parameters
    ----------
    record : RecordLines
        All lines of one channel, finite and not constant, shape (1, lines).
    speed : ShaftSpeed
    bearing : BearingGeometry
    """
    combs = (*fault_combs(bearing), cage_comb(bearing))
    expected = [comb.base_order * speed.hz for comb in combs]
    (spectrum,) = whitened_envelopes(record, highest_hz=SPECTRUM_MARGIN * max(expected))
    levels = []
    for comb, frequency_hz in zip(combs, expected, strict=True):
        tolerance = speed.source.tolerance + comb.geometry_tolerance
        found = line_level(
            spectrum,
            centre_hz=frequency_hz,
            reach_hz=tolerance * frequency_hz,
        )
        hidden = found is None or hidden_by_shaft(
            found.found_hz, speed, resolution_hz=spectrum.resolution_hz
        )
        levels.append(math.nan if found is None or hidden else found.level_db)
    return levels


def _velocity_rms(
    spectrum: HannSpectrum, length: int, rate: float, unit: AccelerationUnit
) -> float:
    """Return the velocity RMS from 2 to 1000 Hz in mm/s: 2|X|²/(N·Σw²) over (2πf)², summed."""
    first = round(LOW_EDGE_HZ * length / rate)
    if first < 3 or not VELOCITY_BAND.is_available(rate):
        return math.nan
    stop = round(VELOCITY_BAND.high_hz * length / rate) + 1
    frequencies_hz = np.arange(first, stop) * spectrum.resolution_hz
    # A²/2 is the mean square of a tone that fills one line; Hann spreads it over 1.5 lines.
    mean_squares = spectrum.amplitude[first:stop] ** 2 / 3.0
    power = float(np.add.reduce(mean_squares / (2.0 * np.pi * frequencies_hz) ** 2))
    return 1000.0 * unit.in_mps2 * math.sqrt(power)
