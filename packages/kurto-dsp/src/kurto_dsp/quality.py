"""Why a value is missing or to be read with care: one flag set per channel and window."""

from enum import IntFlag


class QualityFlag(IntFlag):
    """Reasons, as bits of a uint16; the numbers are part of the stored data.

    A window is *empty* (all values null) with GAP, NON_FINITE or OUT_OF_RANGE, or when it
    has fewer than ``MIN_SAMPLES`` samples (TOO_SHORT).
    """

    NONE = 0
    GAP = 1
    """A hop of the window was never received."""
    NON_FINITE = 2
    """NaN or infinity among the samples."""
    OUT_OF_RANGE = 4
    """An amplitude no accelerometer can produce (> 1e10 or RMS < 1e-15 in the channel's unit)."""
    CONSTANT = 8
    """All samples are equal: only the mean has a meaning."""
    ZERO = 16
    """All samples are zero: CONSTANT is set too."""
    TOO_SHORT = 32
    """The window is too short for at least one feature."""
    BAND_UNAVAILABLE = 64
    """A band reaches above the usable part of the spectrum at this sample rate."""
    CLIPPED = 128
    """Samples at full scale: amplitudes are lower bounds."""
    UNDEFINED = 256
    """A feature has no value for this signal: there is no line from 3/T up (one slow swing, or a
    step at the very edge), or the envelope is steady, so that it has no kurtosis (a pure tone)."""


MIN_SAMPLES = 16
"""Fewest samples a window needs for any feature."""

MAX_AMPLITUDE = 1e10
"""Largest |sample| accepted: beyond it, float32 spectra could overflow."""

MIN_RMS = 1e-15
"""Smallest RMS of a signal that is not constant: below it, float32 spectra could underflow."""


def flag_names(flags: int) -> tuple[str, ...]:
    """Return the names of the set bits, in the order of their numbers.

    Examples
    --------
    >>> flag_names(QualityFlag.CONSTANT | QualityFlag.ZERO)
    ('constant', 'zero')
    """
    return tuple(flag.name.lower() for flag in QualityFlag if flag.name and flag & flags)
