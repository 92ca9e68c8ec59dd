"""FeatureService's methods about baselines and conditions; decode, one call, encode."""

from __future__ import annotations

from typing import Any

from grpc.aio import ServicerContext

from kurto.analyzer.v1 import baselines_pb2 as pb
from kurto.analyzer.v1 import feature_service_pb2_grpc
from kurto_analyzer.baselines.service import BaselineDesk
from kurto_service.identity import current_principal, requires

__all__ = ["BaselineMethods"]

Context = ServicerContext[Any, Any]


class BaselineMethods(feature_service_pb2_grpc.FeatureServiceServicer):
    """Part of ``kurto.analyzer.v1.FeatureService``.

    Attributes
    ----------
    baselines : BaselineDesk
        Answers; set by the whole servicer.
    """

    baselines: BaselineDesk

    @requires("viewer")
    async def GetBaseline(
        self, request: pb.GetBaselineRequest, context: Context
    ) -> pb.GetBaselineResponse:
        """Return one baseline, or the one in force."""
        return pb.GetBaselineResponse(baseline=await self.baselines.get(request))

    @requires("viewer")
    async def ListBaselines(
        self, request: pb.ListBaselinesRequest, context: Context
    ) -> pb.ListBaselinesResponse:
        """Return one page of the baselines of a sensor."""
        return await self.baselines.list_page(request)

    @requires("viewer")
    async def ListBaselineEvents(
        self, request: pb.ListBaselineEventsRequest, context: Context
    ) -> pb.ListBaselineEventsResponse:
        """Return what happened to the baselines of all sensors."""
        return await self.baselines.events(request)

    @requires("engineer")
    async def LearnBaseline(
        self, request: pb.LearnBaselineRequest, context: Context
    ) -> pb.LearnBaselineResponse:
        """Begin to learn a baseline."""
        learned = await self.baselines.learn(request, current_principal().name)
        return pb.LearnBaselineResponse(baseline=learned)

    @requires("viewer")
    async def GetCondition(
        self, request: pb.GetConditionRequest, context: Context
    ) -> pb.GetConditionResponse:
        """Return the condition of a sensor."""
        return await self.baselines.condition(request)
