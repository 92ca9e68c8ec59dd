"""The two services of the analyzer; decode, one call, encode."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from grpc.aio import ServicerContext

from kurto.analyzer.v1 import analyzer_service_pb2 as windows_pb
from kurto.analyzer.v1 import (
    analyzer_service_pb2_grpc,
    feature_service_pb2_grpc,
)
from kurto.analyzer.v1 import feature_service_pb2 as features_pb
from kurto_analyzer.baselines.service import BaselineDesk
from kurto_analyzer.baselines.servicer import BaselineMethods
from kurto_analyzer.bearing_catalogue.reader import BearingReader
from kurto_analyzer.bearing_catalogue.servicer import BearingMethods
from kurto_analyzer.feature_reader import FeatureReader
from kurto_analyzer.long_windows.reader import DiagnosisReader
from kurto_analyzer.long_windows.servicer import DiagnosisMethods
from kurto_analyzer.metrics import AnalyzerMetrics
from kurto_analyzer.on_demand.servicer import AnalysisMethods, SpectrumDesk
from kurto_analyzer.rollup_reader import RollupReader
from kurto_analyzer.session import AnalysisSession
from kurto_service.identity import requires

__all__ = ["AnalyzerServicer", "FeatureServicer"]

Context = ServicerContext[Any, Any]
Requests = AsyncIterator[windows_pb.AnalyzeWindowsRequest]


class AnalyzerServicer(analyzer_service_pb2_grpc.AnalyzerServiceServicer):
    """``kurto.analyzer.v1.AnalyzerService``.

    Parameters
    ----------
    new_session : callable
        Makes the state of one stream.
    metrics : AnalyzerMetrics
        Counts streams.
    """

    def __init__(
        self, new_session: Callable[[], AnalysisSession], metrics: AnalyzerMetrics
    ) -> None:
        self._new_session = new_session
        self._metrics = metrics
        self._sessions: dict[AnalysisSession, asyncio.Task[None]] = {}
        self._empty = asyncio.Event()
        self._empty.set()
        self._draining = False

    @requires("admin")
    async def AnalyzeWindows(
        self, request_iterator: Requests, context: Context
    ) -> AsyncIterator[windows_pb.AnalyzeWindowsResponse]:
        """Analyse the windows of many sensors; acknowledge what is committed."""
        session = self._new_session()
        reader = asyncio.create_task(_read(request_iterator, session), name="read hops")
        self._sessions[session] = reader
        self._empty.clear()
        self._metrics.streams.set(len(self._sessions))
        try:
            if self._draining:
                session.finish()
            async for response in session.responses():
                yield response
        finally:
            reader.cancel()
            session.close()
            del self._sessions[session]
            if not self._sessions:
                self._empty.set()
            self._metrics.streams.set(len(self._sessions))

    async def drain(self) -> None:
        """Stop reading, commit and acknowledge what has come, and end all streams with OK."""
        self._draining = True
        for session, reader in list(self._sessions.items()):
            reader.cancel()
            session.finish()
        await self._empty.wait()


async def _read(requests: Requests, session: AnalysisSession) -> None:
    try:
        async for request in requests:
            await session.handle(request)
    except Exception as error:
        session.fail(error)
    else:
        session.finish()


class FeatureServicer(
    BaselineMethods,
    DiagnosisMethods,
    AnalysisMethods,
    BearingMethods,
    feature_service_pb2_grpc.FeatureServiceServicer,
):
    """``kurto.analyzer.v1.FeatureService``.

    Parameters
    ----------
    reader : FeatureReader
        Answers about frames and spectra.
    rollups : RollupReader
        Answers about roll-ups.
    baselines : BaselineDesk
        Answers about baselines and conditions.
    diagnoses : DiagnosisReader
        Answers about long windows.
    spectra : SpectrumDesk
        Answers about spectra and pictures.
    bearings : BearingReader, optional
        Answers about the catalogue; that of the package by default.
    """

    def __init__(
        self,
        reader: FeatureReader,
        rollups: RollupReader,
        baselines: BaselineDesk,
        diagnoses: DiagnosisReader,
        spectra: SpectrumDesk,
        *,
        bearings: BearingReader | None = None,
    ) -> None:
        self.baselines = baselines
        self.diagnoses = diagnoses
        self.spectra = spectra
        self.bearings = bearings or BearingReader()
        self._reader = reader
        self._rollups = rollups

    @requires("viewer")
    async def GetLatestFeatures(
        self, request: features_pb.GetLatestFeaturesRequest, context: Context
    ) -> features_pb.GetLatestFeaturesResponse:
        """Return the newest frame of a sensor."""
        return await self._reader.latest(request.sensor_id)

    @requires("viewer")
    async def ListFeatures(
        self, request: features_pb.ListFeaturesRequest, context: Context
    ) -> features_pb.ListFeaturesResponse:
        """Return one page of stored frames."""
        return await self._reader.list_page(request)

    @requires("viewer")
    async def ListFeatureRollups(
        self, request: features_pb.ListFeatureRollupsRequest, context: Context
    ) -> features_pb.ListFeatureRollupsResponse:
        """Return one page of features summed up."""
        return await self._rollups.list_page(request)

    @requires("viewer")
    async def ListFeatureDefinitions(
        self, request: features_pb.ListFeatureDefinitionsRequest, context: Context
    ) -> features_pb.ListFeatureDefinitionsResponse:
        """Return the features that exist."""
        return features_pb.ListFeatureDefinitionsResponse(features=self._reader.definitions())
