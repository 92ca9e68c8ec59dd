"""The methods of FeatureService about diagnoses; decode, one call, encode."""

from __future__ import annotations

from typing import Any

from grpc.aio import ServicerContext

from kurto.analyzer.v1 import diagnoses_pb2 as pb
from kurto_analyzer.long_windows.reader import DiagnosisReader
from kurto_service.identity import requires

__all__ = ["DiagnosisMethods"]

Context = ServicerContext[Any, Any]


class DiagnosisMethods:
    """The part of ``kurto.analyzer.v1.FeatureService`` that serves long windows.

    Attributes
    ----------
    diagnoses : DiagnosisReader
        Answers; set by the servicer that has these methods.
    """

    diagnoses: DiagnosisReader

    @requires("viewer")
    async def GetDiagnosis(
        self, request: pb.GetDiagnosisRequest, context: Context
    ) -> pb.GetDiagnosisResponse:
        """Return the newest diagnosis of each channel."""
        return await self.diagnoses.newest(request.sensor_id)

    @requires("viewer")
    async def ListDiagnoses(
        self, request: pb.ListDiagnosesRequest, context: Context
    ) -> pb.ListDiagnosesResponse:
        """Return one page of stored diagnoses."""
        return await self.diagnoses.list_diagnoses(request)

    @requires("viewer")
    async def ListLongFeatures(
        self, request: pb.ListLongFeaturesRequest, context: Context
    ) -> pb.ListLongFeaturesResponse:
        """Return one page of stored features of long windows."""
        return await self.diagnoses.list_features(request)

    @requires("operator")
    async def RequestDiagnosis(
        self, request: pb.RequestDiagnosisRequest, context: Context
    ) -> pb.RequestDiagnosisResponse:
        """Diagnose the newest long window now."""
        return await self.diagnoses.request(request.sensor_id)
