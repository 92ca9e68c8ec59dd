"""Tries rules on what is stored: one at a time, within bounds, and beside the live evaluation."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

import grpc

from kurto.analyzer.v1 import feature_service_pb2 as feature_pb
from kurto.analyzer.v1.feature_service_pb2_grpc import FeatureServiceStub
from kurto_alerts.diagnoses.ports import DiagnosisSource
from kurto_alerts.diagnoses.scores import DiagnosedWindow
from kurto_alerts.engine import TrackFactory
from kurto_alerts.exceptions import FieldInvalid, TrialBusy
from kurto_alerts.feature_decoding import FrameDecoder
from kurto_alerts.frames import Frame, SensorProfile
from kurto_alerts.merging import merged
from kurto_alerts.ports import ProfileStore
from kurto_alerts.rules import Rule
from kurto_alerts.trial import Trial, side_by_side
from kurto_service.clock import Clock
from kurto_service.exceptions import Unavailable

RETRY_AFTER_S = 5.0
PROGRESS_S = 1.0
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ItemT = TypeVar("ItemT")
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


@dataclass(frozen=True, kw_only=True)
class TrialSources:
    """What rules are tried on.

    Attributes
    ----------
    features : FeatureRanges
        Gives the stored features.
    diagnoses : DiagnosisSource
        Gives the stored diagnoses.
    tracks : callable or None
        Makes what follows the references of a sensor, as in live evaluation.
    """

    features: FeatureRanges
    diagnoses: DiagnosisSource
    tracks: TrackFactory | None = None


class RuleTrials:
    """Tries one rule at a time.

    Parameters
    ----------
    sources : TrialSources
        What they are tried on.
    profiles : ProfileStore
        Knows the sensors.
    limits : TrialLimits
        Bounds of one trial.
    clock : Clock
        Gives the time that it takes.
    """

    def __init__(
        self, sources: TrialSources, profiles: ProfileStore, limits: TrialLimits, clock: Clock
    ) -> None:
        self._sources = sources
        self._profiles = profiles
        self._limits = limits
        self._clock = clock
        self._busy = False

    async def run(self, request: TrialRequest) -> AsyncGenerator[TrialState, None]:
        """Yield how far the trial is about once a second, and at last the state that has ended.

        Raises
        ------
        TrialBusy, FieldInvalid, Unavailable
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
        trial = Trial(request.rule, profiles, self._sources.tracks)
        began_s = reported_s = self._clock.monotonic()

        def state(done: int, incomplete: str | None = None) -> TrialState:
            return TrialState(
                trial=trial,
                sensor_count=done,
                sensor_total=len(sensor_ids),
                incomplete=incomplete,
            )

        done = 0
        for group in side_by_side(request.rule, sensor_ids, profiles):
            async for _ in self._evaluated(request, group, trial):
                now_s = self._clock.monotonic()
                stopped = self._stopped(trial, now_s - began_s)
                if stopped:
                    yield state(done, stopped)
                    return
                if now_s - reported_s >= PROGRESS_S:
                    reported_s = now_s
                    yield state(done)
            done += len(group)
        yield state(len(sensor_ids), "")

    async def _evaluated(
        self, request: TrialRequest, sensor_ids: Sequence[str], trial: Trial
    ) -> AsyncGenerator[None, None]:
        """Evaluate sensors side by side in small parts, and leave as much time to others."""
        for sensor_id in sensor_ids:
            trial.begin(sensor_id, _microseconds(request.start_time))
        if trial.is_on_diagnoses:
            found = [self._diagnoses(request, sensor_id) for sensor_id in sensor_ids]
            times = _taken(merged(found, chunk=CHUNK), trial.take_diagnoses, self._clock)
        else:
            pages = [
                self._sources.features.pages(
                    sensor_id,
                    start_time=request.start_time,
                    end_time=request.end_time,
                    features=trial.features,
                )
                for sensor_id in sensor_ids
            ]
            times = _taken(merged(pages, chunk=CHUNK), trial.take, self._clock)
        async for took_s in times:
            yield
            await self._clock.sleep(took_s)

    async def _diagnoses(
        self, request: TrialRequest, sensor_id: str
    ) -> AsyncGenerator[Sequence[DiagnosedWindow], None]:
        """Yield the diagnoses of a range of time, by their ends, in pages."""
        after_us = _microseconds(request.start_time)
        until_us = None if request.end_time is None else _microseconds(request.end_time)
        source = self._sources.diagnoses
        while True:
            try:
                page = await source.page(sensor_id, after_us=after_us, until_us=until_us)
            except grpc.aio.AioRpcError as error:
                raise Unavailable(
                    "The analyzer cannot be asked for diagnoses: retry once it is reachable",
                    retry_after_s=RETRY_AFTER_S,
                ) from error
            yield page.windows
            if page.complete or not page.windows:
                return
            after_us = page.windows[-1].end_us

    def _stopped(self, trial: Trial, elapsed_s: float) -> str:
        if trial.window_count >= self._limits.window_count:
            return f"the limit of {self._limits.window_count} windows: take less time or sensors"
        if elapsed_s >= self._limits.timeout_s:
            return f"the limit of {self._limits.timeout_s:g} s: take less time or fewer sensors"
        return ""


async def _taken(
    parts: AsyncIterator[list[ItemT]], take: Callable[[list[ItemT]], None], clock: Clock
) -> AsyncGenerator[float, None]:
    """Evaluate part after part, and yield the seconds that each took."""
    async for part in parts:
        began_s = clock.monotonic()
        take(part)
        yield clock.monotonic() - began_s


def _microseconds(time: datetime) -> int:
    return (time - _UNIX_EPOCH) // timedelta(microseconds=1)


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
