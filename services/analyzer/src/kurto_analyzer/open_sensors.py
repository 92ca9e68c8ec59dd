"""The sensors that are open in this process, whatever stream they came by."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from kurto_analyzer.exceptions import StaleOwner, TooManySensors
from kurto_analyzer.frames import Frame, FrameLayout
from kurto_analyzer.long_windows.history import HistoryRoom, SampleHistory
from kurto_analyzer.long_windows.lengths import LongWindowPolicy
from kurto_analyzer.sensor_spec import SensorSpec
from kurto_analyzer.window_track import WindowTrack
from kurto_dsp import FeaturePlan, FrequencyBand, WindowBatch, WindowGeometry, plan_features

__all__ = ["OpenSensor", "OpenSensors", "Plans", "StreamOwner"]


class StreamOwner(Protocol):
    """The stream by which a sensor's hops come."""

    def acknowledge(self, sensor: OpenSensor) -> None:
        """Take note that frames of the sensor are committed, or that nothing of it is left."""
        ...

    def release(self, byte_count: int) -> None:
        """Count samples as analysed."""
        ...

    def fail(self, error: Exception) -> None:
        """End the stream with an error."""
        ...


@dataclass(eq=False, slots=True)
class OpenSensor:
    """One (sensor, epoch) on one stream.

    Attributes
    ----------
    track : WindowTrack
        Its hops and windows.
    owner : StreamOwner
        Its stream.
    slot : int
        Its number on that stream.
    committed : int
        Position in the store.
    batch : WindowBatch
        Shared by all sensors of its rate and geometry.
    layout : FrameLayout
        Names of its frames' rows and columns.
    newest : Frame or None
        The newest frame, late ones apart.
    in_flight : int
        Frames computed and not yet committed.
    queued : bool
        Whether it waits in the engine.
    followed : bool
        Whether the stored frames of it have begun to be compared with its baseline.
    retired : bool
        True once another stream has opened the same (sensor, epoch): nothing more is committed.
    closed : bool
        True when no more hops come; what arrived is still analysed.
    """

    track: WindowTrack
    owner: StreamOwner
    slot: int
    committed: int
    batch: WindowBatch
    layout: FrameLayout
    newest: Frame | None = None
    in_flight: int = 0
    queued: bool = False
    followed: bool = False
    retired: bool = False
    closed: bool = False

    @property
    def settled(self) -> bool:
        """Whether everything that arrived is committed, or never will be."""
        return self.retired or not (self.in_flight or self.track.has_pending)

    def takes(self, spec: SensorSpec) -> bool:
        """Tell whether `spec` is only a new configuration of this sensor."""
        return not self.retired and self.track.spec.same_samples(spec)

    @property
    def key(self) -> tuple[str, int]:
        """Identity of the sensor and epoch."""
        return self.track.spec.sensor_id, self.track.spec.epoch


_PlanKey: TypeAlias = tuple[float, int, int, tuple[float, float] | None]


class Plans:
    """One plan and batch for all sensors of a rate, geometry and band, kept while one is open."""

    def __init__(self) -> None:
        self._batches: weakref.WeakValueDictionary[_PlanKey, WindowBatch] = (
            weakref.WeakValueDictionary()
        )

    def batch(self, spec: SensorSpec) -> WindowBatch:
        """Return the batch for windows of `spec`."""
        geometry, band_hz = spec.geometry, spec.demodulation_band_hz
        key = (geometry.sample_rate_hz, geometry.hop_samples, geometry.window_hops, band_hz)
        batch = self._batches.get(key)
        if batch is None:
            batch = WindowBatch(_plan(spec))
            self._batches[key] = batch
        return batch


def _plan(spec: SensorSpec) -> FeaturePlan:
    geometry, band_hz = spec.geometry, spec.demodulation_band_hz
    return plan_features(
        sample_rate_hz=geometry.sample_rate_hz,
        geometry=WindowGeometry(geometry.hop_samples, geometry.window_hops),
        envelope_band=None if band_hz is None else FrequencyBand(*band_hz),
    )


class OpenSensors:
    """All open sensors by (sensor, epoch); the newest stream to open one has it.

    Parameters
    ----------
    limit : int
        Sensors that may be open.
    policy : LongWindowPolicy
        What is kept of each for long windows.
    room : HistoryRoom
        Memory for that, shared by all.
    """

    def __init__(self, limit: int, policy: LongWindowPolicy, room: HistoryRoom) -> None:
        self._limit = limit
        self._policy = policy
        self.room = room
        self._plans = Plans()
        self._by_key: dict[tuple[str, int], OpenSensor] = {}
        self._epochs: dict[str, set[int]] = {}

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._by_key)

    def __iter__(self) -> Iterator[OpenSensor]:
        """Iterate over a copy."""
        return iter(list(self._by_key.values()))

    def retire(self, key: tuple[str, int], *, unless: StreamOwner | None = None) -> None:
        """Take the sensor from the stream that has it; another stream than `unless` is ended."""
        sensor = self._by_key.get(key)
        if sensor is None:
            return
        self._forget(sensor)
        sensor.retired = True
        if sensor.owner is not unless and not sensor.closed:
            sensor.owner.fail(StaleOwner(sensor_id=key[0], epoch=key[1]))

    def add(self, spec: SensorSpec, owner: StreamOwner, slot: int, position: int) -> OpenSensor:
        """Open a sensor at `position`.

        Raises
        ------
        TooManySensors
            When as many are open as may be.
        """
        if len(self._by_key) >= self._limit:
            raise TooManySensors(limit=self._limit, retry_after_s=10.0)
        batch = self._plans.batch(spec)
        sensor = OpenSensor(
            track=WindowTrack(
                spec, batch.plan, position, SampleHistory(spec, position, self._policy, self.room)
            ),
            owner=owner,
            slot=slot,
            committed=position,
            batch=batch,
            layout=FrameLayout(
                batch.plan.names, spec.channels, tuple(unit.value for unit in spec.units)
            ),
        )
        self._by_key[sensor.key] = sensor
        self._epochs.setdefault(spec.sensor_id, set()).add(spec.epoch)
        return sensor

    def close(self, sensor: OpenSensor) -> None:
        """Take note that no more hops of a sensor come.

        It is kept until everything that arrived is committed, so that a stream which opens it
        before can retire it: two owners of one position would lock each other out.
        """
        sensor.closed = True
        self.settle(sensor)

    def settle(self, sensor: OpenSensor) -> None:
        """Forget a closed sensor if nothing of it is left to do."""
        if not (sensor.closed and sensor.settled):
            return
        if self._by_key.get(sensor.key) is sensor:
            self._forget(sensor)

    def newest_epoch(self, sensor_id: str) -> OpenSensor | None:
        """Return the open epoch of a sensor with the highest number, or None.

        Uploads from a buffer count only when nothing else is open.
        """
        found = [self._by_key[sensor_id, epoch] for epoch in self._epochs.get(sensor_id, ())]
        return max(
            found,
            key=lambda sensor: (not sensor.track.spec.backfill, sensor.key[1]),
            default=None,
        )

    def _forget(self, sensor: OpenSensor) -> None:
        sensor.track.history.release()
        sensor_id, epoch = sensor.key
        del self._by_key[sensor.key]
        epochs = self._epochs[sensor_id]
        epochs.discard(epoch)
        if not epochs:
            del self._epochs[sensor_id]
