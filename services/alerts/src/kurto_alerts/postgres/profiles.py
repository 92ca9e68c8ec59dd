"""What the registry said about sensors, on PostgreSQL."""

from collections.abc import Sequence

from kurto_alerts.frames import SensorProfile
from kurto_alerts.postgres.rows import Session
from kurto_service.postgres import Pool

_UPSERT = (
    "INSERT INTO alerts.sensor_profiles"
    " (sensor_id, tags, burst_interval_us, archived, machine_id, keeps_around_alarms)"
    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (sensor_id) DO UPDATE SET tags = excluded.tags,"
    " burst_interval_us = excluded.burst_interval_us, archived = excluded.archived,"
    " machine_id = excluded.machine_id, keeps_around_alarms = excluded.keeps_around_alarms"
)


async def select_profiles(session: Session) -> dict[str, SensorProfile]:
    """Return all profiles by sensor id."""
    rows = await session.fetch(
        "SELECT sensor_id, tags, burst_interval_us, archived, machine_id, keeps_around_alarms"
        " FROM alerts.sensor_profiles"
    )
    return {
        row["sensor_id"]: SensorProfile(
            row["sensor_id"],
            frozenset(row["tags"]),
            row["burst_interval_us"],
            row["archived"],
            row["machine_id"],
            row["keeps_around_alarms"],
        )
        for row in rows
    }


class PostgresProfiles:
    """Implements `ports.ProfileStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def load_profiles(self) -> tuple[dict[str, SensorProfile], str]:
        """Return the profiles and the registry's cursor; empty at first."""
        async with (
            self._pool.acquire() as session,
            session.transaction(isolation="repeatable_read", readonly=True),
        ):
            profiles = await select_profiles(session)
            cursor = await session.fetchval("SELECT full_cursor FROM alerts.registry_cursor")
        return profiles, cursor or ""

    async def save_profiles(self, profiles: Sequence[SensorProfile], cursor: str) -> None:
        """Store changed profiles together with the cursor behind them."""
        rows = [
            (
                profile.sensor_id,
                sorted(profile.tags),
                profile.burst_interval_us,
                profile.archived,
                profile.machine_id,
                profile.keeps_around_alarms,
            )
            for profile in profiles
        ]
        async with self._pool.acquire() as session, session.transaction():
            await session.executemany(_UPSERT, rows)
            await session.execute(
                # The release before reads `cursor`: empty, so that it begins anew.
                "INSERT INTO alerts.registry_cursor (cursor, full_cursor) VALUES ('', $1)"
                " ON CONFLICT (singleton) DO UPDATE SET full_cursor = excluded.full_cursor",
                cursor,
            )
