"""StreamControlService: starting and stopping the analysis, and the state of streams."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import grpc

from kurto.ingest.v1 import stream_control_service_pb2 as pb
from kurto.ingest.v1 import stream_control_service_pb2_grpc
from kurto_ingest.assets.ports import SensorStore
from kurto_ingest.assets.validation import check_id
from kurto_ingest.exceptions import InvalidField
from kurto_ingest.paging import MAX_PAGE_SIZE, page_limit, page_start, page_token
from kurto_ingest.ports import EventStore
from kurto_ingest.records.event_messages import event_message, event_query
from kurto_ingest.space.storage_watch import StorageWatch
from kurto_ingest.status.monitoring import Monitoring
from kurto_ingest.status.status_board import StatusBoard
from kurto_ingest.status.value_messages import value_message, value_query, value_token
from kurto_ingest.value_store import ProcessValueStore
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
    events : EventStore
        Knows what happened.
    values : ProcessValueStore
        Knows process values.
    storage : StorageWatch
        Knows how storage fares.
    """

    def __init__(
        self,
        *,
        monitoring: Monitoring,
        board: StatusBoard,
        sensors: SensorStore,
        events: EventStore,
        values: ProcessValueStore,
        storage: StorageWatch,
    ) -> None:
        self._monitoring = monitoring
        self._board = board
        self._sensors = sensors
        self._events = events
        self._values = values
        self._storage = storage

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
    async def ListArrivals(
        self, request: pb.ListArrivalsRequest, context: Context
    ) -> pb.ListArrivalsResponse:
        """List when samples came in last, from memory alone."""
        within_s = math.inf
        if request.HasField("within"):
            within_s = request.within.seconds + request.within.nanos / 1e9
            if within_s < 0:
                raise InvalidField("within must not be negative.", field="within")
        return pb.ListArrivalsResponse(arrivals=self._board.arrivals(within_s))

    @requires("viewer")
    async def GetSensorStatus(
        self, request: pb.GetSensorStatusRequest, context: Context
    ) -> pb.GetSensorStatusResponse:
        """Return the state of one stream."""
        check_id("sensor_id", request.sensor_id)
        sensor = await self._sensors.get_sensor(request.sensor_id)
        return pb.GetSensorStatusResponse(status=(await self._board.states([sensor]))[0])

    @requires("viewer")
    async def ListStreamEvents(
        self, request: pb.ListStreamEventsRequest, context: Context
    ) -> pb.ListStreamEventsResponse:
        """List what happened to streams, newest first."""
        query = event_query(request)
        found = await self._events.find(replace(query, limit=query.limit + 1))
        page = found[: query.limit]
        more = len(found) > query.limit
        return pb.ListStreamEventsResponse(
            events=[event_message(event) for event in page],
            next_page_token=page_token(str(page[-1].event_id)) if more else "",
        )

    @requires("viewer")
    async def ListProcessValues(
        self, request: pb.ListProcessValuesRequest, context: Context
    ) -> pb.ListProcessValuesResponse:
        """List stored process values of a sensor."""
        check_id("sensor_id", request.sensor_id)
        sensor = await self._sensors.get_sensor(request.sensor_id)
        query = value_query(request, sensor.sensor_key)
        found = await self._values.find(replace(query, limit=query.limit + 1))
        page = found[: query.limit]
        return pb.ListProcessValuesResponse(
            values=[value_message(stored) for stored in page],
            next_page_token=value_token(page[-1]) if len(found) > query.limit else "",
        )

    @requires("viewer")
    async def GetStorageStatus(
        self, request: pb.GetStorageStatusRequest, context: Context
    ) -> pb.GetStorageStatusResponse:
        """Return how storage fares; answered from memory, whatever is away."""
        return pb.GetStorageStatusResponse(status=self._storage.status())
