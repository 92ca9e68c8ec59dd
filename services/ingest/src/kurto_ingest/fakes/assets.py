"""The registry in memory; passes the same contract tests as PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from kurto_ingest.assets.model import Machine, Sensor, SensorConfig, Site
from kurto_ingest.assets.retention import (
    BUFFER_CLASS,
    DEFAULT_CLASS,
    FOREVER_CLASS,
    MAX_TIME_CLASSES,
    ClassKind,
    KeepAll,
    KeepFor,
    RetentionClass,
    RetentionPolicy,
    span_for,
)
from kurto_ingest.exceptions import (
    Archived,
    ConcurrentChange,
    IdTaken,
    NotEmpty,
    UnknownMachine,
    UnknownSensor,
    UnknownSite,
)
from kurto_ingest.space.exceptions import TooManyRetentionTimes

__all__ = ["FakePlaceStore", "FakeRegistry", "FakeSensorStore"]

_FIRST_TIME_CLASS = 10


@dataclass(slots=True)
class FakeRegistry:
    """What both stores share."""

    now: Callable[[], datetime]
    sites: dict[str, Site] = field(default_factory=dict)
    machines: dict[str, Machine] = field(default_factory=dict)
    sensors: dict[str, Sensor] = field(default_factory=dict)
    configs: dict[tuple[str, int], SensorConfig] = field(default_factory=dict)
    revision: int = 0
    times: dict[int, RetentionClass] = field(default_factory=dict)

    def machine(self, machine_id: str) -> Machine:
        """Return a machine, or raise `UnknownMachine`."""
        if machine_id not in self.machines:
            raise UnknownMachine(machine_id)
        return self.machines[machine_id]

    def next_revision(self) -> int:
        """Count a change of a sensor."""
        self.revision += 1
        return self.revision

    def class_for(self, policy: RetentionPolicy | None) -> RetentionClass:
        """Return the class of sensors with a policy; makes it if need be."""
        match policy:
            case None:
                return DEFAULT_CLASS
            case KeepAll():
                return FOREVER_CLASS
            case KeepFor(hours):
                return self._time_class(hours)
            case _:
                return BUFFER_CLASS

    def _time_class(self, hours: int) -> RetentionClass:
        if hours not in self.times:
            number = _FIRST_TIME_CLASS + len(self.times)
            if len(self.times) >= MAX_TIME_CLASSES:
                used = {sensor.retention_class for sensor in self.sensors.values()}
                unused = [item for item in self.times.values() if item not in used]
                if not unused:
                    raise TooManyRetentionTimes(hours, sorted(self.times))
                number = unused[0].number
                self.times = {key: item for key, item in self.times.items() if item != unused[0]}
            self.times[hours] = RetentionClass(number, ClassKind.TIME, hours, span_for(hours))
        return self.times[hours]


class FakePlaceStore:
    """`kurto_ingest.ports.PlaceStore` in memory."""

    def __init__(self, registry: FakeRegistry) -> None:
        self._all = registry

    async def create_site(self, site: Site) -> Site:
        """Store a new site; `IdTaken` if there is one."""
        if site.site_id in self._all.sites:
            raise IdTaken("site", site.site_id)
        now = self._all.now()
        stored = replace(site, archived=False, create_time=now, update_time=now)
        self._all.sites[site.site_id] = stored
        return stored

    async def get_site(self, site_id: str) -> Site:
        """Return a site, or raise `UnknownSite`."""
        if site_id not in self._all.sites:
            raise UnknownSite(site_id)
        return self._all.sites[site_id]

    async def list_sites(self, after: str, limit: int, *, include_archived: bool) -> list[Site]:
        """Return up to `limit` sites whose id is above `after`, by id."""
        found = [
            self._all.sites[key]
            for key in sorted(self._all.sites)
            if key > after and (include_archived or not self._all.sites[key].archived)
        ]
        return found[:limit]

    async def update_site(self, site: Site) -> Site:
        """Replace the changeable fields."""
        current = await self.get_site(site.site_id)
        stored = replace(current, display_name=site.display_name, update_time=self._all.now())
        self._all.sites[site.site_id] = stored
        return stored

    async def archive_site(self, site_id: str) -> Site:
        """Archive; `NotEmpty` while it has machines that are not archived."""
        site = await self.get_site(site_id)
        if site.archived:
            return site
        if any(
            machine.site_id == site_id and not machine.archived
            for machine in self._all.machines.values()
        ):
            raise NotEmpty("site", site_id, "machine")
        stored = replace(site, archived=True, update_time=self._all.now())
        self._all.sites[site_id] = stored
        return stored

    async def _require_site(self, site_id: str) -> None:
        if (await self.get_site(site_id)).archived:
            raise Archived("site", site_id)

    async def create_machine(self, machine: Machine) -> Machine:
        """Store a new machine; `UnknownSite`, `Archived` (site) or `IdTaken`."""
        await self._require_site(machine.site_id)
        if machine.machine_id in self._all.machines:
            raise IdTaken("machine", machine.machine_id)
        now = self._all.now()
        stored = replace(machine, archived=False, create_time=now, update_time=now)
        self._all.machines[machine.machine_id] = stored
        return stored

    async def get_machine(self, machine_id: str) -> Machine:
        """Return a machine, or raise `UnknownMachine`."""
        return self._all.machine(machine_id)

    async def list_machines(
        self, after: str, limit: int, *, site_id: str, include_archived: bool
    ) -> list[Machine]:
        """Return machines by id; an empty `site_id` means all sites."""
        found = [
            machine
            for key, machine in sorted(self._all.machines.items())
            if key > after
            and (include_archived or not machine.archived)
            and site_id in {"", machine.site_id}
        ]
        return found[:limit]

    async def update_machine(self, machine: Machine) -> Machine:
        """Replace the changeable fields."""
        current = self._all.machine(machine.machine_id)
        if machine.site_id != current.site_id:
            await self._require_site(machine.site_id)
        stored = replace(
            machine,
            archived=current.archived,
            create_time=current.create_time,
            update_time=self._all.now(),
        )
        self._all.machines[machine.machine_id] = stored
        return stored

    async def archive_machine(self, machine_id: str) -> Machine:
        """Archive; `NotEmpty` while it has sensors that are not archived."""
        machine = self._all.machine(machine_id)
        if machine.archived:
            return machine
        if any(
            sensor.machine_id == machine_id and not sensor.archived
            for sensor in self._all.sensors.values()
        ):
            raise NotEmpty("machine", machine_id, "sensor")
        stored = replace(machine, archived=True, update_time=self._all.now())
        self._all.machines[machine_id] = stored
        return stored


class FakeSensorStore:
    """`kurto_ingest.ports.SensorStore` in memory."""

    def __init__(self, registry: FakeRegistry) -> None:
        self._all = registry

    def _require_machine(self, machine_id: str) -> None:
        if machine_id and self._all.machine(machine_id).archived:
            raise Archived("machine", machine_id)

    def _store(self, sensor: Sensor) -> Sensor:
        stored = replace(sensor, revision=self._all.next_revision(), update_time=self._all.now())
        self._all.sensors[sensor.sensor_id] = stored
        self._all.configs[sensor.sensor_id, sensor.config.version] = sensor.config
        return stored

    async def create_sensor(self, sensor: Sensor) -> Sensor:
        """Store a new sensor with version 1; `UnknownMachine`, `Archived` or `IdTaken`."""
        self._require_machine(sensor.machine_id)
        if sensor.sensor_id in self._all.sensors:
            raise IdTaken("sensor", sensor.sensor_id)
        new = replace(
            sensor,
            sensor_key=len(self._all.sensors) + 1,
            config=replace(sensor.config, version=1),
            monitored=True,
            archived=False,
            create_time=self._all.now(),
            retention_class=self._all.class_for(sensor.retention),
        )
        return self._store(new)

    async def get_sensor(self, sensor_id: str) -> Sensor:
        """Return a sensor, or raise `UnknownSensor`."""
        if sensor_id not in self._all.sensors:
            raise UnknownSensor(sensor_id)
        return self._all.sensors[sensor_id]

    async def list_sensors(
        self, after: str, limit: int, *, machine_id: str, include_archived: bool
    ) -> list[Sensor]:
        """Return sensors by id; an empty `machine_id` means all machines."""
        found = [
            sensor
            for key, sensor in sorted(self._all.sensors.items())
            if key > after
            and (include_archived or not sensor.archived)
            and machine_id in {"", sensor.machine_id}
        ]
        return found[:limit]

    async def update_sensor(self, sensor: Sensor) -> Sensor:
        """Replace the changeable fields; a changed configuration gets the next version."""
        current = await self.get_sensor(sensor.sensor_id)
        version = current.config.version
        if sensor.config.version not in {0, version}:
            raise ConcurrentChange(sensor.sensor_id, sensor.config.version, version)
        if sensor.machine_id != current.machine_id:
            self._require_machine(sensor.machine_id)
        changed = replace(sensor.config, version=version) != current.config
        return self._store(
            replace(
                current,
                machine_id=sensor.machine_id,
                display_name=sensor.display_name,
                tags=sensor.tags,
                retention=sensor.retention,
                retention_class=self._all.class_for(sensor.retention),
                config=replace(sensor.config, version=version + changed),
            )
        )

    async def archive_sensor(self, sensor_id: str) -> Sensor:
        """Archive a sensor."""
        sensor = await self.get_sensor(sensor_id)
        return sensor if sensor.archived else self._store(replace(sensor, archived=True))

    async def set_monitored(self, sensor_id: str, monitored: bool) -> Sensor:
        """Switch the analysis; nothing happens when it is so already."""
        sensor = await self.get_sensor(sensor_id)
        if sensor.monitored is monitored:
            return sensor
        return self._store(replace(sensor, monitored=monitored))

    async def get_config(self, sensor_id: str, version: int) -> SensorConfig:
        """Return an old or the current version of a configuration."""
        if (sensor_id, version) not in self._all.configs:
            raise UnknownSensor(sensor_id)
        return self._all.configs[sensor_id, version]

    async def changes(self, after_revision: int, limit: int) -> list[Sensor]:
        """Return sensors whose last change lies above `after_revision`, by revision."""
        changed = sorted(self._all.sensors.values(), key=lambda sensor: sensor.revision)
        return [sensor for sensor in changed if sensor.revision > after_revision][:limit]

    async def revision(self) -> int:
        """Return the number of the last change of any sensor."""
        return self._all.revision
