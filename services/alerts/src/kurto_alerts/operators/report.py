"""Figures about alarms over a period, in the vocabulary of ISA-18.2 and EEMUA 191."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kurto_alerts.alert_state import Key
from kurto_alerts.rules import Priority

FLOOD_COUNT = 10  # more alarms than this in ten minutes are a flood
CHATTERING_COUNT = 3  # as many alarms of one source in a minute are chatter
CHATTERING_SPAN = timedelta(minutes=1)
STALE_AGE = timedelta(hours=24)
BAD_ACTOR_COUNT = 10
LONGEST_LIST = 100
SUGGESTED_SHARES = {Priority.LOW: 0.80, Priority.MEDIUM: 0.15, Priority.HIGH: 0.05}


@dataclass(frozen=True)
class RateGoal:
    """How many alarms an operator can take in an interval: in the mean, and at the most."""

    interval: timedelta
    acceptable: float
    maximum: float


PER_TEN_MINUTES = RateGoal(timedelta(minutes=10), 1, 2)
PER_HOUR = RateGoal(timedelta(hours=1), 6, 12)
PER_DAY = RateGoal(timedelta(days=1), 150, 300)


@dataclass(frozen=True)
class ReportPeriod:
    """From `start_time` to before `end_time`, of some machines or, when empty, of all."""

    start_time: datetime
    end_time: datetime
    machine_ids: Sequence[str] = ()

    @property
    def length(self) -> timedelta:
        """Length of the period."""
        return self.end_time - self.start_time


@dataclass(frozen=True, kw_only=True)
class AlarmRate:
    """Alarms per interval: over the whole period, and the most in one."""

    goal: RateGoal
    mean: float
    maximum: int


@dataclass(frozen=True, kw_only=True)
class AlarmSource:
    """What a rule of a channel, sensor or machine adds to the load."""

    key: Key
    machine_id: str
    rule_display_name: str
    alarm_count: int
    share: float
    largest_per_minute: int


@dataclass(frozen=True, kw_only=True)
class StaleAlarm:
    """An alarm that stood for more than a day at the end of the period."""

    alert_id: str
    key: Key
    machine_id: str
    rule_display_name: str
    raise_time: datetime


@dataclass(frozen=True, kw_only=True)
class RuleFindings:
    """How often a rule told the truth, of the alerts raised in the period."""

    rule_id: str
    true_count: int
    false_count: int
    open_count: int

    @property
    def false_share(self) -> float | None:
        """False ones over those of which somebody has said; None if nobody has."""
        known = self.true_count + self.false_count
        return self.false_count / known if known else None


@dataclass(frozen=True, kw_only=True)
class AlarmReport:
    """Figures of a period.

    An alarm is what an operator was shown: an alert that was raised, or raised anew while latched,
    and not set aside at that moment. It counts when it was decided.
    """

    period: ReportPeriod
    alarm_count: int
    per_ten_minutes: AlarmRate
    per_hour: AlarmRate
    per_day: AlarmRate
    flood_share: float
    bad_actors: Sequence[AlarmSource]
    chattering: Sequence[AlarmSource]
    chattering_count: int
    stale: Sequence[StaleAlarm]
    stale_count: int
    priority_counts: dict[Priority, int]
    acknowledgment_count: int
    acknowledge_median_s: float | None
    acknowledge_p95_s: float | None
    findings: Sequence[RuleFindings]

    def priority_share(self, priority: Priority) -> float:
        """Return the share of a priority among all alarms; 0 without alarms."""
        return self.priority_counts.get(priority, 0) / self.alarm_count if self.alarm_count else 0.0


def rate(period: ReportPeriod, goal: RateGoal, *, count: int, maximum: int) -> AlarmRate:
    """Return the rate of `count` alarms in a period, of which `maximum` in one interval."""
    return AlarmRate(goal=goal, mean=count / (period.length / goal.interval), maximum=maximum)


def flood_share(period: ReportPeriod, flooded: Sequence[int]) -> float:
    """Return the share of a period that the ten-minute intervals `flooded`, by index, take."""
    interval = PER_TEN_MINUTES.interval
    inside = (min((index + 1) * interval, period.length) - index * interval for index in flooded)
    return sum(inside, timedelta()) / period.length


def interval_figures(period: ReportPeriod, counts: Mapping[int, int]) -> dict[str, Any]:
    """Return rates and floods from the counts of the ten-minute intervals, by index."""
    total = sum(counts.values())
    figures: dict[str, Any] = {}
    for name, goal in (
        ("per_ten_minutes", PER_TEN_MINUTES),
        ("per_hour", PER_HOUR),
        ("per_day", PER_DAY),
    ):
        merged = goal.interval // PER_TEN_MINUTES.interval
        sums: dict[int, int] = {}
        for index, count in counts.items():
            sums[index // merged] = sums.get(index // merged, 0) + count
        maximum = max(sums.values(), default=0)
        figures[name] = rate(period, goal, count=total, maximum=maximum)
    flooded = [index for index, count in counts.items() if count > FLOOD_COUNT]
    return {**figures, "flood_share": flood_share(period, flooded)}
