"""What the rest of ingest needs of the stores of sites, machines and sensors."""

from __future__ import annotations

from typing import Protocol

from kurto_ingest.assets.model import Machine, Sensor, SensorConfig, Site

__all__ = ["PlaceStore", "SensorStore"]


class PlaceStore(Protocol):
    """Sites and machines. Methods raise the domain errors that their callers see."""

    async def create_site(self, site: Site) -> Site:
        """Store a new site; `IdTaken` if there is one."""
        ...

    async def get_site(self, site_id: str) -> Site:
        """Return a site, or raise `UnknownSite`."""
        ...

    async def list_sites(self, after: str, limit: int, *, include_archived: bool) -> list[Site]:
        """Return up to `limit` sites whose id is above `after`, by id."""
        ...

    async def update_site(self, site: Site) -> Site:
        """Replace the changeable fields."""
        ...

    async def archive_site(self, site_id: str) -> Site:
        """Archive; `NotEmpty` while it has machines that are not archived."""
        ...

    async def create_machine(self, machine: Machine) -> Machine:
        """Store a new machine; `UnknownSite`, `Archived` (site) or `IdTaken`."""
        ...

    async def get_machine(self, machine_id: str) -> Machine:
        """Return a machine, or raise `UnknownMachine`."""
        ...

    async def list_machines(
        self, after: str, limit: int, *, site_id: str, include_archived: bool
    ) -> list[Machine]:
        """Return machines by id; an empty `site_id` means all sites."""
        ...

    async def update_machine(self, machine: Machine) -> Machine:
        """Replace the changeable fields."""
        ...

    async def archive_machine(self, machine_id: str) -> Machine:
        """Archive; `NotEmpty` while it has sensors that are not archived."""
        ...


class SensorStore(Protocol):
    """Sensors and their configurations. Methods raise the domain errors that callers see."""

    async def create_sensor(self, sensor: Sensor) -> Sensor:
        """Store a new sensor with version 1; `UnknownMachine`, `Archived` or `IdTaken`."""
        ...

    async def get_sensor(self, sensor_id: str) -> Sensor:
        """Return a sensor, or raise `UnknownSensor`."""
        ...

    async def list_sensors(
        self, after: str, limit: int, *, machine_id: str, include_archived: bool
    ) -> list[Sensor]:
        """Return sensors by id; an empty `machine_id` means all machines."""
        ...

    async def update_sensor(self, sensor: Sensor) -> Sensor:
        """Replace the changeable fields; a changed configuration gets the next version.

        A `config.version` other than 0 must be the current one, else `ConcurrentChange`.
        """
        ...

    async def archive_sensor(self, sensor_id: str) -> Sensor:
        """Archive a sensor."""
        ...

    async def set_monitored(self, sensor_id: str, monitored: bool) -> Sensor:
        """Switch the analysis; nothing happens when it is so already."""
        ...

    async def get_config(self, sensor_id: str, version: int) -> SensorConfig:
        """Return an old or the current version of a configuration."""
        ...

    async def changes(self, after_revision: int, limit: int) -> list[Sensor]:
        """Return sensors whose last change lies above `after_revision`, by revision."""
        ...

    async def revision(self) -> int:
        """Return the number of the last change of any sensor."""
        ...
