"""Spectra, time-frequency pictures and averages of long windows: pure functions, float64.

Every result carries its axes (hertz, orders, seconds), the unit of its values and quality
flags. Impossible arguments raise `kurto_dsp.ParameterError`; a channel with bad samples is null
(NaN) where they matter and says why in `quality`.
"""

from kurto_dsp.spectra.analytic import AnalyticSignal, analytic_signal
from kurto_dsp.spectra.angular import AngularSignal, resample_angular
from kurto_dsp.spectra.averaged import AveragedSpectrum, averaged_spectrum
from kurto_dsp.spectra.cepstrum import Cepstrum, CepstrumKind, compute_cepstrum
from kurto_dsp.spectra.envelope import EnvelopeKind, EnvelopeSpectrum, envelope_spectrum
from kurto_dsp.spectra.kurtogram import Kurtogram, KurtogramBand, fast_kurtogram
from kurto_dsp.spectra.motion import Motion
from kurto_dsp.spectra.orders import OrderSpectrum, order_spectrum
from kurto_dsp.spectra.rotation import ShaftRotation
from kurto_dsp.spectra.segments import DEFAULT_MEMORY, Averaging
from kurto_dsp.spectra.spectrogram import Spectrogram, compute_spectrogram
from kurto_dsp.spectra.synchronous import SynchronousAverage, time_synchronous_average
from kurto_dsp.spectra.tacho import TachoPulses, detect_pulses, tacho_rotation
from kurto_dsp.spectra.wavelet import Scalogram, wavelet_transform
from kurto_dsp.spectra.whitening import WhitenedSignal, prewhiten

__all__ = [
    "DEFAULT_MEMORY",
    "AnalyticSignal",
    "AngularSignal",
    "AveragedSpectrum",
    "Averaging",
    "Cepstrum",
    "CepstrumKind",
    "EnvelopeKind",
    "EnvelopeSpectrum",
    "Kurtogram",
    "KurtogramBand",
    "Motion",
    "OrderSpectrum",
    "Scalogram",
    "ShaftRotation",
    "Spectrogram",
    "SynchronousAverage",
    "TachoPulses",
    "WhitenedSignal",
    "analytic_signal",
    "averaged_spectrum",
    "compute_cepstrum",
    "compute_spectrogram",
    "detect_pulses",
    "envelope_spectrum",
    "fast_kurtogram",
    "order_spectrum",
    "prewhiten",
    "resample_angular",
    "tacho_rotation",
    "time_synchronous_average",
    "wavelet_transform",
]
