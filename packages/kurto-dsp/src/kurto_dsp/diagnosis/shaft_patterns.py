"""Patterns of the shaft's lines: imbalance, misalignment, looseness, electrical, cage.

Rules of thumb of vibration analysis (ISO 13373-3:2015, annexes; Randall 2011, ch. 2), judged
by velocity, which is what shaft faults are graded in. They are hints where to look: the same
pattern has several causes.
"""

import math

import numpy as np

from kurto_dsp.arrays import Float64Array
from kurto_dsp.bands import USABLE_FRACTION
from kurto_dsp.diagnosis.combs import GUARD_LINES
from kurto_dsp.diagnosis.record_lines import lowest_record_lines, without_mean
from kurto_dsp.diagnosis.results import Hint, ShaftSpeed
from kurto_dsp.diagnosis.shaft_lines import SEARCH_PART, HannSpectrum

LEAST_VELOCITY_MM_S = 1.4
"""RMS velocity of a pattern below which it is not named.

The lowest A/B limit of ISO 10816-3: a machine that vibrates less is as good as new.
"""

ORDERS = tuple(0.5 * half for half in range(1, 21))
"""Half orders up to the tenth."""

DOMINANT_SHARE = 0.7
"""Part of the patterns' power that the first order has when it dominates."""

SECOND_ORDER_RATIO = 0.75
"""Velocity of the second order over that of the first from which alignment is suspected."""

STANDING_OUT = 4.0
"""Times the floor (12 dB) from which an order counts as a line."""

LEAST_HARMONICS = 6
"""Whole orders of ten that stand out when something is loose."""

LEAST_HALF_ORDERS = 2
"""Half orders (0.5, 1.5, ...) that stand out when something is loose."""

ELECTRICAL_SHARE = 0.3
"""Part of the power that twice the line frequency has when the cause is electrical."""


def shaft_hints(
    samples: Float64Array,
    *,
    sample_rate_hz: float,
    speed: ShaftSpeed,
    mps2_per_unit: float,
    line_frequency_hz: float | None,
) -> tuple[Hint, ...]:
    """Return the patterns that the shaft's lines make, strongest first.

    Parameters
    ----------
    samples : Float64Array [shape=(n,)]
        One channel, finite; at least 20 revolutions.
    sample_rate_hz : float > 0
    speed : ShaftSpeed
    mps2_per_unit : float > 0
        Unit of the samples in m/s².
    line_frequency_hz : float or None
        Frequency of the mains; None asks for no electrical hint.

    Returns
    -------
    tuple of Hint
    """
    highest_hz = max((ORDERS[-1] + 1.0) * speed.hz, 2.5 * (line_frequency_hz or 0.0))
    highest_hz = min(highest_hz, USABLE_FRACTION * sample_rate_hz)
    centred = without_mean(samples)
    lines = lowest_record_lines(centred, sample_rate_hz, highest_hz=highest_hz)
    spectrum = HannSpectrum(lines, highest_hz=highest_hz)
    to_mm_s = 1000.0 * mps2_per_unit / math.sqrt(2.0)
    velocity = _order_velocities(spectrum, speed.hz, to_mm_s)
    mains = _mains_velocity(spectrum, speed.hz, line_frequency_hz, to_mm_s)
    power = float(np.sum(velocity * velocity)) + mains * mains
    if not power > 0.0:
        return ()
    hints = [
        _imbalance(velocity, power),
        _misalignment(velocity, power),
        _looseness(velocity, power),
        _electrical(mains, power, line_frequency_hz),
    ]
    found = [hint for hint in hints if hint is not None]
    return tuple(sorted(found, key=lambda hint: -hint.score))


