"""What follows from a change of a sensor: analysis on and off, configuration, archiving."""

from __future__ import annotations

from kurto_ingest.assets.config_follower import ConfigFollower
from kurto_ingest.assets.model import Sensor
from kurto_ingest.assets.ports import SensorStore
from kurto_ingest.exceptions import Archived
from kurto_ingest.forwarding.forwarder import WindowForwarder
from kurto_ingest.ports import StreamStore
from kurto_ingest.pushing.opening import fitting_config
from kurto_ingest.pushing.registry import StreamRegistry, inspector_for

__all__ = ["Monitoring"]


class Monitoring:
    """Keeps live streams in step with their sensors.

    Parameters
    ----------
    sensors, streams : SensorStore, StreamStore
        Keep what is switched.
    registry : StreamRegistry
        The live streams.
    forwarder : WindowForwarder
        Takes their windows to the analyzer.
    follower : ConfigFollower
        Told of changes.
    """

    def __init__(
        self,
        *,
        sensors: SensorStore,
        streams: StreamStore,
        registry: StreamRegistry,
        forwarder: WindowForwarder,
        follower: ConfigFollower,
    ) -> None:
        self._sensors = sensors
        self._streams = streams
        self._registry = registry
        self._forwarder = forwarder
        self._follower = follower

    async def start(self, sensor_id: str) -> Sensor:
        """Analyse a sensor from its next sample on.

        Raises
        ------
        UnknownSensor, Archived
        """
        sensor = await self._sensors.get_sensor(sensor_id)
        if sensor.archived:
            raise Archived("sensor", sensor_id)
        if sensor.monitored:
            return sensor
        newest = await self._streams.find(sensor_id, 0)
        if newest is not None:
            # First the mark, then the switch: in between nothing is analysed that should not be.
            session = self._registry.get(newest.key)
            position = session.live.accepted if session else newest.position
            await self._streams.analyze_from(sensor_id, position.next_index, newest.format.epoch)
        sensor = await self._sensors.set_monitored(sensor_id, monitored=True)
        self.apply(sensor)
        for session in self._registry.of_sensor(sensor_id):
            record = await self._streams.find(*session.key)
            if record is not None:
                config = await fitting_config(self._sensors, record, sensor)
                self._forwarder.attach(session, record, config)
        self._follower.hurry()
        return sensor

    async def stop(self, sensor_id: str) -> Sensor:
        """Leave a sensor's samples unanalysed from here on; they are stored all the same.

        Raises
        ------
        UnknownSensor
        """
        sensor = await self._sensors.set_monitored(sensor_id, monitored=False)
        self.apply(sensor)
        self._follower.hurry()
        return sensor

    def apply(self, sensor: Sensor) -> None:
        """Let the live streams of `sensor` follow its change."""
        for session in self._registry.of_sensor(sensor.sensor_id):
            session.sensor = sensor
            session.units.declare(sensor.config.machine.process_values)
            if sensor.config.fits(session.live.format):
                session.live.values.follow_load(sensor.config.load)
            session.live.inspect_with(inspector_for(session.live, sensor))
            if sensor.archived:
                self._forwarder.detach(session)
                self._registry.remove(session, Archived("sensor", sensor.sensor_id))
        if sensor.archived or not sensor.monitored:
            self._forwarder.stop(sensor.sensor_id)
        else:
            self._forwarder.reconfigure(sensor)
