"""Frequency bands, and which spectral lines belong to them."""

from dataclasses import dataclass

from kurto_dsp.exceptions import ParameterError

USABLE_FRACTION = 1.0 / 2.56
"""Highest usable frequency as a fraction of the rate: 10 kHz at 25.6 kHz, 1 kHz at 2.56 kHz.

The usual guard for the anti-aliasing filter's slope ("0.39 fs").
"""


@dataclass(frozen=True, slots=True, order=True)
class FrequencyBand:
    """A band in hertz; its edges belong to it.

    Parameters
    ----------
    low_hz : float >= 0
        Lower edge.
    high_hz : float > low_hz
        Upper edge.
    """

    low_hz: float
    high_hz: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.low_hz < self.high_hz < float("inf"):
            raise ParameterError(
                f"a band needs 0 <= low_hz < high_hz, got {self.low_hz} and {self.high_hz}"
            )

    @property
    def suffix(self) -> str:
        """The band in a feature name, such as ``10_1000``."""
        return f"{self.low_hz:g}_{self.high_hz:g}"

    def is_available(self, sample_rate_hz: float) -> bool:
        """Whether the whole band lies in the usable part of the spectrum."""
        return self.high_hz <= USABLE_FRACTION * sample_rate_hz * (1.0 + 1e-12)

    def lines(self, *, sample_rate_hz: float, length: int) -> slice:
        """Return the FFT lines of the band: edges rounded to the nearest line, both included.

        Rounding keeps a tone on the edge inside when the line grid misses the edge by a
        hair (48 828 Hz puts "10 Hz" at 9.9996). Line 0 never belongs to a band.
        """
        lines_per_hz = length / sample_rate_hz
        first = max(1, round(self.low_hz * lines_per_hz))
        return slice(first, max(first, round(self.high_hz * lines_per_hz) + 1))


DEFAULT_BANDS = (
    FrequencyBand(10.0, 1000.0),
    FrequencyBand(1000.0, 5000.0),
    FrequencyBand(5000.0, 10000.0),
)
"""Bands reported as ``band_rms.*`` unless others are asked for."""

VELOCITY_BAND = FrequencyBand(10.0, 1000.0)
"""Broadband velocity as ISO 20816-3 grades it."""

DEMODULATION_BAND = FrequencyBand(2000.0, 10000.0)
"""Where bearing impacts ring, on most machines: the envelope is taken of this band."""

MIN_DEMODULATION_HZ = 500.0
"""Narrowest default band: a narrower one blurs the impacts that its envelope is to show."""

MIN_ENVELOPE_RATE_HZ = (DEMODULATION_BAND.low_hz + MIN_DEMODULATION_HZ) / USABLE_FRACTION
"""Lowest rate with a default demodulation band: 6.4 kHz."""


def demodulation_band(sample_rate_hz: float) -> FrequencyBand | None:
    """Return the default demodulation band: 2 kHz to 10 kHz or the usable part's end.

    None below 6.4 kHz, where less than 500 Hz would be left of it.

    Examples
    --------
    >>> demodulation_band(25600.0)
    FrequencyBand(low_hz=2000.0, high_hz=10000.0)
    """
    if sample_rate_hz < MIN_ENVELOPE_RATE_HZ:
        return None
    high_hz = min(DEMODULATION_BAND.high_hz, USABLE_FRACTION * sample_rate_hz)
    return FrequencyBand(DEMODULATION_BAND.low_hz, high_hz)
