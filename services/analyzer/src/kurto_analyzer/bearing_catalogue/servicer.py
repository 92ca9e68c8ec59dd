"""The method of FeatureService about the catalogue of bearings."""

from __future__ import annotations

from typing import Any

from grpc.aio import ServicerContext

from kurto.analyzer.v1 import bearings_pb2 as pb
from kurto_analyzer.bearing_catalogue.reader import BearingReader
from kurto_service.identity import requires

__all__ = ["BearingMethods"]

Context = ServicerContext[Any, Any]


class BearingMethods:
    """The part of ``kurto.analyzer.v1.FeatureService`` that serves the catalogue.

    Attributes
    ----------
    bearings : BearingReader
        Answers; set by the servicer that has this method.
    """

    bearings: BearingReader

    @requires("viewer")
    async def ListBearings(
        self, request: pb.ListBearingsRequest, context: Context
    ) -> pb.ListBearingsResponse:
        """Return one page of bearings."""
        return self.bearings.list_page(request)
