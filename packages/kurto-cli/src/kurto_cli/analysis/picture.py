"""A picture of a recording: waveform, spectrum and envelope spectrum with the fault lines."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from kurto_cli.analysis.long_window import long_window_samples
from kurto_cli.analysis.summary import ChannelSummary, Summary
from kurto_cli.analysis.task import AnalysisTask
from kurto_dsp import compute_spectrum
from kurto_dsp.diagnosis import Fault, whitened_envelope_spectrum
from kurto_dsp.diagnosis.whitening import problem_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ENDINGS = {".png", ".svg", ".pdf"}
_MOST_CHANNELS = 8
_SWING_LINES = 5
_LONGEST_S = 10.0
_WAVEFORM_REVOLUTIONS, _WAVEFORM_S = 15.0, 0.5
_HARMONICS = {"BPFO": 5, "BPFI": 3, "2×BSF": 3, "FTF": 1}  # noqa: RUF001
_COLOURS = {"BPFO": "#d62728", "BPFI": "#1f77b4", "2×BSF": "#2ca02c", "FTF": "#9467bd"}  # noqa: RUF001
_FAMILY = {Fault.OUTER_RACE: "BPFO", Fault.INNER_RACE: "BPFI", Fault.BALL: "2×BSF"}  # noqa: RUF001
_INK = "#37474f"


def require_matplotlib(path: Path) -> None:
    """Refuse to draw without the library, or to a file of another kind.

    Raises
    ------
    ValueError
        If the picture cannot be drawn.
    """
    if path.suffix.lower() not in _ENDINGS:
        raise ValueError(f"--plot {path}: end the name in {', '.join(sorted(_ENDINGS))}")
    try:
        importlib.import_module("matplotlib")
    except ImportError:
        raise ValueError("--plot needs Matplotlib; install kurto-cli[plot]") from None


def draw(task: AnalysisTask, summary: Summary, path: Path) -> None:
    """Draw one row of three panels for each channel.

    Parameters
    ----------
    task : AnalysisTask
    summary : Summary
        Its verdicts are the titles.
    path : Path
        png, svg or pdf.

    Raises
    ------
    ValueError
        If there are too many channels for one picture.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 (an extra)

    names = task.channel_names
    if len(names) > _MOST_CHANNELS:
        raise ValueError(
            f"{task.path}: has {len(names)} channels, a picture shows {_MOST_CHANNELS}; choose"
            " some with --channel"
        )
    figure = Figure(figsize=(15.0, 0.9 + 3.6 * len(names)), layout="constrained")
    figure.suptitle(_title(task), fontsize=11, color=_INK)
    panels = figure.subplots(len(names), 3, squeeze=False)
    samples = drawn_samples(task)
    for place, name in enumerate(names):
        waveform, spectrum, envelope = panels[place]
        _draw_waveform(waveform, task, samples[place], name)
        _draw_spectrum(spectrum, task, samples[place])
        _draw_envelope(envelope, task, samples[place], summary.channels[place])
    figure.savefig(path, dpi=100)


def drawn_samples(task: AnalysisTask) -> npt.NDArray[np.float32]:
    """Return what is drawn: the last seconds, or the last burst; shape (channels, n)."""
    newest = long_window_samples(task)
    if newest is None:
        hop_length = task.plan.geometry.hop_length
        last = task.recording.index_count // hop_length * hop_length
        newest = task.samples(last - hop_length, last)
    if newest is None:
        return np.zeros((len(task.channels), 0), np.float32)
    return newest[:, -round(_LONGEST_S * task.sample_rate_hz) :]


def _title(task: AnalysisTask) -> str:
    parts = [task.path.name, f"{task.sample_rate_hz:g} Hz"]
    if task.speed is not None:
        parts.append(f"{task.speed.hz * 60:g} r/min")
    if task.bearing is not None and task.bearing.designation:
        parts.append(task.bearing.designation)
    return " · ".join(parts)


