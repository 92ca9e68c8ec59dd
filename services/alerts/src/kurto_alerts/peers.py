"""The other services, over gRPC: the analyzer's features and ingest's registry."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import grpc

from kurto.analyzer.v1 import feature_service_pb2 as feature_pb
from kurto.analyzer.v1.feature_service_pb2_grpc import FeatureServiceStub
from kurto.assets.v1 import asset_service_pb2 as asset_pb
from kurto.assets.v1 import assets_pb2
from kurto.assets.v1.asset_service_pb2_grpc import AssetServiceStub
from kurto.ingest.v1 import ingest_service_pb2 as ingest_pb
from kurto.ingest.v1.ingest_service_pb2_grpc import IngestServiceStub
from kurto_alerts.exceptions import CatalogueUnavailable, KeepRefused
from kurto_alerts.feature_decoding import FrameDecoder
from kurto_alerts.frames import SensorProfile
from kurto_alerts.keeping import KeepRequest
from kurto_alerts.references.machine_classes import declared_class
from kurto_alerts.sequences import HistoryPage
from kurto_service.clock import Clock

RETRY_AFTER_S = 2.0
REFRESH_PAUSE_S = 1.0
SECONDS_A_MINUTE = 60.0
LARGEST_RPM = 600_000.0
# The sensor is unknown, or the request isn't what was asked for under this id before.
FINAL_REFUSALS = frozenset(
    {
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.ALREADY_EXISTS,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.OUT_OF_RANGE,
    }
)


class GrpcFeatureHistory:
    """Implements `ports.FeatureHistory` by the analyzer's FeatureService."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        decoder: FrameDecoder,
        *,
        page_size: int,
        timeout_s: float,
    ) -> None:
        self._stub = FeatureServiceStub(channel)
        self._decoder = decoder
        self._page_size = page_size
        self._timeout_s = timeout_s

    async def page(
        self, sensor_id: str, *, epoch: int, after_window_index: int, features: Sequence[str]
    ) -> HistoryPage:
        """Return the committed frames of an epoch above a window."""
        request = feature_pb.ListFeaturesRequest(
            sensor_id=sensor_id,
            epoch=epoch,
            after_window_index=after_window_index,
            feature_names=features,
            page_size=self._page_size,
        )
        answer = await self._list(request)
        return HistoryPage(
            sensor_id,
            epoch,
            after_window_index,
            [self._decoder.decode_frame(frame, features) for frame in answer.frames],
            answer.next_window_index,
            complete=not answer.next_page_token,
        )

    async def _list(
        self, request: feature_pb.ListFeaturesRequest
    ) -> feature_pb.ListFeaturesResponse:
        try:
            return await self._stub.ListFeatures(request, timeout=self._timeout_s)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.INVALID_ARGUMENT or not request.feature_names:
                raise
        # A rule may name a feature that has ceased to exist; the others are still wanted.
        del request.feature_names[:]
        return await self._stub.ListFeatures(request, timeout=self._timeout_s)

    async def newest(self, sensor_id: str) -> tuple[int, int] | None:
        """Return epoch and window index of a sensor's newest frame, None before the first."""
        request = feature_pb.GetLatestFeaturesRequest(sensor_id=sensor_id)
        try:
            answer = await self._stub.GetLatestFeatures(request, timeout=self._timeout_s)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return None
            raise
        if answer.frame.late:
            return None  # from a buffer: the sensor itself may stand elsewhere
        return answer.frame.epoch, answer.frame.window_index