def _order_velocities(spectrum: HannSpectrum, shaft_hz: float, to_mm_s: float) -> Float64Array:
    """Return the RMS velocity in mm/s of each of `ORDERS`, 0 where no line stands out."""
    velocities = np.zeros(len(ORDERS))
    for place, order in enumerate(ORDERS):
        nominal_hz = order * shaft_hz
        # Half a half order at most, so that no line is counted for two orders.
        reach_hz = min(SEARCH_PART * nominal_hz, 0.2 * shaft_hz)
        found_hz, amplitude = spectrum.tone(nominal_hz, reach_hz=reach_hz)
        if math.isnan(found_hz):
            continue
        floor = spectrum.floor_near(nominal_hz, width_hz=0.4 * shaft_hz)
        if amplitude > STANDING_OUT * floor:
            velocities[place] = amplitude * to_mm_s / (2.0 * math.pi * found_hz)
    return velocities


def _mains_velocity(
    spectrum: HannSpectrum, shaft_hz: float, line_frequency_hz: float | None, to_mm_s: float
) -> float:
    """Return the RMS velocity at twice the line frequency, 0 where it cannot be told."""
    if line_frequency_hz is None:
        return 0.0
    twice_hz = 2.0 * line_frequency_hz
    nearest_hz = round(twice_hz / shaft_hz) * shaft_hz
    # Two Hann lobes are apart from four lines on; closer, the shaft's harmonic is counted.
    if abs(twice_hz - nearest_hz) < 2.0 * GUARD_LINES * spectrum.resolution_hz + 0.001 * twice_hz:
        return 0.0
    found_hz, amplitude = spectrum.tone(twice_hz)
    if math.isnan(found_hz):
        return 0.0
    floor = spectrum.floor_near(twice_hz, width_hz=0.4 * shaft_hz)
    if amplitude <= STANDING_OUT * floor:
        return 0.0
    return amplitude * to_mm_s / (2.0 * math.pi * found_hz)


def _hint(pattern: str, power: float, total: float, what: str) -> Hint | None:
    if math.sqrt(power) < LEAST_VELOCITY_MM_S:
        return None
    score = min(1.0, power / total)
    rms = f"{math.sqrt(power):.1f} mm/s RMS"
    return Hint(pattern, score, f"{what}: {rms}, {100 * score:.0f} % of the shaft's vibration")


def _order(velocity: Float64Array, order: float) -> float:
    return float(velocity[ORDERS.index(order)])


def _imbalance(velocity: Float64Array, total: float) -> Hint | None:
    first = _order(velocity, 1.0)
    if first * first < DOMINANT_SHARE * total:
        return None
    return _hint("imbalance", first * first, total, "the first order dominates")


def _misalignment(velocity: Float64Array, total: float) -> Hint | None:
    first, second = _order(velocity, 1.0), _order(velocity, 2.0)
    if second <= 0.0 or second < SECOND_ORDER_RATIO * first or second < _order(velocity, 3.0):
        return None
    what = "the second order is strong"
    if first > 0.0:
        what = f"the second order is {second / first:.1f} times the first"
    return _hint("misalignment", second * second, total, what)


def _looseness(velocity: Float64Array, total: float) -> Hint | None:
    whole = [value for order, value in zip(ORDERS, velocity, strict=True) if order % 1.0 == 0.0]
    half = [value for order, value in zip(ORDERS, velocity, strict=True) if order % 1.0 != 0.0]
    harmonics = int(np.count_nonzero(whole))
    halves = int(np.count_nonzero(half))
    if harmonics < LEAST_HARMONICS or halves < LEAST_HALF_ORDERS:
        return None
    power = float(np.sum(velocity * velocity))
    what = f"{harmonics} of 10 harmonics and {halves} half orders stand out"
    return _hint("looseness", power, total, what)


def _electrical(mains: float, total: float, line_frequency_hz: float | None) -> Hint | None:
    if line_frequency_hz is None or mains * mains < ELECTRICAL_SHARE * total:
        return None
    what = f"twice the line frequency, {2.0 * line_frequency_hz:g} Hz, is strong"
    return _hint("electrical", mains * mains, total, what)
