"""Features of a one-second window: ours, one real FFT, and what others take in the same run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.signal
import scipy.stats

from benchmarks import window_peers
from benchmarks.figures import Figure, compared, interleaved_ms, summary
from kurto_dsp import SensorRing, WindowBatch, plan_features
from kurto_dsp.synthesis import Fault, MachineModel, MachineSignal

SAMPLE_RATE_HZ = 25600.0
CHANNELS = 8
ROUNDS = 60


def measure() -> list[Figure]:
    """Return the cost of one channel's window, and its ratios."""
    model = MachineModel(fault=Fault.OUTER_RACE, channel_count=CHANNELS, seed=1)
    samples = MachineSignal(model).samples(0, round(SAMPLE_RATE_HZ))
    peers = window_peers.installed(samples[0], SAMPLE_RATE_HZ)
    works = [
        streaming_hop(samples),
        streaming_hop(samples[:1]),
        lambda: scipy.fft.rfft(samples[0]),
        lambda: plain_features(samples[0]),
        *peers.values(),
    ]
    ours, alone, rfft, plain, *others = interleaved_ms(works, rounds=ROUNDS)
    figure = summary("window_features_ms", [value / CHANNELS for value in ours], "ms")
    one_rfft = summary("scipy_rfft_float32_ms", rfft, "ms")
    ratio = Figure(
        "window_features_over_rfft",
        figure.value / one_rfft.value,
        "1",
        ROUNDS,
        ratio_to=one_rfft.key,
    )
    single = compared(summary("window_features_single_channel_ms", alone, "ms"), one_rfft)
    times = {"plain_numpy_scipy_ms": plain, **dict(zip(peers, others, strict=True))}
    compare = [compared(summary(key, its, "ms"), figure) for key, its in times.items()]
    return [figure, single, one_rfft, ratio, *compare]


def streaming_hop(samples: npt.NDArray[np.float32]) -> Callable[[], object]:
    """Return a work: one more hop of all channels, and the features of the window it completes."""
    plan = plan_features(sample_rate_hz=SAMPLE_RATE_HZ)
    hop = plan.geometry.hop_length
    ring = SensorRing(channel_count=samples.shape[0], geometry=plan.geometry)
    batch = WindowBatch(plan)
    hops = [np.ascontiguousarray(samples[:, k * hop : (k + 1) * hop]) for k in range(10)]
    for k in range(9):
        ring.push(k, hops[k])

    def work() -> object:
        ring.push(ring.next_hop, hops[ring.next_hop % 10])
        batch.add(ring)
        return batch.compute()

    return work


def plain_features(x: npt.NDArray[np.float32]) -> dict[str, float]:
    """Return the same features as a user would write them with NumPy and SciPy."""
    x = x - x.mean()
    magnitude = np.abs(x)
    rms, peak = float(np.sqrt(np.mean(x**2))), float(magnitude.max())
    frequencies, power = scipy.signal.periodogram(x, SAMPLE_RATE_HZ, "hann", scaling="spectrum")
    bands = ((10, 1000), (1000, 5000), (5000, 10000))
    velocity = (frequencies >= 10) & (frequencies <= 1000)
    lines = power[velocity] / (2 * np.pi * frequencies[velocity]) ** 2
    upper = power[3:] / power[3:].sum()
    centroid = float((frequencies[3:] * upper).sum())
    features = {
        "rms": rms,
        "peak": peak,
        "peak_to_peak": float(np.ptp(x)),
        "crest_factor": peak / rms,
        "shape_factor": rms / float(magnitude.mean()),
        "impulse_factor": peak / float(magnitude.mean()),
        "clearance_factor": peak / float(np.sqrt(magnitude).mean()) ** 2,
        "kurtosis": float(scipy.stats.kurtosis(x, fisher=False)),
        "skewness": float(scipy.stats.skew(x)),
        "dominant_frequency": float(frequencies[3:][power[3:].argmax()]),
        "spectral_centroid": centroid,
        "spectral_bandwidth": float(np.sqrt(((frequencies[3:] - centroid) ** 2 * upper).sum())),
        "spectral_entropy": float(scipy.stats.entropy(upper) / np.log(len(upper))),
        "spectral_flatness": float(scipy.stats.gmean(upper) / upper.mean()),
        "velocity_rms": float(np.sqrt(lines.sum())) * 9806.65,
    }
    lines /= (2 * np.pi * frequencies[velocity]) ** 2
    features["displacement_rms"] = float(np.sqrt(lines.sum())) * 9806650
    for low, high in bands:
        inside = (frequencies >= low) & (frequencies < high)
        features[f"band_rms.{low}_{high}"] = float(np.sqrt(power[inside].sum()))
    return features | plain_envelope(x)


def plain_envelope(x: npt.NDArray[np.float32]) -> dict[str, float]:
    """Return the features of the envelope from 2 to 10 kHz by SciPy's Hilbert transform."""
    spectrum = scipy.fft.rfft(x)
    lines = scipy.fft.rfftfreq(len(x), 1 / SAMPLE_RATE_HZ)
    spectrum[(lines < 2000) | (lines > 10000)] = 0
    envelope = np.abs(scipy.signal.hilbert(scipy.fft.irfft(spectrum, len(x))))
    envelope -= envelope.mean()
    return {
        "envelope_rms": float(envelope.std()),
        "envelope_peak": float(np.abs(envelope).max()),
        "envelope_kurtosis": float(scipy.stats.kurtosis(envelope, fisher=False)),
    }


def main() -> None:
    """Print these figures alone, which takes a minute; ``make bench`` has them among all."""
    from benchmarks.__main__ import print_table  # noqa: PLC0415 (it imports this module)

    print_table(measure())


if __name__ == "__main__":
    main()
