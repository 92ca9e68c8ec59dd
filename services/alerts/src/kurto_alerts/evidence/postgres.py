"""Evidence on PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from kurto.alerts.v1 import evidence_pb2 as pb
from kurto.signal.v1 import spectrum_pb2
from kurto_alerts.evidence.moments import EvidenceState, choose_source
from kurto_alerts.evidence.ports import FoundEvidence, FreezeJob, FrozenEvidence
from kurto_alerts.exceptions import AlertNotFound
from kurto_alerts.frames import SensorProfile
from kurto_alerts.postgres.evidence_moments import MOMENT_COLUMNS, moment_from_row
from kurto_service.postgres import Pool

# Evidence is larger than what a call may store.
WRITE_TIMEOUT_S = 60.0
_TAKE = f"""
UPDATE alerts.evidence AS e SET attempt_count = e.attempt_count + 1,
    next_attempt_time = $1 + $4::interval
FROM (
    SELECT evidence_id FROM alerts.evidence
    WHERE state = 1 AND next_attempt_time <= $1 AND create_time <= $2
    ORDER BY next_attempt_time LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED) AS due
WHERE e.evidence_id = due.evidence_id
RETURNING {", ".join(f"e.{name}" for name in MOMENT_COLUMNS.split(", "))}, e.create_time,
    e.attempt_count
"""
_LOCK = """
SELECT evidence_id FROM alerts.evidence WHERE evidence_id = $1 AND state = 1
    AND first_moment = $2 AND last_moment = $3 FOR NO KEY UPDATE
"""
_INSERT_PART = """
INSERT INTO alerts.evidence_parts (evidence_id, part_number, sensor_id, channel, content)
VALUES ($1, $2, $3, $4, $5)
"""
_FINISH = """
UPDATE alerts.evidence SET state = 2, store_time = $2, byte_count = $3, summary = $4, problem = ''
WHERE evidence_id = $1
"""
_FAIL = "UPDATE alerts.evidence SET state = 3, problem = $2 WHERE evidence_id = $1 AND state = 1"
_EXPIRE = """
WITH sized AS (
    SELECT evidence_id, store_time, sum(byte_count) OVER (
        ORDER BY store_time DESC, evidence_id DESC) AS newer_bytes
    FROM alerts.evidence WHERE state = 2
), old AS (
    SELECT evidence_id FROM sized WHERE store_time < $1 OR newer_bytes > $2
    ORDER BY store_time, evidence_id LIMIT $3
), gone AS (
    DELETE FROM alerts.evidence_parts p USING old WHERE p.evidence_id = old.evidence_id
)
UPDATE alerts.evidence e SET state = 4, byte_count = 0, summary = NULL
FROM old WHERE e.evidence_id = old.evidence_id AND e.state = 2 RETURNING 1
"""
_FIND = """
SELECT a.alert_id, a.sensor_id, a.channel, e.evidence_id, e.state, e.problem, e.summary,
    e.store_time
FROM alerts.alerts a LEFT JOIN alerts.alert_evidence l USING (alert_id)
LEFT JOIN alerts.evidence e USING (evidence_id) WHERE a.alert_id = $1
"""
_SOURCES = """
SELECT sensor_id, channel FROM alerts.evidence_parts WHERE evidence_id = $1 ORDER BY part_number
"""
_PART = """
SELECT content FROM alerts.evidence_parts
WHERE evidence_id = $1 AND sensor_id = $2 AND channel = $3
"""
_PROFILES = """
SELECT sensor_id, burst_interval_us, machine_id, nominal_speed_hz FROM alerts.sensor_profiles
WHERE NOT archived AND (machine_id = $1 AND machine_id <> '' OR sensor_id = $2)
ORDER BY sensor_id
"""
_BASELINE = """
SELECT baseline_id, freeze_time FROM alerts.baselines WHERE sensor_id = $1 AND freeze_time <= $2
    AND (end_time IS NULL OR end_time > $2) ORDER BY baseline_id DESC LIMIT 1
"""
_NEW_BASELINES = """
SELECT baseline_id, sensor_id, freeze_time FROM alerts.baselines b WHERE freeze_time > $1
    AND NOT EXISTS (SELECT FROM alerts.baseline_spectra s WHERE s.baseline_id = b.baseline_id)
