"""Answers about baselines and conditions."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp

from kurto.analyzer.v1 import baselines_pb2 as pb
from kurto_analyzer.baselines.exceptions import (
    AlreadyLearning,
    NoBaseline,
    StillLearning,
    UnknownBaseline,
)
from kurto_analyzer.baselines.iso import iso_zone
from kurto_analyzer.baselines.keeper import ConditionKeeper, SensorCondition
from kurto_analyzer.baselines.messages import (
    baseline_message,
    fill_event,
    fill_growth,
    operating_state,
)
from kurto_analyzer.baselines.model import BaselineState, StoredBaseline
from kurto_analyzer.baselines.ports import BaselineStore, CountedWindows
from kurto_analyzer.baselines.requests import (
    page_size,
    read_learn_request,
    read_page_token,
    require_sensor_id,
    write_page_token,
)
from kurto_analyzer.exceptions import InvalidField, NoFeaturesYet
from kurto_analyzer.frames import set_time
from kurto_analyzer.open_sensors import OpenSensors
from kurto_service.clock import Clock

__all__ = ["BaselineDesk"]

_DAY_US = 86_400_000_000


class BaselineDesk:
    """Takes requests about baselines and conditions.

    Parameters
    ----------
    baselines : BaselineStore
        Baselines and their audit.
    windows : CountedWindows
        Stored frames.
    keeper : ConditionKeeper
        Follows the sensors of this process.
    sensors : OpenSensors
        What is being analysed here.
    clock : Clock
        Tells from when on windows count.
    retention_days : float
        How far back features are kept.
    """

    def __init__(
        self,
        baselines: BaselineStore,
        windows: CountedWindows,
        keeper: ConditionKeeper,
        sensors: OpenSensors,
        clock: Clock,
        *,
        retention_days: float,
    ) -> None:
        self._baselines = baselines
        self._windows = windows
        self._keeper = keeper
        self._sensors = sensors
        self._clock = clock
        self._retention_us = round(retention_days * _DAY_US)

    async def learn(self, request: pb.LearnBaselineRequest, principal: str) -> pb.Baseline:
        """Begin to learn a baseline.

        Raises
        ------
        InvalidField, NoFeaturesYet, AlreadyLearning
            When it cannot be learned.
        """
        new = read_learn_request(
            request, principal=principal, now_us=self._now_us(), retention_us=self._retention_us
        )
        await self._require_known(new.sensor_id)
        try:
            stored = await self._baselines.request(new)
        except AlreadyLearning:
            raise await self._already_learning(new.sensor_id) from None
        self._keeper.look(new.sensor_id)
        events = await self._baselines.events([stored.baseline_id])
        return baseline_message(stored, events, missing=stored.wanted_windows)

    async def get(self, request: pb.GetBaselineRequest) -> pb.Baseline:
        """Return one baseline, or the one in force.

        Raises
        ------
        NoBaseline, UnknownBaseline, StillLearning, InvalidField
            When there is none to return.
        """
        sensor_id = require_sensor_id(request.sensor_id)
        if request.baseline_id < 0:
            raise InvalidField("baseline_id must be at least 0.", field="baseline_id")
        if request.baseline_id:
            stored = await self._baselines.get(sensor_id, request.baseline_id)
            if stored is None:
                raise UnknownBaseline(sensor_id=sensor_id, baseline_id=request.baseline_id)
        else:
            stored = await self._in_force(sensor_id)
        events = await self._baselines.events([stored.baseline_id])
        missing = await self._missing(stored)
        return baseline_message(stored, events, missing=missing, whole=True)

    async def list_page(self, request: pb.ListBaselinesRequest) -> pb.ListBaselinesResponse:
        """Return one page of the baselines of a sensor, newest first."""
        sensor_id, size = require_sensor_id(request.sensor_id), page_size(request)
        found = await self._baselines.list_baselines(
            sensor_id, before_id=read_page_token(request.page_token), limit=size + 1
        )
        response = pb.ListBaselinesResponse()
        if len(found) > size:
            response.next_page_token = write_page_token(found[size - 1].baseline_id)
        events = await self._baselines.events([stored.baseline_id for stored in found[:size]])
        for stored in found[:size]:
            own = [event for event in events if event.baseline_id == stored.baseline_id]
            missing = await self._missing(stored)
            response.baselines.append(baseline_message(stored, own, missing=missing))
        return response

    async def events(self, request: pb.ListBaselineEventsRequest) -> pb.ListBaselineEventsResponse:
        """Return what happened to baselines behind an event."""
        if request.after_number < 0:
            raise InvalidField("after_number must be at least 0.", field="after_number")
        found = await self._baselines.events_after(request.after_number, limit=page_size(request))
        response = pb.ListBaselineEventsResponse()
        for event in found:
            fill_event(response.events.add(), event)
        return response

    async def condition(self, request: pb.GetConditionRequest) -> pb.GetConditionResponse:
        """Return the condition of a sensor.

        Raises
        ------
        NoFeaturesYet
            Before the first window.
        """
        sensor_id = require_sensor_id(request.sensor_id)
        await self._require_known(sensor_id)
        sensor = await self._condition(sensor_id)
        track = sensor.track
        message = pb.Condition(
            sensor_id=sensor_id,
            operating_state=operating_state(track.state),
            missing_window_count=0 if sensor.learning is None else sensor.learning.missing,
        )
        here = self._sensors.newest_epoch(sensor_id)
        spec = None if here is None else here.track.spec
        if spec is not None:
            message.bearing_problem = spec.bearing_problem
        if track.in_force is not None:
            message.baseline_id = track.in_force.baseline_id
        if track.newest is not None:
            set_time(message.window_time, track.newest.end_us)
        if track.compared is not None:
            fill_growth(message, track.compared)
            message.iso_zone.CopyFrom(iso_zone(track.compared.frame, spec))
        now = Timestamp()
        now.FromDatetime(self._clock.now())
        return pb.GetConditionResponse(condition=message, server_time=now)

    async def _condition(self, sensor_id: str) -> SensorCondition:
        here = self._sensors.newest_epoch(sensor_id) is not None
        return await self._keeper.condition(sensor_id, here=here)

    async def _in_force(self, sensor_id: str) -> StoredBaseline:
        stored = {one.state: one for one in await self._baselines.open_baselines(sensor_id)}
        if BaselineState.IN_FORCE in stored:
            return stored[BaselineState.IN_FORCE]
        if BaselineState.LEARNING not in stored:
            await self._require_known(sensor_id)
            raise NoBaseline(sensor_id=sensor_id)
        raise await self._still_learning(stored[BaselineState.LEARNING])

    async def _still_learning(self, stored: StoredBaseline) -> StillLearning:
        missing, wanted = await self._missing(stored), stored.wanted_windows
        return StillLearning(
            f"The baseline of {stored.sensor_id} is being learned: {missing} of {wanted} windows "
            "are missing. They count while the machine runs at one speed and load, one a second "
            "or one a burst: let it run, and ask again.",
            sensor_id=stored.sensor_id, baseline_id=stored.baseline_id,
            missing=missing, wanted=wanted,
        )  # fmt: skip

    async def _already_learning(self, sensor_id: str) -> AlreadyLearning:
        for stored in await self._baselines.open_baselines(sensor_id):
            if stored.state is BaselineState.LEARNING:
                missing, wanted = await self._missing(stored), stored.wanted_windows
                return AlreadyLearning(
                    f"Baseline {stored.baseline_id} of {sensor_id} is being learned already: "
                    f"{missing} of {wanted} windows are missing. Wait for it, or set restart to "
                    "give it up.",
                    sensor_id=sensor_id, baseline_id=stored.baseline_id,
                    missing=missing, wanted=wanted,
                )  # fmt: skip
        return AlreadyLearning(sensor_id=sensor_id)

    async def _missing(self, stored: StoredBaseline) -> int:
        if stored.state is not BaselineState.LEARNING:
            return 0
        learning = (await self._condition(stored.sensor_id)).learning
        return stored.wanted_windows if learning is None else learning.missing

    async def _require_known(self, sensor_id: str) -> None:
        if not await self._windows.knows(sensor_id):
            raise NoFeaturesYet(sensor_id=sensor_id)

    def _now_us(self) -> int:
        return round(self._clock.now().timestamp() * 1e6)
