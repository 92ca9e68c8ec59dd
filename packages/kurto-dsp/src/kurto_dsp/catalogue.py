"""The features of a short window, as data: name, unit, meaning, what each needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kurto_dsp.bands import (
    DEFAULT_BANDS,
    MIN_ENVELOPE_RATE_HZ,
    USABLE_FRACTION,
    VELOCITY_BAND,
    FrequencyBand,
)
from kurto_dsp.units import AccelerationUnit


class Quantity(StrEnum):
    """What a feature measures; gives its unit."""

    ACCELERATION = "acceleration"
    VELOCITY = "velocity"
    DISPLACEMENT = "displacement"
    FREQUENCY = "frequency"
    RATIO = "ratio"


_UNITS = {
    Quantity.VELOCITY: "mm/s",
    Quantity.DISPLACEMENT: "um",
    Quantity.FREQUENCY: "Hz",
    Quantity.RATIO: "",
}


@dataclass(frozen=True, slots=True)
class FeatureDefinition:
    """One feature.

    Parameters
    ----------
    name : str
        Key in frames, tables and rules, such as ``band_rms.10_1000``.
    quantity : Quantity
        What is measured.
    description : str
        The definition in one sentence.
    min_sample_rate_hz : float
        Lowest rate at which the feature exists; 0 when any rate will do.
    """

    name: str
    quantity: Quantity
    description: str
    min_sample_rate_hz: float = 0.0

    def unit(self, acceleration_unit: AccelerationUnit) -> str:
        """Return "g" or "m/s2" for accelerations, "mm/s", "um", "Hz", or "" for ratios."""
        return _UNITS.get(self.quantity, acceleration_unit.value)


_ACCELERATION, _RATIO, _HZ = Quantity.ACCELERATION, Quantity.RATIO, Quantity.FREQUENCY

_TIME_DOMAIN = (
    FeatureDefinition("mean", _ACCELERATION, "Mean of the samples: the sensor's bias."),
    FeatureDefinition("rms", _ACCELERATION, "Root mean square, mean removed."),
    FeatureDefinition("peak", _ACCELERATION, "Largest magnitude, mean removed."),
    FeatureDefinition("peak_to_peak", _ACCELERATION, "Largest minus smallest sample."),
    FeatureDefinition("crest_factor", _RATIO, "Peak divided by RMS; √2 for a sine."),
    FeatureDefinition("kurtosis", _RATIO, "m4/m2²; 3 for Gaussian noise, 1.5 for a sine."),
    FeatureDefinition("skewness", _RATIO, "m3/m2^1.5; 0 for symmetric signals."),
    FeatureDefinition("shape_factor", _RATIO, "RMS divided by mean |x|; 1.1107 for a sine."),
    FeatureDefinition("impulse_factor", _RATIO, "Peak divided by mean |x|; π/2 for a sine."),
    FeatureDefinition(
        "clearance_factor", _RATIO, "Peak divided by (mean √|x|)²; 1.7188 for a sine."
    ),
)

_SPECTRAL = (
    FeatureDefinition(
        "dominant_frequency", _HZ, "Largest line of the Hann spectrum from 3/T up, interpolated."
    ),
    FeatureDefinition(
        "spectral_centroid", _HZ, "Mean frequency of the Hann power spectrum from 3/T up."
    ),
    FeatureDefinition(
        "spectral_bandwidth", _HZ, "Standard deviation of frequency about the spectral centroid."
    ),
    FeatureDefinition(
        "spectral_entropy",
        _RATIO,
        "Entropy of the Hann power spectrum from 3/T up: 0 for one line, 1 for equal lines.",
    ),
    FeatureDefinition(
        "spectral_flatness",
        _RATIO,
        "Geometric by arithmetic mean of the Hann power spectrum from 3/T up: 0 for a tone.",
    ),
)

_INTEGRATED = (
    FeatureDefinition(
        "velocity_rms",
        Quantity.VELOCITY,
        "Velocity RMS from 10 to 1000 Hz, by integration of the Hann spectrum.",
        VELOCITY_BAND.high_hz / USABLE_FRACTION,
    ),
    FeatureDefinition(
        "displacement_rms",
        Quantity.DISPLACEMENT,
        "Displacement RMS from 10 to 1000 Hz, by double integration of the Hann spectrum.",
        VELOCITY_BAND.high_hz / USABLE_FRACTION,
    ),
)

_DEMODULATED = "of the envelope in the demodulation band, its mean removed."

_ENVELOPE = (
    FeatureDefinition("envelope_rms", _ACCELERATION, f"RMS {_DEMODULATED}", MIN_ENVELOPE_RATE_HZ),
    FeatureDefinition(
        "envelope_peak", _ACCELERATION, f"Largest magnitude {_DEMODULATED}", MIN_ENVELOPE_RATE_HZ
    ),
    FeatureDefinition(
        "envelope_kurtosis",
        _RATIO,
        "m4/m2² of the envelope in the demodulation band; 3.245 for Gaussian noise.",
        MIN_ENVELOPE_RATE_HZ,
    ),
)


def _band_feature(band: FrequencyBand) -> FeatureDefinition:
    return FeatureDefinition(
        f"band_rms.{band.suffix}",
        _ACCELERATION,
        f"RMS from {band.low_hz:g} to {band.high_hz:g} Hz, from the Hann power spectrum.",
        band.high_hz / USABLE_FRACTION,
    )


def feature_catalogue(
    *, bands: Sequence[FrequencyBand] = DEFAULT_BANDS
) -> tuple[FeatureDefinition, ...]:
    """Return the definitions of all short-window features, in column order.

    Parameters
    ----------
    bands : sequence of FrequencyBand
        One ``band_rms.<low>_<high>`` per band, in this order.
    """
    return (*_TIME_DOMAIN, *_SPECTRAL, *map(_band_feature, bands), *_INTEGRATED, *_ENVELOPE)


def feature_names(*, bands: Sequence[FrequencyBand] = DEFAULT_BANDS) -> tuple[str, ...]:
    """Return the names of all short-window features, in column order.

    Examples
    --------
    >>> feature_names(bands=[FrequencyBand(10, 1000)])[15:18]
    ('band_rms.10_1000', 'velocity_rms', 'displacement_rms')
    """
    return tuple(definition.name for definition in feature_catalogue(bands=bands))
