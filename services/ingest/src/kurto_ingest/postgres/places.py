"""Sites and machines in PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg

from kurto_ingest.assets.model import Machine, Site
from kurto_ingest.exceptions import (
    Archived,
    IdTaken,
    NotEmpty,
    UnknownMachine,
    UnknownSite,
)
from kurto_ingest.postgres.rows import (
    machine_from_row,
    site_from_row,
)
from kurto_service.postgres import Pool

if TYPE_CHECKING:
    from kurto_service.postgres import PooledConnection

__all__ = ["PostgresPlaceStore"]


class PostgresPlaceStore:
    """`kurto_ingest.ports.PlaceStore` on PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    # Sites

    async def create_site(self, site: Site) -> Site:
        """Store a new site; `IdTaken` if there is one."""
        row = await self._pool.fetchrow(
            "INSERT INTO ingest.sites (site_id, display_name) VALUES ($1, $2)"
            " ON CONFLICT DO NOTHING RETURNING *",
            site.site_id,
            site.display_name,
        )
        if row is None:
            raise IdTaken("site", site.site_id)
        return site_from_row(row)

    async def get_site(self, site_id: str) -> Site:
        """Return a site, or raise `UnknownSite`."""
        return self._site(
            site_id,
            await self._pool.fetchrow("SELECT * FROM ingest.sites WHERE site_id = $1", site_id),
        )

    @staticmethod
    def _site(site_id: str, row: asyncpg.Record | None) -> Site:
        if row is None:
            raise UnknownSite(site_id)
        return site_from_row(row)

    async def list_sites(self, after: str, limit: int, *, include_archived: bool) -> list[Site]:
        """Return up to `limit` sites whose id is above `after`, by id."""
        rows = await self._pool.fetch(
            'SELECT * FROM ingest.sites WHERE site_id COLLATE "C" > $1 AND ($3 OR NOT archived)'
            ' ORDER BY site_id COLLATE "C" LIMIT $2',
            after,
            limit,
            include_archived,
        )
        return [site_from_row(row) for row in rows]

    async def update_site(self, site: Site) -> Site:
        """Replace the changeable fields."""
        row = await self._pool.fetchrow(
            "UPDATE ingest.sites SET display_name = $2, update_time = now() WHERE site_id = $1"
            " RETURNING *",
            site.site_id,
            site.display_name,
        )
        return self._site(site.site_id, row)

    async def archive_site(self, site_id: str) -> Site:
        """Archive; `NotEmpty` while it has machines that are not archived."""
        async with self._pool.acquire() as connection, connection.transaction():
            # The lock holds back a machine that is just being created.
            row = await connection.fetchrow(
                "SELECT * FROM ingest.sites WHERE site_id = $1 FOR UPDATE", site_id
            )
            site = self._site(site_id, row)
            if site.archived:
                return site
            if await connection.fetchval(
                "SELECT 1 FROM ingest.machines WHERE site_id = $1 AND NOT archived LIMIT 1", site_id
            ):
                raise NotEmpty("site", site_id, "machine")
            row = await connection.fetchrow(
                "UPDATE ingest.sites SET archived = true, update_time = now() WHERE site_id = $1"
                " RETURNING *",
                site_id,
            )
        return self._site(site_id, row)

    # Machines

    async def create_machine(self, machine: Machine) -> Machine:
        """Store a new machine; `UnknownSite`, `Archived` (site) or `IdTaken`."""
        async with self._pool.acquire() as connection, connection.transaction():
            await self._require_site(connection, machine.site_id)
            row = await connection.fetchrow(
                "INSERT INTO ingest.machines (machine_id, site_id, display_name, nominal_speed_rpm)"
                " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING *",
                machine.machine_id,
                machine.site_id,
                machine.display_name,
                machine.nominal_speed_rpm,
            )
        if row is None:
            raise IdTaken("machine", machine.machine_id)
        return machine_from_row(row)

    async def _require_site(self, connection: PooledConnection, site_id: str) -> None:
        row = await connection.fetchrow(
            "SELECT * FROM ingest.sites WHERE site_id = $1 FOR SHARE", site_id
        )
        if self._site(site_id, row).archived:
            raise Archived("site", site_id)

    async def get_machine(self, machine_id: str) -> Machine:
        """Return a machine, or raise `UnknownMachine`."""
        return self._machine(
            machine_id,
            await self._pool.fetchrow(
                "SELECT * FROM ingest.machines WHERE machine_id = $1", machine_id
            ),
        )

    @staticmethod
    def _machine(machine_id: str, row: asyncpg.Record | None) -> Machine:
        if row is None:
            raise UnknownMachine(machine_id)
        return machine_from_row(row)

    async def list_machines(
        self, after: str, limit: int, *, site_id: str, include_archived: bool
    ) -> list[Machine]:
        """Return machines by id; an empty `site_id` means all sites."""
        rows = await self._pool.fetch(
            'SELECT * FROM ingest.machines WHERE machine_id COLLATE "C" > $1'
            " AND ($3 OR NOT archived) AND ($4 = '' OR site_id = $4)"
            ' ORDER BY machine_id COLLATE "C" LIMIT $2',
            after,
            limit,
            include_archived,
            site_id,
        )
        return [machine_from_row(row) for row in rows]

    async def update_machine(self, machine: Machine) -> Machine:
        """Replace the changeable fields."""
        async with self._pool.acquire() as connection, connection.transaction():
            current = await connection.fetchrow(
                "SELECT * FROM ingest.machines WHERE machine_id = $1 FOR UPDATE", machine.machine_id
            )
            if self._machine(machine.machine_id, current).site_id != machine.site_id:
                await self._require_site(connection, machine.site_id)
            row = await connection.fetchrow(
                "UPDATE ingest.machines SET site_id = $2, display_name = $3,"
                " nominal_speed_rpm = $4, update_time = now() WHERE machine_id = $1 RETURNING *",
                machine.machine_id,
                machine.site_id,
                machine.display_name,
                machine.nominal_speed_rpm,
            )
        return self._machine(machine.machine_id, row)

    async def archive_machine(self, machine_id: str) -> Machine:
        """Archive; `NotEmpty` while it has sensors that are not archived."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                "SELECT * FROM ingest.machines WHERE machine_id = $1 FOR UPDATE", machine_id
            )
            machine = self._machine(machine_id, row)
            if machine.archived:
                return machine
            if await connection.fetchval(
                "SELECT 1 FROM ingest.sensors WHERE machine_id = $1 AND NOT archived LIMIT 1",
                machine_id,
            ):
                raise NotEmpty("machine", machine_id, "sensor")
            row = await connection.fetchrow(
                "UPDATE ingest.machines SET archived = true, update_time = now()"
                " WHERE machine_id = $1 RETURNING *",
                machine_id,
            )
        return self._machine(machine_id, row)
