"""One suite for evidence in memory and on PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import asyncpg
import pytest

from kurto.alerts.v1 import evidence_pb2 as pb
from kurto.signal.v1 import spectrum_pb2
from kurto_alerts.alert_state import (
    AlertKind,
    ConditionChange,
    ConditionState,
    Key,
    Transition,
    TransitionKind,
    alert_id_of,
)
from kurto_alerts.evidence.moments import EvidenceState
from kurto_alerts.evidence.ports import EvidenceStore, FreezeJob, FrozenEvidence
from kurto_alerts.evidence.postgres import PostgresEvidence
from kurto_alerts.exceptions import AlertNotFound
from kurto_alerts.fakes import MemoryDatabase, MemoryProfiles
from kurto_alerts.fakes.evidence import MemoryEvidence
from kurto_alerts.frames import SensorProfile
from kurto_alerts.ports import EvaluationBatch, ProfileStore
from kurto_alerts.postgres import PostgresEvaluationLock, PostgresProfiles
from kurto_alerts.rules import Severity
from kurto_alerts.testing import START_US, make_rule
from kurto_service.postgres import Pool, create_pool

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@dataclass
class Stores:
    evidence: EvidenceStore
    profiles: ProfileStore
    dsn: str
    pool: Pool | None = None
    database: MemoryDatabase | None = None

    async def commit(self, *changes: ConditionChange, now: datetime = NOW) -> list[Transition]:
        """Store changes as evaluation does."""
        if self.database is not None:
            transitions = self.database.decide(changes, now)
            assert isinstance(self.evidence, MemoryEvidence)
            self.evidence.note(transitions, changes, now)
            return transitions
        lock = PostgresEvaluationLock(self.dsn, connect_timeout_s=30.0, command_timeout_s=30.0)
        store = await lock.acquire()
        assert store is not None
        try:
            return await store.commit(EvaluationBatch(rules_revision=0, changes=changes), now=now)
        finally:
            await lock.release()

    async def take(self, now: datetime = NOW, limit: int = 100) -> list[FreezeJob]:
        """Take what is due."""
        return await self.evidence.take_due(now=now, settle_s=0.0, limit=limit, lease_s=10.0)


@pytest.fixture
async def stores(dsn: str) -> AsyncIterator[Stores]:
    if not dsn:
        database = MemoryDatabase()
        yield Stores(MemoryEvidence(database), MemoryProfiles(database), dsn, database=database)
        return
    pool = await create_pool(dsn, max_size=4)
    yield Stores(PostgresEvidence(pool), PostgresProfiles(pool), dsn, pool)
    await pool.close()


def raised(
    sensor_id: str = "a",
    *,
    at_s: float = 0.0,
    machine_id: str = "pump",
    kind: AlertKind = AlertKind.VIBRATION,
) -> ConditionChange:
    key, window = Key(sensor_id, "x", "high"), round(at_s * 10)
    return ConditionChange(
        kind=TransitionKind.RAISED,
        alert_id=alert_id_of(key, epoch=1, window_index=window),
        key=key,
        rule=make_rule("high"),
        severity=Severity.WARNING,
        state=ConditionState.ACTIVE,
        value=2.0,
        worst_value=2.0,
        limit=1.0,
        epoch=1,
        window_index=window,
        time_us=START_US + round(at_s * 1e6),
        alert_kind=kind,
        machine_id=machine_id,
    )


def frozen(*sources: tuple[str, str], size: int = 100) -> FrozenEvidence:
    parts = []
    for sensor_id, channel in sources:
        part = pb.Evidence(source=pb.EvidenceSource(sensor_id=sensor_id, channel=channel))
        part.waveform.values.extend([0.5] * size)
        parts.append(part)
    return FrozenEvidence(pb.Evidence(remarks=["all of it"]), parts)


async def state_of(stores: Stores, alert_id: str) -> EvidenceState | None:
    found = await stores.evidence.find(alert_id, "", "")
    return None if found is None else found.state


async def test_alerts_of_one_moment_of_a_machine_share_it(stores: Stores) -> None:
    first, second = raised("a"), raised("b", at_s=1.5)
    await stores.commit(first, raised("c", machine_id="fan"))
    await stores.commit(second, raised("d", machine_id=""))
    jobs = await stores.take()
    assert sorted(job.moment.place for job in jobs) == ["/fan", "/pump", "d"]
    (shared,) = [job for job in jobs if job.moment.place == "/pump"]
    assert shared.moment.last - shared.moment.first == 1.5 * SECOND
    assert await stores.evidence.store(shared, frozen(("a", "x"), ("b", "x")), now=NOW)
    for change in (first, second):
        found = await stores.evidence.find(change.alert_id, "", "")
        assert found is not None
        assert found.part is not None
        assert found.part.source.sensor_id == change.key.sensor_id
        assert list(found.sources) == [("a", "x"), ("b", "x")]


async def test_a_flood_at_one_moment_is_one_moment(stores: Stores) -> None:
    await stores.commit(*(raised(f"s{n}", at_s=n % 20 / 10) for n in range(300)))
    (job,) = await stores.take()
    assert await stores.evidence.store(job, frozen(("s0", "x")), now=NOW)
    await stores.commit(raised("late", at_s=0.7))  # within what is stored
    assert await stores.take(NOW + 100 * SECOND) == []
    late = raised("late", at_s=0.7).alert_id
    assert await state_of(stores, late) is EvidenceState.STORED


async def test_an_alert_that_is_worse_in_the_same_batch_has_one_moment(stores: Stores) -> None:
    first = raised("a")
    worse = replace(first, kind=TransitionKind.ESCALATED, time_us=first.time_us + 60_000_000)
    transitions = await stores.commit(first, worse)
    assert [one.kind for one in transitions] == [TransitionKind.RAISED, TransitionKind.ESCALATED]
    (job,) = await stores.take()
    assert job.moment.first == job.moment.last
    assert await state_of(stores, first.alert_id) is EvidenceState.PENDING


async def test_a_later_moment_has_evidence_of_its_own(stores: Stores) -> None:
    await stores.commit(raised("a"))
    await stores.commit(raised("b", at_s=2.1))
    assert len(await stores.take()) == 2


async def test_evidence_is_stored_once_and_only_of_the_moment_as_it_is(stores: Stores) -> None:
    await stores.commit(raised("a"))
    (old,) = await stores.take()
    await stores.commit(raised("b", at_s=1.0))  # the range is longer now
    assert not await stores.evidence.store(old, frozen(("a", "x")), now=NOW)
    (job,) = await stores.take(NOW + 10 * SECOND)
    assert await stores.evidence.store(job, frozen(("a", "x")), now=NOW)
    assert not await stores.evidence.store(job, frozen(("a", "x"), ("b", "x")), now=NOW)
    await stores.evidence.fail(job, "too late to fail")
    found = await stores.evidence.find(raised("a").alert_id, "a", "x")
    assert found is not None
    assert found.state is EvidenceState.STORED
    assert list(found.sources) == [("a", "x")]


async def test_the_same_alert_again_changes_nothing(stores: Stores) -> None:
    await stores.commit(raised("a"))
    (job,) = await stores.take()
    await stores.evidence.store(job, frozen(("a", "x")), now=NOW)
    await stores.commit(raised("a"))
    worse = raised("a", at_s=0.0)
    fields = {name: getattr(worse, name) for name in worse.__dataclass_fields__}
    fields |= {"kind": TransitionKind.ESCALATED, "time_us": START_US + 60_000_000}
    (transition,) = await stores.commit(ConditionChange(**fields))
    assert transition.kind is TransitionKind.ESCALATED
    assert await stores.take(NOW + 100 * SECOND) == []


async def test_an_alert_without_evidence_has_another_try_when_it_becomes_worse(
    stores: Stores,
) -> None:
    await stores.commit(raised("a"))
    (job,) = await stores.take()
    await stores.evidence.fail(job, "nothing was there")
    found = await stores.evidence.find(raised("a").alert_id, "", "")
    assert found is not None
    assert (found.state, found.problem) == (EvidenceState.FAILED, "nothing was there")
    worse = raised("a")
    fields = {name: getattr(worse, name) for name in worse.__dataclass_fields__}
    fields |= {"kind": TransitionKind.ESCALATED, "time_us": START_US + 60_000_000}
    await stores.commit(ConditionChange(**fields))
    (again,) = await stores.take(NOW + 100 * SECOND)
    assert again.moment.first - job.moment.first == 60 * SECOND
    assert await state_of(stores, worse.alert_id) is EvidenceState.PENDING


async def test_an_attempt_is_due_again_after_its_lease_or_when_it_says(stores: Stores) -> None:
    await stores.commit(raised("a"))
    (job,) = await stores.take()
    assert job.attempt == 1
    assert await stores.take(NOW + 9 * SECOND) == []
    (job,) = await stores.take(NOW + 10 * SECOND)
    assert job.attempt == 2
    await stores.evidence.postpone(job, NOW + 12 * SECOND)
    assert await stores.take(NOW + 11 * SECOND) == []
    assert len(await stores.take(NOW + 12 * SECOND)) == 1


async def test_nothing_is_taken_before_it_has_settled(stores: Stores) -> None:
    await stores.commit(raised("a"))
    take = partial(stores.evidence.take_due, settle_s=2.0, limit=1, lease_s=1.0)
    assert not await take(now=NOW + SECOND)
    assert await take(now=NOW + 2 * SECOND)


async def test_the_oldest_evidence_makes_room(stores: Stores) -> None:
    changes = [raised("a", at_s=10.0 * n) for n in range(3)]
    for number, change in enumerate(changes):
        await stores.commit(raised(f"a{number}", at_s=10.0 * number))
        (job,) = await stores.take(NOW + 100 * number * SECOND)
        stored = await stores.evidence.store(job, frozen(("a", "x")), now=NOW + number * SECOND)
        assert stored
        assert change.time_us == START_US + number * 10_000_000
    ids = [raised(f"a{number}", at_s=10.0 * number).alert_id for number in range(3)]
    size = frozen(("a", "x")).byte_count
    expire = partial(stores.evidence.expire, limit=10)
    assert await expire(before=NOW - SECOND, total_bytes=3 * size) == 0
    assert await expire(before=NOW - SECOND, total_bytes=2 * size) == 1
    states = [await state_of(stores, one) for one in ids]
    assert states == [EvidenceState.EXPIRED, EvidenceState.STORED, EvidenceState.STORED]
    assert (
        await stores.evidence.expire(before=NOW + 2 * SECOND, total_bytes=99 * size, limit=10) == 1
    )
    states = [await state_of(stores, one) for one in ids]
    assert states == [EvidenceState.EXPIRED, EvidenceState.EXPIRED, EvidenceState.STORED]


async def test_only_alerts_of_vibration_have_evidence(stores: Stores) -> None:
    change = raised("a", kind=AlertKind.DATA_QUALITY)
    await stores.commit(change)
    assert await stores.take() == []
    assert await stores.evidence.find(change.alert_id, "", "") is None
    with pytest.raises(AlertNotFound):
        await stores.evidence.find("none", "", "")


async def test_a_channel_that_is_not_there_is_no_part(stores: Stores) -> None:
    await stores.commit(raised("a"))
    (job,) = await stores.take()
    await stores.evidence.store(job, frozen(("b", "y"), ("b", "z")), now=NOW)
    alert_id = raised("a").alert_id
    for wanted, part in {("", ""): None, ("b", ""): "y", ("b", "z"): "z", ("b", "q"): None}.items():
        found = await stores.evidence.find(alert_id, *wanted)
        assert found is not None
        assert (found.part.source.channel if found.part else None) == part


async def test_sensors_of_a_place(stores: Stores) -> None:
    await stores.profiles.save_profiles(
        [
            SensorProfile("a", machine_id="pump", nominal_speed_hz=25.0),
            SensorProfile("b", machine_id="pump", archived=True),
            SensorProfile("c", machine_id="fan"),
            SensorProfile("d", burst_interval_us=60_000_000),
        ],
        "1",
    )
    names = {
        place: [one.sensor_id for one in await stores.evidence.profiles_of(place)]
        for place in ("/pump", "/fan", "d", "/", "")
    }
    assert names == {"/pump": ["a"], "/fan": ["c"], "d": ["d"], "/": [], "": []}
    (pump,) = await stores.evidence.profiles_of("/pump")
    assert pump.nominal_speed_hz == 25.0


async def test_the_spectrum_of_a_baseline_is_kept_once(stores: Stores) -> None:
    if isinstance(stores.evidence, MemoryEvidence):
        stores.evidence.baselines["a"] = (7, NOW)
    else:
        connection = await asyncpg.connect(stores.dsn)
        await connection.execute(
            "INSERT INTO alerts.baselines (baseline_id, sensor_id, freeze_time, levels)"
            " VALUES (7, 'a', $1, '{}')",
            NOW,
        )
        await connection.close()
    assert await stores.evidence.baseline_at("a", NOW) == (7, NOW)
    assert await stores.evidence.baseline_at("a", NOW - SECOND) is None
    assert await stores.evidence.baseline_at("b", NOW) is None
    assert await stores.evidence.new_baselines(NOW - SECOND, 9) == [(7, "a", NOW)]
    assert await stores.evidence.new_baselines(NOW, 9) == []
    for lines in ([1.0], [2.0]):
        spectrum = spectrum_pb2.Spectrum(channel="x", lines=lines)
        await stores.evidence.save_baseline_spectrum(7, spectrum)
    kept = await stores.evidence.baseline_spectra(7)
    assert {channel: list(one.lines) for channel, one in kept.items()} == {"x": [1.0]}
    assert await stores.evidence.new_baselines(NOW - SECOND, 9) == []
