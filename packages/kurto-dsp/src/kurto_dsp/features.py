"""What the features of a window are: the plan that fixes them, the result that holds them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kurto_dsp.arrays import FlagArray, Float32Array
from kurto_dsp.bands import DEFAULT_BANDS, FrequencyBand
from kurto_dsp.catalogue import feature_names
from kurto_dsp.envelope import EnvelopePlan, plan_envelope
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.quality import QualityFlag
from kurto_dsp.spectral import SpectralPlan, plan_spectrum
from kurto_dsp.windows import WindowGeometry


@dataclass(frozen=True, eq=False, slots=True)
class FeaturePlan:
    """What to compute for windows of one geometry and rate. Use `plan_features`."""

    geometry: WindowGeometry
    sample_rate_hz: float
    names: tuple[str, ...]
    spectral: SpectralPlan
    envelope: EnvelopePlan

    @property
    def flags(self) -> QualityFlag:
        """What holds for every window: features that this rate or length rules out."""
        return self.spectral.flags | self.envelope.flags


def plan_features(
    *,
    sample_rate_hz: float,
    geometry: WindowGeometry | None = None,
    bands: Sequence[FrequencyBand] = DEFAULT_BANDS,
    envelope_band: FrequencyBand | None = None,
) -> FeaturePlan:
    """Prepare the features of all windows with one rate and geometry; share it among sensors.

    Parameters
    ----------
    sample_rate_hz : float > 0
        Nominal rate.
    geometry : WindowGeometry, optional
        ``WindowGeometry.continuous(sample_rate_hz)`` by default.
    bands : sequence of FrequencyBand
        Bands to report as ``band_rms.*``.
    envelope_band : FrequencyBand, optional
        Demodulation band; ``demodulation_band(sample_rate_hz)`` by default.

    Raises
    ------
    ParameterError
        If the rate is not positive and finite, or two bands have the same name.
    """
    geometry = geometry or WindowGeometry.continuous(sample_rate_hz)
    names = feature_names(bands=bands)
    if len(set(names)) != len(names):
        raise ParameterError(f"bands must differ, got {[band.suffix for band in bands]}")
    spectral = plan_spectrum(
        sample_rate_hz=sample_rate_hz, length=geometry.window_length, bands=bands
    )
    envelope = plan_envelope(
        sample_rate_hz=sample_rate_hz, length=geometry.window_length, band=envelope_band
    )
    return FeaturePlan(geometry, float(sample_rate_hz), names, spectral, envelope)


@dataclass(frozen=True, eq=False, slots=True)
class WindowFeatures:
    """Features of one window of one sensor.

    Parameters
    ----------
    window_index : int
        k: the window starts at absolute sample k·hop_length.
    names : tuple of str
        Column names of `values`.
    values : Float32Array [shape=(channels, features)], read-only
        NaN encodes null; no other NaN and no infinity occurs.
    quality : FlagArray [shape=(channels,)], read-only
        `QualityFlag` bits per channel.
    """

    window_index: int
    names: tuple[str, ...]
    values: Float32Array
    quality: FlagArray

    @property
    def is_empty(self) -> bool:
        """Whether the window is empty because a hop is missing."""
        return bool(int(self.quality[0]) & QualityFlag.GAP)

    def feature(self, name: str) -> Float32Array:
        """Return one feature of all channels, NaN for null.

        Raises
        ------
        ParameterError
            If there is no such feature.

        Returns
        -------
        Float32Array [shape=(channels,)]
        """
        if name not in self.names:
            raise ParameterError(f"no feature {name!r}; there are {', '.join(self.names)}")
        return self.values[:, self.names.index(name)]

    def channel(self, index: int) -> dict[str, float | None]:
        """Return the features of one channel by name, None for null."""
        row = self.values[index].tolist()
        return {
            name: None if math.isnan(value) else value
            for name, value in zip(self.names, row, strict=True)
        }


def null_window(
    plan: FeaturePlan, *, window_index: int, channel_count: int, flags: QualityFlag
) -> WindowFeatures:
    """Return a window of nulls, with the reason (and what holds for the whole plan).

    Parameters
    ----------
    plan : FeaturePlan
    window_index : int
    channel_count : int
    flags : QualityFlag
        Why there are no values.
    """
    values = np.full((channel_count, len(plan.names)), np.nan, np.float32)
    quality = np.full(channel_count, flags | plan.flags, np.uint16)
    values.setflags(write=False)
    quality.setflags(write=False)
    return WindowFeatures(window_index, plan.names, values, quality)
