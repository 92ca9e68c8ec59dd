"""One AnalyzeWindows stream: its slots, its limits, its acknowledgments."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from kurto.analyzer.v1 import analyzer_service_pb2 as pb
from kurto_analyzer.bearing_catalogue.designations import BearingCatalogue
from kurto_analyzer.committer import Committer
from kurto_analyzer.engine import Engine
from kurto_analyzer.exceptions import EpochMismatch, InvalidField, SlotNotOpen, TooManySensors
from kurto_analyzer.hop_runs import received_run
from kurto_analyzer.metrics import AnalyzerMetrics
from kurto_analyzer.open_sensors import OpenSensor, OpenSensors
from kurto_analyzer.ports import EpochOpening, EpochState
from kurto_analyzer.sensor_spec import SensorSpec, read_sensor_open
from kurto_service.exceptions import KurtoError

__all__ = ["AnalysisSession", "SessionLimits"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Bounds of a stream.

    Attributes
    ----------
    max_pending_bytes : int
        Samples not yet analysed, beyond which reading stops.
    max_window_samples : int
        Largest window, samples times channels.
    max_slots : int
        Sensors on the stream.
    """

    max_pending_bytes: int
    max_window_samples: int
    max_slots: int


@dataclass(frozen=True, eq=False, slots=True)
class _Opening:
    """A slot whose position is being looked up."""

    spec: SensorSpec
    reopened: bool


@dataclass(frozen=True, slots=True)
class _Refused:
    """A slot that is left out."""

    key: tuple[str, int]


_Slot: TypeAlias = OpenSensor | _Opening | _Refused


