"""What a request for a spectrum may ask, and what it means when it leaves something open."""

from __future__ import annotations

from kurto.analyzer.v1.feature_service_pb2 import GetSpectrogramRequest, GetSpectrumRequest
from kurto.signal.v1 import spectrum_pb2 as pb
from kurto_analyzer.exceptions import InvalidField
from kurto_dsp import USABLE_FRACTION, FrequencyBand, SpectrumKind, bands
from kurto_dsp.spectra import DEFAULT_MEMORY, Averaging, EnvelopeKind

__all__ = [
    "AVERAGINGS",
    "ENVELOPES",
    "PER_PEAK",
    "SCALINGS",
    "check_spectrum",
    "default_duration_s",
    "demodulation_band",
    "kind_of",
    "memory_of",
    "overlap_of",
    "scaling_of",
]

_LONGEST_MEMORY = 1000
_LINE_COUNTS = (16, 102_400)
_VIBRATION_S, _OTHERS_S = 1.0, 8.0

_KIND, _SCALING = pb.SpectrumKind, pb.SpectrumScaling
SCALINGS: dict[int, SpectrumKind] = {
    _SCALING.SPECTRUM_SCALING_AMPLITUDE_PEAK: SpectrumKind.PEAK,
    _SCALING.SPECTRUM_SCALING_AMPLITUDE_RMS: SpectrumKind.RMS,
    _SCALING.SPECTRUM_SCALING_AMPLITUDE_PEAK_TO_PEAK: SpectrumKind.PEAK_TO_PEAK,
    _SCALING.SPECTRUM_SCALING_POWER_SPECTRAL_DENSITY: SpectrumKind.POWER_DENSITY,
}
ENVELOPES: dict[int, tuple[EnvelopeKind, bool]] = {
    _KIND.SPECTRUM_KIND_ENVELOPE: (EnvelopeKind.MAGNITUDE, False),
    _KIND.SPECTRUM_KIND_SQUARED_ENVELOPE: (EnvelopeKind.SQUARED, False),
    _KIND.SPECTRUM_KIND_LOG_ENVELOPE: (EnvelopeKind.LOG, False),
    _KIND.SPECTRUM_KIND_PREWHITENED_ENVELOPE: (EnvelopeKind.SQUARED, True),
}
PER_PEAK = {SpectrumKind.PEAK: 1.0, SpectrumKind.RMS: 0.5**0.5, SpectrumKind.PEAK_TO_PEAK: 2.0}
AVERAGINGS: dict[int, Averaging] = {
    pb.SPECTRUM_AVERAGING_UNSPECIFIED: Averaging.LINEAR,
    pb.SPECTRUM_AVERAGING_LINEAR: Averaging.LINEAR,
    pb.SPECTRUM_AVERAGING_PEAK_HOLD: Averaging.PEAK_HOLD,
    pb.SPECTRUM_AVERAGING_EXPONENTIAL: Averaging.EXPONENTIAL,
}


def check_spectrum(request: GetSpectrumRequest) -> None:
    """Refuse what cannot be, before anything is read.

    Raises
    ------
    InvalidField
        With the field and what is allowed.
    """
    kind = kind_of(request)
    if request.kind not in pb.SpectrumKind.values():
        allowed = ", ".join(name.removeprefix("SPECTRUM_KIND_") for name in _KIND.keys()[1:])
        raise InvalidField(f"Unknown kind: allowed is {allowed}.", field="kind")
    if request.averaging not in AVERAGINGS:
        raise InvalidField(
            "Unknown averaging: allowed is LINEAR, PEAK_HOLD or EXPONENTIAL.", field="averaging"
        )
    scaling = scaling_of(request)
    if kind in ENVELOPES and scaling not in PER_PEAK:
        raise InvalidField(
            "A spectrum of an envelope has amplitudes: choose AMPLITUDE_PEAK, AMPLITUDE_RMS or "
            "AMPLITUDE_PEAK_TO_PEAK.",
            field="scaling",
        )
    if kind == _KIND.SPECTRUM_KIND_CEPSTRUM and scaling is not SpectrumKind.PEAK:
        raise InvalidField("A cepstrum has no scaling: leave it away.", field="scaling")
    _check_numbers(request, kind)


