"""Rules as asked for, before anything is checked or filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, kw_only=True)
class LevelDraft:
    """A level as asked for; None where nothing was said."""

    severity: int
    limit: float | None = None
    lower_limit: float | None = None
    upper_limit: float | None = None
    pending: timedelta | None = None
    latch: bool | None = None


@dataclass(frozen=True, kw_only=True)
class RuleDraft:
    """A rule as asked for; None where nothing was said."""

    rule_id: str
    display_name: str
    feature: str
    unit: str
    operator: int
    levels: tuple[LevelDraft, ...]
    sensor_ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    deadband_ratio: float | None = None
    recovery: timedelta | None = None
    disabled: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    version: int = 0
    machine_ids: tuple[str, ...] = ()
    measure: int = 0
    scope: int = 0
    voting_count: int = 0
    priority: int = 0
    start_up_multiplier: float | None = None
    start_up_hold: timedelta | None = None
    speeds: tuple[float | None, float | None] | None = None
    suppress_when: tuple[int, ...] = ()
    guidance: str = ""