class AnalysisSession:
    """State of one stream; also the `StreamOwner` of its sensors.

    Parameters
    ----------
    sensors : OpenSensors
        All open sensors of this process.
    engine : Engine
        Computes.
    committer : Committer
        Looks up positions and acknowledges.
    metrics : AnalyzerMetrics
        Counts hops.
    limits : SessionLimits
        Bounds.
    repeated : callable
        Notes the refusal of a (sensor, epoch) and tells whether it was refused lately.
    """

    def __init__(
        self,
        sensors: OpenSensors,
        engine: Engine,
        committer: Committer,
        *,
        metrics: AnalyzerMetrics,
        limits: SessionLimits,
        repeated: Callable[[tuple[str, int]], bool],
        catalogue: BearingCatalogue | None = None,
    ) -> None:
        self._sensors = sensors
        self._engine = engine
        self._committer = committer
        self._metrics = metrics
        self._limits = limits
        self._repeated = repeated
        self._read = partial(read_sensor_open, catalogue=catalogue)
        self._slots: dict[int, _Slot] = {}
        self._closing: list[OpenSensor] = []
        self._answers: dict[int, pb.WindowPosition] = {}
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._pending_bytes = 0
        self._error: Exception | None = None
        self._finished = False

    async def handle(self, request: pb.AnalyzeWindowsRequest) -> None:
        """Take one message; returns when the next one may be read.

        Raises
        ------
        KurtoError
            When the message contradicts what came before.
        """
        kind = request.WhichOneof("kind")
        if kind == "hops":
            for run in request.hops.runs:
                self._take_run(run)
            await self._wait_for_room()
        elif kind == "open":
            self._open(request.open)
        elif kind == "skip":
            self._skip(request.skip)
        elif kind == "close":
            self._close_slot(request.close.slot)
        else:
            raise InvalidField("The message is empty: set open, hops, skip or close.", field="kind")

    def finish(self) -> None:
        """Note that no more messages come: the stream ends once everything is committed."""
        self._finished = True
        self._changed.set()

    def fail(self, error: Exception) -> None:
        """End the stream with an error."""
        self._error = self._error or error
        self._changed.set()
        self._room.set()

    def acknowledge(self, sensor: OpenSensor) -> None:
        """Take note that frames of the sensor are committed, or that nothing of it is left."""
        self._sensors.settle(sensor)
        self._metrics.open_sensors.set(len(self._sensors))
        if self._slots.get(sensor.slot) is sensor:
            known = self._answers.get(sensor.slot)
            self._answer(sensor, opened=known is not None and known.opened)
        self._changed.set()

    def release(self, byte_count: int) -> None:
        """Count samples as analysed."""
        self._pending_bytes -= byte_count
        self._metrics.pending_bytes.dec(byte_count)
        if self._pending_bytes <= self._limits.max_pending_bytes:
            self._room.set()

    async def responses(self) -> AsyncIterator[pb.AnalyzeWindowsResponse]:
        """Yield acknowledgments until the stream has finished or failed."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._error is not None:
                raise self._error
            if self._answers:
                positions = list(self._answers.values())
                self._answers.clear()
                yield pb.AnalyzeWindowsResponse(positions=positions)
            if self._finished and self._is_settled() and not self._answers:
                return

    def close(self) -> None:
        """Let go of all sensors; what arrived is still analysed and committed."""
        for slot in list(self._slots):
            self._close_slot(slot)

    def _is_settled(self) -> bool:
        states = list(self._slots.values())
        if any(isinstance(state, _Opening) for state in states):
            return False
        sensors = [state for state in states if isinstance(state, OpenSensor)]
        return all(sensor.settled for sensor in (*sensors, *self._closing))

    def _answer(self, sensor: OpenSensor, *, opened: bool) -> None:
        self._answers[sensor.slot] = pb.WindowPosition(
            slot=sensor.slot, next_window_index=sensor.committed, opened=opened
        )
        self._changed.set()

    def _open(self, message: pb.SensorOpen) -> None:
        try:
            spec = self._read(message, max_window_samples=self._limits.max_window_samples)
            if message.slot not in self._slots and len(self._slots) >= self._limits.max_slots:
                raise TooManySensors(limit=self._limits.max_slots, retry_after_s=10.0)
        except KurtoError as error:
            self._refuse(message.slot, (message.sensor_id, message.epoch), error)
            return
        present = self._slots.get(message.slot)
        if isinstance(present, OpenSensor) and present.takes(spec):
            present.track.accept_configuration(spec)
            self._engine.submit(present)
            self._answer(present, opened=True)
            return
        reopened = present is not None and _key(present) == (spec.sensor_id, spec.epoch)
        self._close_slot(message.slot)
        opening = _Opening(spec, reopened)
        self._slots[message.slot] = opening
        # What an earlier stream of this sensor has computed and not committed is dropped, so that
        # the position which the store tells is the one to continue from.
        self._sensors.retire((spec.sensor_id, spec.epoch), unless=self)
        self._committer.open(
            EpochOpening(spec.sensor_id, spec.epoch, spec.geometry),
            lambda state: self._opened(message.slot, opening, state),
        )

    def _opened(self, slot: int, opening: _Opening, state: EpochState) -> None:
        if self._slots.get(slot) is not opening:
            return  # closed or opened again in the meantime
        spec = opening.spec
        field = spec.geometry.difference(state.geometry)
        if field:
            error = EpochMismatch(sensor_id=spec.sensor_id, epoch=spec.epoch, field=field)
            self._refuse(slot, _key(opening), error)
            return
        self._sensors.retire((spec.sensor_id, spec.epoch), unless=self)
        try:
            sensor = self._sensors.add(spec, self, slot, state.next_window_index)
        except TooManySensors as error:
            self._refuse(slot, _key(opening), error)
            return
        self._slots[slot] = sensor
        self._metrics.open_sensors.set(len(self._sensors))
        self._answer(sensor, opened=True)

    def _refuse(self, slot: int, key: tuple[str, int], error: KurtoError) -> None:
        """End the stream with the reason; when the sender has had it before, leave the slot out."""
        if not self._repeated(key):
            self.fail(error)
            return
        self._close_slot(slot)
        self._slots[slot] = _Refused(key)
        extra = {"action": "sensor_refused", "sensor_id": key[0], "epoch": key[1]}
        _LOG.warning("Sensor left out: %s", error.message, extra=extra)

    def _take_run(self, run: pb.HopRun) -> None:
        sensor = self._sensor(run.slot)
        if sensor is None:
            self._metrics.hop["dropped"].inc(max(0, run.hop_count))
            return
        arrived = received_run(run)
        duplicates = sensor.track.accept(arrived)
        if duplicates:
            self._metrics.hop["duplicate"].inc(duplicates)
        if duplicates == run.hop_count:
            return
        outcome = "empty" if run.empty_reason else "accepted"
        self._metrics.hop[outcome].inc(run.hop_count - duplicates)
        self._pending_bytes += arrived.cost
        self._metrics.pending_bytes.inc(arrived.cost)
        self._engine.submit(sensor)

    def _skip(self, message: pb.SkipWindows) -> None:
        sensor = self._sensor(message.slot)
        if sensor is not None:
            sensor.track.accept_skip(message.next_window_index, message.reason)
            self._engine.submit(sensor)

    def _sensor(self, slot: int) -> OpenSensor | None:
        """Return the open sensor of a slot, or None when its hops are to be dropped."""
        state = self._slots.get(slot)
        if isinstance(state, OpenSensor):
            return None if state.retired else state
        if isinstance(state, _Refused) or (state is not None and state.reopened):
            return None  # hops on their way when the sender announced another configuration
        raise SlotNotOpen(slot=slot)

    def _close_slot(self, slot: int) -> None:
        state = self._slots.pop(slot, None)
        self._answers.pop(slot, None)
        self._changed.set()
        if isinstance(state, OpenSensor):
            self._sensors.close(state)
            self._closing = [s for s in self._closing if not s.settled]
            if not state.settled:
                self._closing.append(state)
            self._metrics.open_sensors.set(len(self._sensors))

    async def _wait_for_room(self) -> None:
        while self._pending_bytes > self._limits.max_pending_bytes and self._error is None:
            self._room.clear()
            await self._room.wait()


def _key(state: _Slot) -> tuple[str, int]:
    if isinstance(state, _Opening):
        return state.spec.sensor_id, state.spec.epoch
    return state.key
