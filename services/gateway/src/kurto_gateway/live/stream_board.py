"""The newest state of every sensor's stream."""

from __future__ import annotations

from collections.abc import Iterable

from kurto.ingest.v1 import stream_status_pb2
from kurto_gateway.live.encoding import Encoded

__all__ = ["StreamBoard"]


class StreamBoard:
    """States by sensor.

    Parameters
    ----------
    max_sensors : int
        Sensors remembered; further ones are passed on but not shown at the beginning.
    """

    def __init__(self, *, max_sensors: int) -> None:
        self._max_sensors = max_sensors
        self._states: dict[str, Encoded] = {}

    def update(self, states: Iterable[stream_status_pb2.SensorStatus]) -> dict[str, Encoded]:
        """Take new states and return them by sensor, ready to be sent."""
        news = {state.sensor_id: Encoded(state) for state in states}
        for sensor_id, encoded in news.items():
            if sensor_id in self._states or len(self._states) < self._max_sensors:
                self._states[sensor_id] = encoded
        return news

    def replace(self, states: Iterable[stream_status_pb2.SensorStatus]) -> dict[str, Encoded]:
        """Take the states of all sensors: ones that are not among them are forgotten."""
        self._states = {}
        return self.update(states)

    def all(self) -> dict[str, Encoded]:
        """Return the states of all sensors."""
        return dict(self._states)
