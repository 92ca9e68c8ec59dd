"""Tries rules on stored features: one at a time, within bounds, and beside the live evaluation."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import grpc

from kurto.analyzer.v1 import feature_service_pb2 as feature_pb
from kurto.analyzer.v1.feature_service_pb2_grpc import FeatureServiceStub
from kurto_alerts.exceptions import FieldInvalid, TrialBusy
from kurto_alerts.feature_decoding import FrameDecoder
from kurto_alerts.frames import Frame, SensorProfile
from kurto_alerts.ports import ProfileStore
from kurto_alerts.rules import Rule
from kurto_alerts.trial import Trial
from kurto_service.clock import Clock
from kurto_service.exceptions import Unavailable

RETRY_AFTER_S = 5.0
PROGRESS_S = 1.0
CHUNK = 50  # frames: a few milliseconds for which the live evaluation waits


@dataclass(frozen=True, kw_only=True)
class TrialRequest:
    """A rule, and the windows that it is tried on; no end means to the newest."""

    rule: Rule
    start_time: datetime
    end_time: datetime | None
    sensor_ids: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class TrialLimits:
    """Bounds of one trial."""

    sensor_count: int
    window_count: int
    timeout_s: float


@dataclass(frozen=True, kw_only=True)
class TrialState:
    """How far a trial is; `incomplete` says what ended it early, None while it goes on."""

    trial: Trial
    sensor_count: int
    sensor_total: int
    incomplete: str | None = None


class FeatureRanges(Protocol):
    """Reads stored features from their owner."""

    def pages(
        self,
        sensor_id: str,
        *,
        start_time: datetime,
        end_time: datetime | None,
        features: Sequence[str],
    ) -> AsyncIterator[Sequence[Frame]]:
        """Yield the frames of a range of time, oldest first, in pages."""


class GrpcFeatureRanges:
    """Implements `FeatureRanges` by the analyzer's FeatureService."""

    def __init__(self, channel: grpc.aio.Channel, *, page_size: int, timeout_s: float) -> None:
        self._stub = FeatureServiceStub(channel)
        self._page_size = page_size
        self._timeout_s = timeout_s

    async def pages(
        self,
        sensor_id: str,
        *,
        start_time: datetime,
        end_time: datetime | None,
        features: Sequence[str],
    ) -> AsyncGenerator[Sequence[Frame], None]:
        """Yield the frames of a range of time, oldest first, in pages."""
        decoder = FrameDecoder()
        request = feature_pb.ListFeaturesRequest(
            sensor_id=sensor_id, feature_names=features, page_size=self._page_size
        )
        request.start_time.FromDatetime(start_time)
        if end_time is not None:
            request.end_time.FromDatetime(end_time)
        while True:
            try:
                answer = await self._stub.ListFeatures(request, timeout=self._timeout_s)
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.NOT_FOUND:
                    return  # the analyzer never had anything of it
                raise Unavailable(
                    "The analyzer cannot be asked for features: retry once it is reachable",
                    retry_after_s=RETRY_AFTER_S,
                ) from error
            yield [decoder.decode_frame(frame, features) for frame in answer.frames]
            if not answer.next_page_token:
                return
            request.page_token = answer.next_page_token


class RuleTrials:
    """Tries one rule at a time.

    Parameters
    ----------
    ranges : FeatureRanges
        Gives the stored features.
    profiles : ProfileStore
        Knows the sensors.
    limits : TrialLimits
        Bounds of one trial.
    clock : Clock
        Gives the time that it takes.
    """

    def __init__(
        self, ranges: FeatureRanges, profiles: ProfileStore, limits: TrialLimits, clock: Clock
    ) -> None:
        self._ranges = ranges
        self._profiles = profiles
        self._limits = limits
        self._clock = clock
        self._busy = False

    async def run(self, request: TrialRequest) -> AsyncGenerator[TrialState, None]:
        """Yield how far the trial is about once a second, and at last the state that has ended.

        Raises
        ------
        TrialBusy, TrialImpossible, FieldInvalid, Unavailable
        """
        if self._busy:
            raise TrialBusy(retry_after_s=RETRY_AFTER_S)
        self._busy = True
        try:
            async for state in self._run(request):
                yield state
        finally:
            self._busy = False

    async def _run(self, request: TrialRequest) -> AsyncGenerator[TrialState, None]:
        profiles, _ = await self._profiles.load_profiles()
        sensor_ids = chosen_sensors(request, profiles.values(), self._limits.sensor_count)
        trial = Trial(request.rule, profiles)
        began_s = reported_s = self._clock.monotonic()

        def state(done: int, incomplete: str | None = None) -> TrialState:
            return TrialState(
                trial=trial,
                sensor_count=done,
                sensor_total=len(sensor_ids),
                incomplete=incomplete,
            )

        for done, sensor_id in enumerate(sensor_ids):
            trial.begin(sensor_id)
            async for frames in self._chunks(request, sensor_id, trial):
                trial.take(frames)
                now_s = self._clock.monotonic()
                stopped = self._stopped(trial, now_s - began_s)
                if stopped:
                    yield state(done, stopped)
                    return
                if now_s - reported_s >= PROGRESS_S:
                    reported_s = now_s
                    yield state(done)
        yield state(len(sensor_ids), "")

    async def _chunks(
        self, request: TrialRequest, sensor_id: str, trial: Trial
    ) -> AsyncGenerator[Sequence[Frame], None]:
        """Yield frames in small parts, and leave the loop to others for as long as each took."""
        pages = self._ranges.pages(
            sensor_id,
            start_time=request.start_time,
            end_time=request.end_time,
            features=trial.engine.features,
        )
        async for frames in pages:
            for at in range(0, len(frames), CHUNK):
                began_s = self._clock.monotonic()
                yield frames[at : at + CHUNK]
                await self._clock.sleep(self._clock.monotonic() - began_s)

    def _stopped(self, trial: Trial, elapsed_s: float) -> str:
        if trial.window_count >= self._limits.window_count:
            return f"the limit of {self._limits.window_count} windows: take less time or sensors"
        if elapsed_s >= self._limits.timeout_s:
            return f"the limit of {self._limits.timeout_s:g} s: take less time or fewer sensors"
        return ""


def chosen_sensors(
    request: TrialRequest, profiles: Iterable[SensorProfile], most: int
) -> list[str]:
    """Return the sensors that a rule selects and the caller asks for, by id."""
    selector = request.rule.selector
    selected = {
        one.sensor_id
        for one in profiles
        if not one.archived and selector.selects_sensor(one.sensor_id, one.tags, one.machine_id)
    }
    for at, sensor_id in enumerate(request.sensor_ids):
        if sensor_id not in selected:
            name = f"sensor_ids[{at}]"
            raise FieldInvalid(
                f'{name} "{sensor_id}" is no sensor that rule.selector selects', field=name
            )
    chosen = sorted(selected.intersection(request.sensor_ids) if request.sensor_ids else selected)
    if len(chosen) > most:
        raise FieldInvalid(
            f"sensor_ids: the rule selects {len(chosen)} sensors; name at most {most} to try it on",
            field="sensor_ids",
        )
    return chosen
