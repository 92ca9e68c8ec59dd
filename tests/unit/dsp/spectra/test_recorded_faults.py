"""Records with known faults: the methods lead to the fault's line, the axes in true hertz."""

from pathlib import Path

import numpy as np
import pytest
from scipy import io

from kurto_dsp import AccelerationUnit
from kurto_dsp.arrays import Float64Array
from kurto_dsp.spectra import EnvelopeKind, EnvelopeSpectrum, envelope_spectrum, fast_kurtogram

RATE_HZ = 12_000.0
CASES = [
    # record, r/min, fault frequency over shaft frequency of the 6205-2RS JEM
    ("105_IR007_0", 1797, 5.4152),
    ("108_IR007_3", 1721, 5.4152),
    ("170_IR014_1", 1774, 5.4152),
    ("130_OR007@6_0", 1796, 3.5848),
    ("211_IR021_2", 1752, 5.4152),
    ("235_OR021@6_1", 1771, 3.5848),
    ("237_OR021@6_3", 1721, 3.5848),
]


def drive_end(shared_data: Path, record: str) -> Float64Array:
    variables = io.loadmat(shared_data / "cwru" / f"{record}.mat")
    [name] = [name for name in variables if name.endswith("DE_time")]
    return np.asarray(variables[name][:, 0], np.float64)


def loudest_hz(spectrum: EnvelopeSpectrum, shaft_hz: float) -> float:
    # Load on one side modulates impacts with the shaft's speed: its first harmonics lie below.
    above = spectrum.frequencies_hz > 3.2 * shaft_hz
    return float(spectrum.frequencies_hz[above][np.argmax(spectrum.values[0, above])])


@pytest.mark.parametrize(("record", "speed_rpm", "multiple"), CASES)
def test_the_kurtograms_band_shows_the_fault(
    shared_data: Path, record: str, speed_rpm: int, multiple: float
) -> None:
    samples = drive_end(shared_data, record)
    best = fast_kurtogram(samples, sample_rate_hz=RATE_HZ).best[0]
    assert best is not None
    spectrum = envelope_spectrum(
        samples,
        sample_rate_hz=RATE_HZ,
        unit=AccelerationUnit.G,
        band=best.band,
        kind=EnvelopeKind.SQUARED,
        maximum_hz=600.0,
    )
    shaft_hz = speed_rpm / 60.0
    assert loudest_hz(spectrum, shaft_hz) == pytest.approx(multiple * shaft_hz, rel=0.01)


@pytest.mark.parametrize(("record", "speed_rpm", "multiple"), CASES)
@pytest.mark.parametrize("kind", [EnvelopeKind.LOG, EnvelopeKind.SQUARED])
def test_methods_without_a_choice_of_band_show_the_fault(
    shared_data: Path, record: str, speed_rpm: int, multiple: float, kind: EnvelopeKind
) -> None:
    spectrum = envelope_spectrum(
        drive_end(shared_data, record),
        sample_rate_hz=RATE_HZ,
        unit=AccelerationUnit.G,
        kind=kind,
        prewhitened=kind is EnvelopeKind.SQUARED,
        maximum_hz=600.0,
    )
    shaft_hz = speed_rpm / 60.0
    assert loudest_hz(spectrum, shaft_hz) == pytest.approx(multiple * shaft_hz, rel=0.01)
