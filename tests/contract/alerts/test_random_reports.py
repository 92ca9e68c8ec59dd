"""Figures that PostgreSQL computes, against figures computed one by one, of random histories."""

import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.contract.alerts.stores import prepare

from kurto_alerts.alert_state import (
    Alert,
    ConditionChange,
    ConditionState,
    Finding,
    Key,
    TransitionKind,
    alert_id_of,
)
from kurto_alerts.fakes import (
    MemoryDatabase,
    MemoryEvaluationLock,
    MemoryOperators,
    MemoryReports,
)
from kurto_alerts.operators.actions import Action, ActionKind, Actor
from kurto_alerts.operators.ports import OperatorStore
from kurto_alerts.operators.report import ReportPeriod
from kurto_alerts.ports import EvaluationBatch, EvaluationStore
from kurto_alerts.postgres import PostgresEvaluationLock, PostgresOperators, PostgresReports
from kurto_alerts.rules import Severity
from kurto_alerts.testing import START_US, make_rule
from kurto_service.postgres import Pool, create_pool

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RULE = make_rule(levels={Severity.WARNING: 1.0, Severity.CRITICAL: 2.0}, latch=True)
STEPS = 150


@pytest.fixture
def dsn(request: pytest.FixtureRequest) -> Iterator[str]:
    databases = request.getfixturevalue("databases")
    name = databases.create(databases.template("alerts", prepare))
    yield databases.server.dsn(name)
    databases.drop(name)


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[Pool]:
    pool = await create_pool(dsn, max_size=4)
    yield pool
    await pool.close()


class History:
    """Does the same random things to several pairs of stores."""

    def __init__(self, seed: int, pairs: list[tuple[EvaluationStore, OperatorStore]]) -> None:
        self._random = random.Random(seed)
        self._pairs = pairs
        self._open: dict[str, Alert] = {}
        self._window = 0
        self.time = NOW

    async def step(self) -> None:
        """Let some time go by, then raise, resolve or do something by hand."""
        pause_s = self._random.choice([0, 1, 15, 20, 30, 60, 600, 7200, 30_000])
        self.time += timedelta(seconds=pause_s)
        sensor = f"s{self._random.randrange(6)}"
        alert = self._open.get(sensor)
        if alert is None or (alert.latched and self._random.random() < 0.5):
            await self._change(sensor, TransitionKind.RAISED, None)
        elif self._random.random() < 0.4 and not alert.latched:
            await self._change(sensor, TransitionKind.RESOLVED, alert)
        else:
            await self._act(sensor, alert)

    async def _change(self, sensor: str, kind: TransitionKind, alert: Alert | None) -> None:
        self._window += 1
        key = Key(sensor, "horizontal", RULE.rule_id)
        ended = kind is TransitionKind.RESOLVED
        change = ConditionChange(
            kind=kind, key=key, rule=RULE, value=1.5, worst_value=2.5, limit=1.0, epoch=1,
            alert_id=alert.instance if alert
            else alert_id_of(key, epoch=1, window_index=self._window),
            severity=alert.severity if alert
            else self._random.choice([Severity.WARNING, Severity.CRITICAL]),
            state=ConditionState.NORMAL if ended else ConditionState.ACTIVE,
            window_index=self._window, time_us=START_US + self._window * 100_000,
            machine_id=f"m{int(sensor[1]) % 2}",
        )  # fmt: skip
        for store, _ in self._pairs:
            revision = await store.rules_revision()
            batch = EvaluationBatch(rules_revision=revision, changes=[change])
            (transition,) = await store.commit(batch, now=self.time)
        self._keep(sensor, transition.alert)

    async def _act(self, sensor: str, alert: Alert) -> None:
        kinds = [
            ActionKind.UNACKNOWLEDGE if alert.acknowledged else ActionKind.ACKNOWLEDGE,
            ActionKind.MARK_FINDING,
            ActionKind.RESET if alert.latched else ActionKind.SHELVE,
        ]
        action = Action(
            kind=self._random.choice(kinds),
            actor=Actor(principal="anna"),
            time=self.time,
            text="why",
            expire_time=self.time + timedelta(hours=1),
            one_shot=True,
            finding=self._random.choice(list(Finding)),
        )
        for _, people in self._pairs:
            (outcome,) = await people.act([alert.alert_id], action)
        assert isinstance(outcome, Alert)
        self._keep(sensor, outcome)

    def _keep(self, sensor: str, alert: Alert) -> None:
        self._open[sensor] = alert
        if not alert.is_open:
            del self._open[sensor]


@pytest.mark.parametrize("seed", range(4))
async def test_both_ways_to_the_figures_agree(dsn: str, pool: Pool, seed: int) -> None:
    database = MemoryDatabase()
    locks: list[Any] = [
        MemoryEvaluationLock(database),
        PostgresEvaluationLock(dsn, connect_timeout_s=30.0, command_timeout_s=30.0),
    ]
    people: list[OperatorStore] = [MemoryOperators(database), PostgresOperators(pool)]
    history = History(
        seed, [(await lock.acquire(), one) for lock, one in zip(locks, people, strict=True)]
    )
    for _ in range(STEPS):
        await history.step()
    whole = history.time - NOW
    alarm_count = 0
    for begin, end in ((0.0, 1.01), (0.2, 0.5), (0.45, 0.8)):
        for machines in ((), ("m0",)):
            period = ReportPeriod(NOW + begin * whole, NOW + end * whole, machines)
            expected = asdict(await MemoryReports(database).report(period))
            found = asdict(await PostgresReports(pool).report(period))
            for name in ("acknowledge_median_s", "acknowledge_p95_s", "flood_share"):
                assert found.pop(name) == pytest.approx(expected.pop(name)), name
            for name in ("per_ten_minutes", "per_hour", "per_day"):
                assert found[name].pop("mean") == pytest.approx(expected[name].pop("mean")), name
            assert found == expected
            alarm_count += found["alarm_count"]
    assert alarm_count > 50
    for lock in locks:
        await lock.release()