ORDER BY baseline_id LIMIT $2
"""


class PostgresEvidence:
    """Implements `EvidenceStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def take_due(
        self, *, now: datetime, settle_s: float, limit: int, lease_s: float
    ) -> list[FreezeJob]:
        """Return moments that are to be frozen, and put their next attempt off."""
        settled = now - timedelta(seconds=settle_s)
        async with self._pool.acquire() as session:
            rows = await session.fetch(_TAKE, now, settled, limit, timedelta(seconds=lease_s))
        return [
            FreezeJob(moment_from_row(row), row["create_time"], row["attempt_count"])
            for row in rows
        ]

    async def store(self, job: FreezeJob, frozen: FrozenEvidence, *, now: datetime) -> bool:
        """Store evidence once; False if its moment has changed since, or it is stored already."""
        moment = job.moment
        rows = [
            (
                moment.evidence_id,
                number,
                part.source.sensor_id,
                part.source.channel,
                part.SerializeToString(),
            )
            for number, part in enumerate(frozen.parts)
        ]
        async with self._pool.acquire() as session, session.transaction():
            found = await session.fetchval(_LOCK, moment.evidence_id, moment.first, moment.last)
            if found is None:
                return False
            await session.executemany(_INSERT_PART, rows, timeout=WRITE_TIMEOUT_S)
            await session.execute(
                _FINISH,
                moment.evidence_id,
                now,
                frozen.byte_count,
                frozen.summary.SerializeToString(),
            )
        return True

    async def postpone(self, job: FreezeJob, time: datetime) -> None:
        """Note when the next attempt is due."""
        query = "UPDATE alerts.evidence SET next_attempt_time = $2 WHERE evidence_id = $1"
        async with self._pool.acquire() as session:
            await session.execute(query, job.moment.evidence_id, time)

    async def fail(self, job: FreezeJob, problem: str) -> None:
        """Note that there will be no evidence."""
        async with self._pool.acquire() as session:
            await session.execute(_FAIL, job.moment.evidence_id, problem)

    async def profiles_of(self, place: str) -> Sequence[SensorProfile]:
        """Return the sensors of a machine, or the one sensor, that are not archived."""
        machine_id = place[1:] if place.startswith("/") else ""
        async with self._pool.acquire() as session:
            rows = await session.fetch(_PROFILES, machine_id, place)
        return [SensorProfile(**row) for row in rows]

    async def expire(self, *, before: datetime, total_bytes: int, limit: int) -> int:
        """Forget old evidence, and the oldest while there is too much; return how many."""
        async with self._pool.acquire() as session:
            return len(await session.fetch(_EXPIRE, before, total_bytes, limit))

    async def find(self, alert_id: str, sensor_id: str, channel: str) -> FoundEvidence | None:
        """Return the evidence of an alert; None if none was ever to be stored."""
        async with (
            self._pool.acquire() as session,
            session.transaction(isolation="repeatable_read", readonly=True),
        ):
            row = await session.fetchrow(_FIND, alert_id)
            if row is None:
                raise AlertNotFound(alert_id=alert_id)
            if row["state"] is None:
                return None
            if row["state"] != EvidenceState.STORED:
                return FoundEvidence(EvidenceState(row["state"]), row["problem"])
            sources = [tuple(one) for one in await session.fetch(_SOURCES, row["evidence_id"])]
            chosen = choose_source(
                sources, (sensor_id, channel), (row["sensor_id"], row["channel"])
            )
            content = chosen and await session.fetchval(_PART, row["evidence_id"], *chosen)
        summary = pb.Evidence.FromString(row["summary"])
        summary.store_time.FromDatetime(row["store_time"])
        part = pb.Evidence.FromString(content) if content is not None else None
        return FoundEvidence(EvidenceState.STORED, "", summary, part, sources)

    async def baseline_at(self, sensor_id: str, time: datetime) -> tuple[int, datetime] | None:
        """Return number and time of freezing of the baseline in force, None if there is none."""
        async with self._pool.acquire() as session:
            row = await session.fetchrow(_BASELINE, sensor_id, time)
        return None if row is None else (row["baseline_id"], row["freeze_time"])

    async def new_baselines(self, after: datetime, limit: int) -> list[tuple[int, str, datetime]]:
        """Return number, sensor and time of freezing of baselines without any spectrum."""
        async with self._pool.acquire() as session:
            rows = await session.fetch(_NEW_BASELINES, after, limit)
        return [tuple(row) for row in rows]

    async def baseline_spectra(self, baseline_id: int) -> Mapping[str, spectrum_pb2.Spectrum]:
        """Return the spectra of a baseline by channel."""
        query = "SELECT channel, content FROM alerts.baseline_spectra WHERE baseline_id = $1"
        async with self._pool.acquire() as session:
            rows = await session.fetch(query, baseline_id)
        return {row["channel"]: spectrum_pb2.Spectrum.FromString(row["content"]) for row in rows}

    async def save_baseline_spectrum(
        self, baseline_id: int, spectrum: spectrum_pb2.Spectrum
    ) -> None:
        """Keep the spectrum of a baseline's channel, if there is none yet."""
        query = (
            "INSERT INTO alerts.baseline_spectra (baseline_id, channel, content)"
            " VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
        )
        async with self._pool.acquire() as session:
            await session.execute(
                query, baseline_id, spectrum.channel, spectrum.SerializeToString()
            )