def default_duration_s(request: GetSpectrumRequest, sample_rate_hz: float) -> float:
    """Return the length of the record when the request does not say it, in seconds."""
    kind = kind_of(request)
    base_s = _VIBRATION_S if kind == _KIND.SPECTRUM_KIND_VIBRATION else _OTHERS_S
    if not request.line_count:
        return base_s
    highest_hz = request.maximum_frequency_hz
    if not highest_hz and kind in ENVELOPES:
        band = demodulation_band(request, None, sample_rate_hz, prewhitened=ENVELOPES[kind][1])
        highest_hz = band.high_hz - band.low_hz
    return max(base_s, request.line_count / (highest_hz or USABLE_FRACTION * sample_rate_hz))


def kind_of(request: GetSpectrumRequest) -> int:
    """Return the kind of spectrum that is asked for."""
    return request.kind or _KIND.SPECTRUM_KIND_VIBRATION


def scaling_of(request: GetSpectrumRequest | GetSpectrogramRequest) -> SpectrumKind:
    """Return what the lines shall mean.

    Raises
    ------
    InvalidField
        With what is allowed.
    """
    scaling = request.scaling or _SCALING.SPECTRUM_SCALING_AMPLITUDE_PEAK
    if scaling not in SCALINGS:
        allowed = "AMPLITUDE_PEAK, AMPLITUDE_RMS, AMPLITUDE_PEAK_TO_PEAK or POWER_SPECTRAL_DENSITY"
        raise InvalidField(f"Unknown scaling: allowed is {allowed}.", field="scaling")
    return SCALINGS[scaling]


def _check_numbers(request: GetSpectrumRequest, kind: int) -> None:
    low, high = _LINE_COUNTS
    over_hertz = kind not in {_KIND.SPECTRUM_KIND_ORDER, _KIND.SPECTRUM_KIND_CEPSTRUM}
    if request.line_count and not (over_hertz and low <= request.line_count <= high):
        raise InvalidField(
            f"line_count must be 0 or {low} to {high}, and 0 for ORDER and CEPSTRUM.",
            field="line_count",
        )
    highest_hz = request.maximum_frequency_hz
    if highest_hz and not (over_hertz and 0.0 < highest_hz < float("inf")):
        raise InvalidField(
            "maximum_frequency_hz must be 0 or positive, and 0 for ORDER and CEPSTRUM.",
            field="maximum_frequency_hz",
        )
    band = request.demodulation_band
    if request.HasField("demodulation_band") and not 0.0 <= band.low_hz < band.high_hz:
        raise InvalidField(
            "demodulation_band must have 0 <= low_hz < high_hz, "
            f"got {band.low_hz:g} and {band.high_hz:g}.",
            field="demodulation_band",
        )
    if request.segment_revolutions < 0:
        raise InvalidField("segment_revolutions must be at least 0.", field="segment_revolutions")
    if not 0 <= request.averaging_memory <= _LONGEST_MEMORY:
        raise InvalidField(
            f"averaging_memory must be 0 to {_LONGEST_MEMORY}, got {request.averaging_memory}.",
            field="averaging_memory",
        )


def overlap_of(request: GetSpectrumRequest | GetSpectrogramRequest) -> float:
    """Return the part of a segment that the next one shares."""
    return request.overlap if request.HasField("overlap") else 0.5


def memory_of(request: GetSpectrumRequest) -> int:
    """Return the segments that an exponential average remembers."""
    return request.averaging_memory or DEFAULT_MEMORY


def demodulation_band(
    request: GetSpectrumRequest,
    configured: tuple[float, float] | None,
    rate: float,
    *,
    prewhitened: bool,
) -> FrequencyBand:
    """Return the band to demodulate.

    Parameters
    ----------
    request : GetSpectrumRequest
        What it says goes first.
    configured : tuple of float or None
        Edges in Hz from the sensor's configuration.
    rate : float
        Sample rate in Hz.
    prewhitened : bool
        Whether the signal is pre-whitened, which makes use of all frequencies.

    Raises
    ------
    InvalidField
        When the rate is too low for the usual band.
    """
    if request.HasField("demodulation_band"):
        band = request.demodulation_band
        return FrequencyBand(band.low_hz, band.high_hz)
    usable_hz = USABLE_FRACTION * rate
    if prewhitened:
        return FrequencyBand(0.0, usable_hz)
    if configured is not None:
        return FrequencyBand(*configured)
    usual = bands.demodulation_band(rate)
    if usual is None:
        raise InvalidField(
            f"At {rate:g} Hz there is too little above {bands.DEMODULATION_BAND.low_hz:g} Hz: say "
            f"demodulation_band, up to {usable_hz:g} Hz.",
            field="demodulation_band",
        )
    return usual
