"""Where machines stand, on PostgreSQL."""

from collections.abc import Sequence

from kurto_service.postgres import Pool


class PostgresSites:
    """Implements `ports.SiteStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def save_sites(self, sites: Sequence[tuple[str, str]]) -> None:
        """Store (machine, site) pairs; others stay."""
        async with self._pool.acquire() as session:
            await session.executemany(
                "INSERT INTO alerts.machine_sites (machine_id, site_id) VALUES ($1, $2)"
                " ON CONFLICT (machine_id) DO UPDATE SET site_id = excluded.site_id"
                " WHERE machine_sites.site_id <> excluded.site_id",
                sites,
            )
