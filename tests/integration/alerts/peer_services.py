"""The services that alerts asks, in this process: analyzer, ingest and the registry."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration

from kurto.analyzer.v1 import baselines_pb2
from kurto.analyzer.v1 import feature_service_pb2 as feature_pb
from kurto.analyzer.v1 import feature_service_pb2_grpc as feature_grpc
from kurto.assets.v1 import asset_service_pb2 as asset_pb
from kurto.assets.v1 import asset_service_pb2_grpc as asset_grpc
from kurto.assets.v1 import assets_pb2
from kurto.ingest.v1 import ingest_service_pb2 as ingest_pb
from kurto.ingest.v1 import ingest_service_pb2_grpc as ingest_grpc
from kurto.signal.v1 import features_pb2

HOP_SAMPLES = 2560
DEFINITIONS = {
    "rms": "acceleration",
    "kurtosis": "1",
    "velocity_rms": "mm/s",
    "dominant_frequency": "Hz",
}
FEATURES = ("rms", "kurtosis")
TEN_MINUTES_US = 600_000_000


class Analyzer(feature_grpc.FeatureServiceServicer):
    """A FeatureService that tells what the test wrote into `frames`."""

    def __init__(self) -> None:
        self.frames: dict[tuple[str, int], dict[int, features_pb2.FeatureFrame]] = {}
        self.next_index: dict[tuple[str, int], int] = {}
        self.list_count = 0
        self.away = False
        self.baselines: list[baselines_pb2.Baseline] = []

    def commit(self, frame: features_pb2.FeatureFrame) -> None:
        identity = (frame.sensor_id, frame.epoch)
        self.frames.setdefault(identity, {})[frame.window_index] = frame
        self.next_index[identity] = max(self.next_index.get(identity, 0), frame.window_index + 1)

    async def _check(self, context: Any) -> None:
        if self.away:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the analyzer is away")

    async def ListFeatureDefinitions(
        self, request: feature_pb.ListFeatureDefinitionsRequest, context: Any
    ) -> feature_pb.ListFeatureDefinitionsResponse:
        await self._check(context)
        return feature_pb.ListFeatureDefinitionsResponse(
            features=[
                features_pb2.FeatureDefinition(name=name, unit=unit)
                for name, unit in DEFINITIONS.items()
            ]
        )

    async def ListFeatures(
        self, request: feature_pb.ListFeaturesRequest, context: Any
    ) -> feature_pb.ListFeaturesResponse:
        await self._check(context)
        self.list_count += 1
        if request.HasField("start_time"):
            return self._range(request)
        identity = (request.sensor_id, request.epoch)
        frames = self.frames.get(identity, {})
        behind = sorted(index for index in frames if index > request.after_window_index)
        size = request.page_size or 600
        return feature_pb.ListFeaturesResponse(
            frames=[frames[index] for index in behind[:size]],
            next_page_token="more" if len(behind) > size else "",
            next_window_index=self.next_index.get(identity, 0),
        )

    def _range(self, request: feature_pb.ListFeaturesRequest) -> feature_pb.ListFeaturesResponse:
        start_us = request.start_time.ToMicroseconds()
        end_us = request.end_time.ToMicroseconds() if request.HasField("end_time") else 2**62
        found = sorted(
            (
                frame
                for (sensor_id, _), frames in self.frames.items()
                if sensor_id == request.sensor_id
                for frame in frames.values()
                if start_us <= frame.start_time.ToMicroseconds() < end_us
            ),
            key=lambda frame: (frame.start_time.ToMicroseconds(), frame.window_index),
        )
        first = int(request.page_token or 0)
        last = first + (request.page_size or 600)
        return feature_pb.ListFeaturesResponse(
            frames=found[first:last], next_page_token=str(last) if last < len(found) else ""
        )

    async def GetLatestFeatures(
        self, request: feature_pb.GetLatestFeaturesRequest, context: Any
    ) -> feature_pb.GetLatestFeaturesResponse:
        await self._check(context)
        found = [key for key in self.frames if key[0] == request.sensor_id]
        if not found:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no features yet")
        frames = self.frames[max(found)]
        return feature_pb.GetLatestFeaturesResponse(frame=frames[max(frames)])

    async def ListBaselineEvents(
        self, request: baselines_pb2.ListBaselineEventsRequest, context: Any
    ) -> baselines_pb2.ListBaselineEventsResponse:
        await self._check(context)
        events = [
            baselines_pb2.BaselineEvent(
                event_number=number, baseline_id=one.baseline_id, sensor_id=one.sensor_id
            )
            for number, one in enumerate(self.baselines, 1)
        ]
        return baselines_pb2.ListBaselineEventsResponse(events=events[request.after_number :])

    async def GetBaseline(
        self, request: baselines_pb2.GetBaselineRequest, context: Any
    ) -> baselines_pb2.GetBaselineResponse:
        await self._check(context)
        [found] = [one for one in self.baselines if one.baseline_id == request.baseline_id]
        return baselines_pb2.GetBaselineResponse(baseline=found)

    async def GetSpectrum(
        self, request: feature_pb.GetSpectrumRequest, context: Any
    ) -> feature_pb.GetSpectrumResponse:
        raise NotImplementedError


class Ingest(ingest_grpc.IngestServiceServicer):
    """An IngestService of which only KeepSamples works, if it is not away."""

    def __init__(self) -> None:
        self.kept: list[ingest_pb.KeepSamplesRequest] = []
        self.away = False
        self.unknown: set[str] = set()
        self.answer_s = 0.0

    async def KeepSamples(
        self, request: ingest_pb.KeepSamplesRequest, context: Any
    ) -> ingest_pb.KeepSamplesResponse:
        if self.away:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "ingest is away")
        if request.sensor_id in self.unknown:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such sensor")
        self.kept.append(request)
        await asyncio.sleep(self.answer_s)
        return ingest_pb.KeepSamplesResponse()


class Registry(asset_grpc.AssetServiceServicer):
    """An AssetService of which only WatchConfigs works; its cursor counts the changes."""

    def __init__(self) -> None:
        self.log: list[assets_pb2.Sensor] = []
        self._changed = asyncio.Condition()

    async def put(
        self,
        sensor_id: str,
        *,
        tags: Sequence[str] = (),
        burst_interval_s: int = 0,
        archived: bool = False,
        machine_id: str = "",
        around_alarms: bool = False,
        machine_class: assets_pb2.MachineClass | None = None,
    ) -> None:
        sensor = assets_pb2.Sensor(
            sensor_id=sensor_id, tags=tags, archived=archived, machine_id=machine_id
        )
        if machine_class is not None:
            sensor.config.machine_class.CopyFrom(machine_class)
        if around_alarms:
            sensor.retention.around_alarms.before.seconds = 60
        if burst_interval_s:
            burst = sensor.config.acquisition.burst
            burst.length_samples = HOP_SAMPLES
            burst.interval.CopyFrom(Duration(seconds=burst_interval_s))
        async with self._changed:
            self.log.append(sensor)
            self._changed.notify_all()

    async def WatchConfigs(
        self, request: asset_pb.WatchConfigsRequest, context: Any
    ) -> AsyncIterator[asset_pb.WatchConfigsResponse]:
        at = int(request.cursor or 0)
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: len(self.log) > at)  # noqa: B023
                sensors, at = self.log[at:], len(self.log)
            yield asset_pb.WatchConfigsResponse(sensors=sensors, cursor=str(at))
