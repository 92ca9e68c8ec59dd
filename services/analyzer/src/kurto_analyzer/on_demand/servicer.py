"""The methods of FeatureService about spectra and pictures; decode, one call, encode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grpc.aio import ServicerContext

from kurto.analyzer.v1 import feature_service_pb2 as pb
from kurto_analyzer.feature_reader import FeatureReader
from kurto_analyzer.on_demand.analyst import Analyst, is_of_newest_window
from kurto_service.admission import QueryLine, own_line
from kurto_service.identity import requires

__all__ = ["AnalysisMethods", "SpectrumDesk"]

Context = ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class SpectrumDesk:
    """Who answers about spectra.

    Attributes
    ----------
    newest : FeatureReader
        Has the newest windows in memory.
    analyst : Analyst
        Computes everything else on request.
    queries : QueryLine
        Where quick answers wait for their turn.
    """

    newest: FeatureReader
    analyst: Analyst
    queries: QueryLine


class AnalysisMethods:
    """The part of ``kurto.analyzer.v1.FeatureService`` that serves spectra and pictures.

    Attributes
    ----------
    spectra : SpectrumDesk
        Answers; set by the servicer that has these methods.
    """

    spectra: SpectrumDesk

    @own_line
    @requires("viewer")
    async def GetSpectrum(
        self, request: pb.GetSpectrumRequest, context: Context
    ) -> pb.GetSpectrumResponse:
        """Return a spectrum: of the newest window at once, all others computed on request."""
        desk = self.spectra
        if is_of_newest_window(request):
            async with desk.queries.turn():
                return pb.GetSpectrumResponse(spectrum=desk.newest.spectrum(request))
        return pb.GetSpectrumResponse(spectrum=await desk.analyst.spectrum(request))

    @own_line
    @requires("viewer")
    async def GetWaveform(
        self, request: pb.GetWaveformRequest, context: Context
    ) -> pb.GetWaveformResponse:
        """Return samples of a channel."""
        return pb.GetWaveformResponse(waveform=await self.spectra.analyst.waveform(request))

    @own_line
    @requires("viewer")
    async def GetSpectrogram(
        self, request: pb.GetSpectrogramRequest, context: Context
    ) -> pb.GetSpectrogramResponse:
        """Return how a spectrum changes over time."""
        return pb.GetSpectrogramResponse(
            spectrogram=await self.spectra.analyst.spectrogram(request)
        )

    @own_line
    @requires("viewer")
    async def GetScalogram(
        self, request: pb.GetScalogramRequest, context: Context
    ) -> pb.GetScalogramResponse:
        """Return the wavelet transform of a channel."""
        return pb.GetScalogramResponse(scalogram=await self.spectra.analyst.scalogram(request))

    @own_line
    @requires("viewer")
    async def GetKurtogram(
        self, request: pb.GetKurtogramRequest, context: Context
    ) -> pb.GetKurtogramResponse:
        """Return which band is the most impulsive."""
        return pb.GetKurtogramResponse(kurtogram=await self.spectra.analyst.kurtogram(request))

    @own_line
    @requires("viewer")
    async def GetTimeSynchronousAverage(
        self, request: pb.GetTimeSynchronousAverageRequest, context: Context
    ) -> pb.GetTimeSynchronousAverageResponse:
        """Return the mean revolution of a shaft."""
        return pb.GetTimeSynchronousAverageResponse(
            average=await self.spectra.analyst.average(request)
        )
