"""StreamControlService: starting and stopping the analysis, and the state of streams."""

from __future__ import annotations

from typing import Any

import grpc

from kurto.ingest.v1 import stream_control_service_pb2 as pb
from kurto.ingest.v1 import stream_control_service_pb2_grpc
from kurto_ingest.asset_validation import check_id
from kurto_ingest.monitoring import Monitoring
from kurto_ingest.paging import MAX_PAGE_SIZE, page_limit, page_start, page_token
from kurto_ingest.ports import SensorStore
from kurto_ingest.status_board import StatusBoard
from kurto_service.identity import requires

__all__ = ["StreamControlServicer"]

Context = grpc.aio.ServicerContext[Any, Any]


class StreamControlServicer(stream_control_service_pb2_grpc.StreamControlServiceServicer):
    """Starts, stops and shows.

    Parameters
    ----------
    monitoring : Monitoring
        Starts and stops.
    board : StatusBoard
        Knows the states.
    sensors : SensorStore
        Knows the sensors.
    """

    def __init__(self, *, monitoring: Monitoring, board: StatusBoard, sensors: SensorStore) -> None:
        self._monitoring = monitoring
        self._board = board
        self._sensors = sensors

    @requires("operator")
    async def StartStream(
        self, request: pb.StartStreamRequest, context: Context
    ) -> pb.StartStreamResponse:
        """Start analysing a sensor."""
        check_id("sensor_id", request.sensor_id)
        sensor = await self._monitoring.start(request.sensor_id)
        return pb.StartStreamResponse(status=(await self._board.states([sensor]))[0])

    @requires("operator")
    async def StopStream(
        self, request: pb.StopStreamRequest, context: Context
    ) -> pb.StopStreamResponse:
        """Stop analysing a sensor."""
        check_id("sensor_id", request.sensor_id)
        sensor = await self._monitoring.stop(request.sensor_id)
        return pb.StopStreamResponse(status=(await self._board.states([sensor]))[0])

    @requires("viewer")
    async def ListStreams(
        self, request: pb.ListStreamsRequest, context: Context
    ) -> pb.ListStreamsResponse:
        """List the state of all streams."""
        limit = page_limit(request.page_size, MAX_PAGE_SIZE)
        found = await self._sensors.list_sensors(
            page_start(request.page_token), limit + 1, machine_id="", include_archived=False
        )
        return pb.ListStreamsResponse(
            streams=await self._board.states(found[:limit]),
            next_page_token=page_token(found[limit - 1].sensor_id) if len(found) > limit else "",
        )

    @requires("viewer")
    async def GetSensorStatus(
        self, request: pb.GetSensorStatusRequest, context: Context
    ) -> pb.GetSensorStatusResponse:
        """Return the state of one stream."""
        check_id("sensor_id", request.sensor_id)
        sensor = await self._sensors.get_sensor(request.sensor_id)
        return pb.GetSensorStatusResponse(status=(await self._board.states([sensor]))[0])

    @requires("viewer")
    async def ListStreamEvents(  # R1 is building it
        self, request: pb.ListStreamEventsRequest, context: Context
    ) -> pb.ListStreamEventsResponse:
        """List what happened to streams."""
        raise NotImplementedError

    @requires("viewer")
    async def GetStorageStatus(  # R1 is building it
        self, request: pb.GetStorageStatusRequest, context: Context
    ) -> pb.GetStorageStatusResponse:
        """Return how storage fares."""
        raise NotImplementedError