class GrpcFeatureCatalogue:
    """Implements `ports.FeatureCatalogue`; what was once learned outlives the analyzer's absence.

    Parameters
    ----------
    channel : grpc.aio.Channel
        To the analyzer.
    clock : Clock
        Ages what was learned.
    lifetime_s : float
        Seconds after which it is asked for again.
    timeout_s : float
        Seconds that the analyzer may take to answer.
    """

    def __init__(
        self, channel: grpc.aio.Channel, clock: Clock, *, lifetime_s: float, timeout_s: float
    ) -> None:
        self._stub = FeatureServiceStub(channel)
        self._clock = clock
        self._lifetime_s = lifetime_s
        self._timeout_s = timeout_s
        self._units: dict[str, str] = {}
        self._asked_s = float("-inf")
        self._asking = asyncio.Lock()

    async def units(self, *, needed: str = "") -> Mapping[str, str]:
        """Return the unit of every feature by name."""
        async with self._asking:
            if not self._is_fresh(needed):
                await self._refresh()
        if not self._units:
            raise CatalogueUnavailable(retry_after_s=RETRY_AFTER_S)
        return self._units

    def _is_fresh(self, needed: str) -> bool:
        age_s = self._clock.monotonic() - self._asked_s
        if self._units and age_s < REFRESH_PAUSE_S:
            return True
        return age_s < self._lifetime_s and (needed in self._units if needed else True)

    async def _refresh(self) -> None:
        request = feature_pb.ListFeatureDefinitionsRequest()
        try:
            answer = await self._stub.ListFeatureDefinitions(request, timeout=self._timeout_s)
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            return  # what is known stays good
        self._asked_s = self._clock.monotonic()
        self._units = {feature.name: feature.unit for feature in answer.features}


class GrpcSampleKeeper:
    """Implements `ports.SampleKeeper` by ingest's IngestService."""

    def __init__(self, channel: grpc.aio.Channel, *, timeout_s: float) -> None:
        self._stub = IngestServiceStub(channel)
        self._timeout_s = timeout_s

    async def keep(self, request: KeepRequest) -> None:
        """Have samples kept; the same request may come again."""
        message = ingest_pb.KeepSamplesRequest(
            keep_id=request.keep_id,
            sensor_id=request.sensor_id,
            reason=ingest_pb.KEEP_REASON_ALARM,
            note=request.alert_id,
        )
        message.time_range.start_time.FromDatetime(request.start_time)
        message.time_range.end_time.FromDatetime(request.end_time)
        try:
            await self._stub.KeepSamples(message, timeout=self._timeout_s)
        except grpc.aio.AioRpcError as error:
            if error.code() in FINAL_REFUSALS:
                raise KeepRefused(
                    sensor_id=request.sensor_id, problem=error.details() or error.code().name
                ) from error
            raise


class GrpcRegistry:
    """Follows ingest's AssetService."""

    def __init__(self, channel: grpc.aio.Channel, *, silence_s: float) -> None:
        self._stub = AssetServiceStub(channel)
        self._silence_s = silence_s

    async def watch(self, cursor: str) -> AsyncIterator[tuple[list[SensorProfile], str]]:
        """Yield changed profiles and the cursor behind them, for as long as ingest sends.

        Raises
        ------
        grpc.aio.AioRpcError, TimeoutError
            When the stream breaks, or is silent for longer than heartbeats allow.
        """
        call = self._stub.WatchConfigs(asset_pb.WatchConfigsRequest(cursor=cursor))
        try:
            while True:
                async with asyncio.timeout(self._silence_s):
                    response = await call.read()
                if not isinstance(response, asset_pb.WatchConfigsResponse):
                    return  # the stream has ended
                yield [profile_from_proto(sensor) for sensor in response.sensors], response.cursor
        finally:
            call.cancel()


def profile_from_proto(sensor: assets_pb2.Sensor) -> SensorProfile:
    """Return what rules must know about a sensor."""
    acquisition = sensor.config.acquisition
    interval_us = None
    if acquisition.WhichOneof("kind") == "burst":
        interval = acquisition.burst.interval
        interval_us = interval.seconds * 1_000_000 + interval.nanos // 1000 or None
    rpm = sensor.config.nominal_speed_rpm
    return SensorProfile(
        sensor.sensor_id,
        frozenset(sensor.tags),
        interval_us,
        sensor.archived,
        machine_id=sensor.machine_id,
        keeps_around_alarms=sensor.retention.WhichOneof("kind") == "around_alarms",
        machine_class=declared_class(sensor.config.machine_class),
        nominal_speed_hz=rpm / SECONDS_A_MINUTE if 0.0 < rpm <= LARGEST_RPM else None,
    )
