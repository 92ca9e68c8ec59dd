"""Answers what analysts ask for: samples are read, then looked at beside live analysis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol, TypeVar

from kurto.analyzer.v1 import feature_service_pb2 as pb
from kurto.signal.v1 import spectra_pb2, spectrum_pb2
from kurto_analyzer.on_demand import pictures
from kurto_analyzer.on_demand.averages import average_message, gear_history, reference_starts
from kurto_analyzer.on_demand.exceptions import AnalysisImpossible
from kurto_analyzer.on_demand.heavy_work import HeavyWork
from kurto_analyzer.on_demand.records import ChannelRecord
from kurto_analyzer.on_demand.selections import SampleSelection, read_selection
from kurto_analyzer.on_demand.spectra import spectrum_message
from kurto_analyzer.on_demand.spectrum_requests import check_spectrum, default_duration_s
from kurto_dsp import ParameterError
from kurto_dsp.gears import GearHistory

__all__ = ["Analyst", "StoredSamples", "is_of_newest_window"]

_WAVEFORM_S, _SCALOGRAM_S, _OTHERS_S = 1.0, 1.0, 8.0
_LONGEST_SCALOGRAM_S, _LONGEST_KURTOGRAM_S = 8.0, 20.0
_SIMPLE_FIELDS = frozenset({"sensor_id", "channel", "scaling", "kind"})
ResultT = TypeVar("ResultT")


class StoredSamples(Protocol):
    """Where samples are read from."""

    async def read(self, selection: SampleSelection) -> ChannelRecord:
        """Return the samples that a selection means."""
        ...


class Analyst:
    """Computes on request.

    Parameters
    ----------
    samples : StoredSamples
        Newest and older ones.
    work : HeavyWork
        Bounds how many are at work.
    longest_s : float
        Longest record that anybody may ask for, in seconds.
    """

    def __init__(self, samples: StoredSamples, work: HeavyWork, *, longest_s: float) -> None:
        self._samples = samples
        self._work = work
        self._longest_s = longest_s

    async def spectrum(self, request: pb.GetSpectrumRequest) -> spectrum_pb2.Spectrum:
        """Return a spectrum of any kind."""
        check_spectrum(request)
        selection = read_selection(
            request,
            longest_s=self._longest_s,
            default_s=lambda rate: default_duration_s(request, rate),
            tacho_channel=request.tacho_channel,
        )
        return await self._answer(selection, lambda record: spectrum_message(record, request))

    async def waveform(self, request: pb.GetWaveformRequest) -> spectra_pb2.Waveform:
        """Return samples."""
        selection = read_selection(
            request, longest_s=self._longest_s, default_s=lambda _: _WAVEFORM_S
        )
        return await self._answer(
            selection, lambda record: pictures.waveform_message(record, request)
        )

    async def spectrogram(self, request: pb.GetSpectrogramRequest) -> spectra_pb2.Spectrogram:
        """Return a spectrogram."""
        selection = read_selection(
            request, longest_s=self._longest_s, default_s=lambda _: _OTHERS_S
        )
        return await self._answer(
            selection, lambda record: pictures.spectrogram_message(record, request)
        )

    async def scalogram(self, request: pb.GetScalogramRequest) -> spectra_pb2.Scalogram:
        """Return a scalogram."""
        longest_s = min(_LONGEST_SCALOGRAM_S, self._longest_s)
        selection = read_selection(request, longest_s=longest_s, default_s=lambda _: _SCALOGRAM_S)
        return await self._answer(
            selection, lambda record: pictures.scalogram_message(record, request)
        )

    async def kurtogram(self, request: pb.GetKurtogramRequest) -> spectra_pb2.Kurtogram:
        """Return a kurtogram."""
        longest_s = min(_LONGEST_KURTOGRAM_S, self._longest_s)
        selection = read_selection(request, longest_s=longest_s, default_s=lambda _: _OTHERS_S)
        return await self._answer(
            selection, lambda record: pictures.kurtogram_message(record, request)
        )

    async def average(
        self, request: pb.GetTimeSynchronousAverageRequest
    ) -> spectra_pb2.TimeSynchronousAverage:
        """Return a time-synchronous average; with reference records, all indicators of a gear."""
        references = reference_starts(request)
        selection = read_selection(
            request,
            longest_s=self._longest_s,
            default_s=lambda _: _OTHERS_S,
            tacho_channel=request.tacho_channel,
        )
        history = GearHistory()
        async with self._work.place():
            for start_us in references:  # one record in memory at a time
                earlier = await self._samples.read(replace(selection, start_us=start_us))
                history = await self._computed(partial(gear_history, earlier, request, history))
            record = await self._samples.read(selection)
            return await self._computed(lambda: average_message(record, request, history))

    async def _answer(
        self, selection: SampleSelection, compute: Callable[[ChannelRecord], ResultT]
    ) -> ResultT:
        async with self._work.place():
            record = await self._samples.read(selection)
            return await self._computed(lambda: compute(record))

    async def _computed(self, compute: Callable[[], ResultT]) -> ResultT:
        try:
            return await self._work.compute(compute)
        except ParameterError as error:
            raise AnalysisImpossible(problem=str(error)) from error


def is_of_newest_window(request: pb.GetSpectrumRequest) -> bool:
    """Tell whether a request means the plain spectrum of the newest window, which is in memory."""
    if request.kind not in {
        spectrum_pb2.SPECTRUM_KIND_UNSPECIFIED,
        spectrum_pb2.SPECTRUM_KIND_VIBRATION,
    }:
        return False
    return all(field.name in _SIMPLE_FIELDS for field, _ in request.ListFields())
