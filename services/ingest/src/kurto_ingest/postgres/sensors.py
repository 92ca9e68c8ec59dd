"""Sensors and their configurations in PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kurto_ingest.assets.model import Sensor, SensorConfig
from kurto_ingest.exceptions import (
    Archived,
    ConcurrentChange,
    IdTaken,
    UnknownMachine,
    UnknownSensor,
)
from kurto_ingest.postgres.classes import class_for, policy_json
from kurto_ingest.postgres.machine_json import machine_data_json
from kurto_ingest.postgres.rows import (
    channels_json,
    config_from_row,
    sensor_from_row,
)
from kurto_service.postgres import Pool
from kurto_service.turns import in_turns

if TYPE_CHECKING:
    from kurto_service.postgres import PooledConnection

__all__ = ["SENSORS", "PostgresSensorStore"]

SENSORS = """
SELECT s.*, r.kind, r.keep_hours, r.span_hours,
       c.version, c.sample_rate_hz, c.channels, c.burst_length_samples, c.burst_interval_s,
       c.machine_data
FROM ingest.sensors AS s
JOIN ingest.retention_classes AS r USING (retention_class)
JOIN ingest.sensor_configs AS c ON c.sensor_id = s.sensor_id AND c.version = s.config_version
"""
_SENSOR = f"{SENSORS} WHERE s.sensor_id = $1"
_NEXT_REVISION = "UPDATE ingest.config_revision SET revision = revision + 1 RETURNING revision"


class PostgresSensorStore:
    """`kurto_ingest.ports.SensorStore` on PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create_sensor(self, sensor: Sensor) -> Sensor:
        """Store a new sensor with version 1; `UnknownMachine`, `Archived` or `IdTaken`."""
        async with self._pool.acquire() as connection, connection.transaction():
            if sensor.machine_id:
                await self._require_machine(connection, sensor.machine_id)
            retention = await class_for(connection, sensor.retention)
            revision = await connection.fetchval(_NEXT_REVISION)
            made = await connection.fetchval(
                "INSERT INTO ingest.sensors"
                " (sensor_id, machine_id, display_name, tags, config_version, revision,"
                " retention, retention_class)"
                " VALUES ($1, nullif($2, ''), $3, $4, 1, $5, $6::text::jsonb, $7)"
                " ON CONFLICT (sensor_id) DO NOTHING RETURNING true",
                sensor.sensor_id,
                sensor.machine_id,
                sensor.display_name,
                list(sensor.tags),
                revision,
                policy_json(sensor.retention),
                retention.number,
            )
            if not made:
                raise IdTaken("sensor", sensor.sensor_id)  # rolls the revision back
            await self._add_config(connection, sensor.sensor_id, sensor.config, 1)
            return await self._read_sensor(connection, sensor.sensor_id)

    @staticmethod
    async def _require_machine(connection: PooledConnection, machine_id: str) -> None:
        archived = await connection.fetchval(
            "SELECT archived FROM ingest.machines WHERE machine_id = $1 FOR SHARE", machine_id
        )
        if archived is None:
            raise UnknownMachine(machine_id)
        if archived:
            raise Archived("machine", machine_id)

    @staticmethod
    async def _add_config(
        connection: PooledConnection, sensor_id: str, config: SensorConfig, version: int
    ) -> None:
        await connection.execute(
            "INSERT INTO ingest.sensor_configs (sensor_id, version, sample_rate_hz, channels,"
            " burst_length_samples, burst_interval_s, machine_data)"
            " VALUES ($1, $2, $3, $4::text::jsonb, $5, $6, $7::text::jsonb)",
            sensor_id,
            version,
            config.sample_rate_hz,
            channels_json(config.channels),
            config.burst.length_samples if config.burst else None,
            config.burst.interval_s if config.burst else None,
            machine_data_json(config.machine),
        )

    @staticmethod
    async def _read_sensor(
        connection: PooledConnection, sensor_id: str, *, lock: bool = False
    ) -> Sensor:
        row = await connection.fetchrow(_SENSOR + (" FOR UPDATE OF s" if lock else ""), sensor_id)
        if row is None:
            raise UnknownSensor(sensor_id)
        return sensor_from_row(row)

    async def get_sensor(self, sensor_id: str) -> Sensor:
        """Return a sensor, or raise `UnknownSensor`."""
        async with self._pool.acquire() as connection:
            return await self._read_sensor(connection, sensor_id)

    async def list_sensors(
        self, after: str, limit: int, *, machine_id: str, include_archived: bool
    ) -> list[Sensor]:
        """Return sensors by id; an empty `machine_id` means all machines."""
        rows = await self._pool.fetch(
            f'{SENSORS} WHERE s.sensor_id COLLATE "C" > $1 AND ($3 OR NOT s.archived)'
            " AND ($4 = '' OR s.machine_id = $4)"
            ' ORDER BY s.sensor_id COLLATE "C" LIMIT $2',
            after,
            limit,
            include_archived,
            machine_id,
        )
        return await in_turns(sensor_from_row, rows)

    async def update_sensor(self, sensor: Sensor) -> Sensor:
        """Replace the changeable fields; a changed configuration gets the next version."""
        async with self._pool.acquire() as connection, connection.transaction():
            current = await self._read_sensor(connection, sensor.sensor_id, lock=True)
            version = current.config.version
            if sensor.config.version not in {0, version}:
                raise ConcurrentChange(sensor.sensor_id, sensor.config.version, version)
            if sensor.machine_id and sensor.machine_id != current.machine_id:
                await self._require_machine(connection, sensor.machine_id)
            retention = await class_for(connection, sensor.retention)
            if replace(sensor.config, version=version) != current.config:
                version += 1
                await self._add_config(connection, sensor.sensor_id, sensor.config, version)
            await connection.execute(
                "UPDATE ingest.sensors SET machine_id = nullif($2, ''), display_name = $3,"
                " tags = $4, config_version = $5, revision = $6, retention = $7::text::jsonb,"
                " retention_class = $8, update_time = now()"
                " WHERE sensor_id = $1",
                sensor.sensor_id,
                sensor.machine_id,
                sensor.display_name,
                list(sensor.tags),
                version,
                await connection.fetchval(_NEXT_REVISION),
                policy_json(sensor.retention),
                retention.number,
            )
            return await self._read_sensor(connection, sensor.sensor_id)

    async def archive_sensor(self, sensor_id: str) -> Sensor:
        """Archive a sensor."""
        return await self._switch(sensor_id, "archived", to=True)

    async def set_monitored(self, sensor_id: str, monitored: bool) -> Sensor:
        """Switch the analysis; nothing happens when it is so already."""
        return await self._switch(sensor_id, "monitored", to=monitored)

    async def _switch(self, sensor_id: str, column: str, *, to: bool) -> Sensor:
        async with self._pool.acquire() as connection, connection.transaction():
            current = await self._read_sensor(connection, sensor_id, lock=True)
            if getattr(current, column) is to:
                return current
            await connection.execute(
                f"UPDATE ingest.sensors SET {column} = $2, revision = $3, update_time = now()"
                " WHERE sensor_id = $1",
                sensor_id,
                to,
                await connection.fetchval(_NEXT_REVISION),
            )
            return await self._read_sensor(connection, sensor_id)

    async def get_config(self, sensor_id: str, version: int) -> SensorConfig:
        """Return an old or the current version of a configuration."""
        row = await self._pool.fetchrow(
            "SELECT * FROM ingest.sensor_configs WHERE sensor_id = $1 AND version = $2",
            sensor_id,
            version,
        )
        if row is None:
            raise UnknownSensor(sensor_id)
        return config_from_row(row)

    async def changes(self, after_revision: int, limit: int) -> list[Sensor]:
        """Return sensors whose last change lies above `after_revision`, by revision."""
        rows = await self._pool.fetch(
            f"{SENSORS} WHERE s.revision > $1 ORDER BY s.revision LIMIT $2", after_revision, limit
        )
        return [sensor_from_row(row) for row in rows]

    async def revision(self) -> int:
        """Return the number of the last change of any sensor."""
        return int(await self._pool.fetchval("SELECT revision FROM ingest.config_revision"))