def _draw_waveform(
    axes: Axes, task: AnalysisTask, samples: npt.NDArray[np.float32], name: str
) -> None:
    """Draw so few revolutions that single impacts can be seen."""
    shown_s = _WAVEFORM_S if task.speed is None else _WAVEFORM_REVOLUTIONS / task.speed.hz
    shown = samples[-max(1, round(shown_s * task.sample_rate_hz)) :]
    times_s = np.arange(len(shown)) / task.sample_rate_hz
    axes.plot(times_s, shown, color=_INK, linewidth=0.6)
    axes.set(title=f"{name}: waveform, last {times_s[-1:].sum():.2g} s", xlabel="s")
    axes.set_ylabel(task.unit.value)
    axes.margins(x=0.0)


def _draw_spectrum(axes: Axes, task: AnalysisTask, samples: npt.NDArray[np.float32]) -> None:
    if len(samples):
        spectrum = compute_spectrum(samples, sample_rate_hz=task.sample_rate_hz)
        values = spectrum.values[0]
        axes.plot(spectrum.frequencies_hz, values, color=_INK, linewidth=0.6)
        axes.set_ylim(0.0, max(float(np.nanmax(values, initial=0.0)) * 1.05, 1e-12))
    axes.set(title="spectrum (0-peak)", xlabel="Hz", ylabel=task.unit.value)
    axes.margins(x=0.0)


def _draw_envelope(
    axes: Axes,
    task: AnalysisTask,
    samples: npt.NDArray[np.float32],
    channel: ChannelSummary,
) -> None:
    verdict = channel.verdict
    said = "" if task.bearing is None else f": {verdict.fault.value.replace('_', ' ')}"
    axes.set(title=f"pre-whitened envelope spectrum{said}")
    axes.set(xlabel="Hz", ylabel="times the median line")
    lines = fault_lines(task)
    highest_hz = 1.1 * max((max(places) for places in lines.values()), default=500.0)
    if problem_of(samples) is None:
        spectrum = whitened_envelope_spectrum(
            samples, sample_rate_hz=task.sample_rate_hz, highest_hz=highest_hz
        )
        values = spectrum.magnitude[1:] / max(float(np.median(spectrum.magnitude)), 1e-300)
        frequencies_hz = np.arange(1, len(values) + 1) * spectrum.resolution_hz
        axes.plot(frequencies_hz, values, color=_INK, linewidth=0.7, zorder=3)
        # The lowest lines hold slow swings, not impacts.
        axes.set_ylim(0.0, float(np.max(values[_SWING_LINES:], initial=1.0)) * 1.05)
    _mark(axes, lines, _FAMILY.get(verdict.fault))
    axes.set_xlim(0.0, highest_hz)


def _mark(axes: Axes, lines: Mapping[str, Sequence[float]], named: str | None) -> None:
    """Mark where the lines of each fault would be; those of the named one stand out."""
    for family, places in lines.items():
        strong = family == named
        for number, place in enumerate(places):
            axes.axvline(
                place,
                color=_COLOURS[family],
                linestyle="-" if strong else (0, (2, 2)),
                linewidth=5.0 if strong else 1.1,
                alpha=0.35 if strong else 0.8,
                label=f"{family} {place:.1f} Hz" if number == 0 else None,
            )
    if lines:
        axes.legend(loc="upper right", fontsize=8)


def fault_lines(task: AnalysisTask) -> dict[str, list[float]]:
    """Return where the lines of each fault would be in Hz; empty without bearing or speed."""
    if task.bearing is None or task.speed is None:
        return {}
    frequencies = task.bearing.defect_frequencies(task.speed.hz)
    bases = {
        "BPFO": frequencies.bpfo_hz,
        "BPFI": frequencies.bpfi_hz,
        "2×BSF": 2.0 * frequencies.bsf_hz,  # noqa: RUF001
        "FTF": frequencies.ftf_hz,
    }
    return {
        family: [number * base for number in range(1, _HARMONICS[family] + 1)]
        for family, base in bases.items()
    }
