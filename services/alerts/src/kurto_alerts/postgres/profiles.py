"""What the registry said about sensors, on PostgreSQL."""

from collections.abc import Sequence

from kurto_alerts.frames import SensorProfile
from kurto_alerts.postgres.rows import Session
from kurto_service.postgres import Pool

_COLUMNS = (
    "sensor_id",
    "tags",
    "burst_interval_us",
    "archived",
    "machine_id",
    "keeps_around_alarms",
    "machine_class",
    "nominal_speed_hz",
)
_UPSERT = (
    f"INSERT INTO alerts.sensor_profiles ({', '.join(_COLUMNS)})"
    f" VALUES ({', '.join(f'${n}' for n in range(1, len(_COLUMNS) + 1))})"
    " ON CONFLICT (sensor_id) DO UPDATE SET"
    f" {', '.join(f'{name} = excluded.{name}' for name in _COLUMNS[1:])}"
)


async def select_profiles(session: Session) -> dict[str, SensorProfile]:
    """Return all profiles by sensor id."""
    rows = await session.fetch(f"SELECT {', '.join(_COLUMNS)} FROM alerts.sensor_profiles")
    return {
        row["sensor_id"]: SensorProfile(**{**row, "tags": frozenset(row["tags"])}) for row in rows
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
            cursor = await session.fetchval("SELECT reference_cursor FROM alerts.registry_cursor")
        return profiles, cursor or ""

    async def save_profiles(self, profiles: Sequence[SensorProfile], cursor: str) -> None:
        """Store changed profiles together with the cursor behind them."""
        rows = [
            tuple(
                sorted(profile.tags) if name == "tags" else getattr(profile, name)
                for name in _COLUMNS
            )
            for profile in profiles
        ]
        async with self._pool.acquire() as session, session.transaction():
            await session.executemany(_UPSERT, rows)
            await session.execute(
                # The release before reads and writes `full_cursor`, and the one before it
                # `cursor`: empty, so that it begins anew.
                "INSERT INTO alerts.registry_cursor (cursor, full_cursor, reference_cursor)"
                " VALUES ('', $1, $1) ON CONFLICT (singleton) DO UPDATE"
                " SET full_cursor = excluded.full_cursor,"
                " reference_cursor = excluded.reference_cursor",
                cursor,
            )
