"""What is stored of a baseline."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kurto_dsp.condition.baselines import Baseline

__all__ = ["BaselineState", "LearningCause", "NewBaseline", "StoredBaseline"]


class BaselineState(StrEnum):
    """The life of a baseline. It never goes back, and no row is ever deleted."""

    LEARNING = "learning"
    """Windows are being collected."""
    IN_FORCE = "in_force"
    """Frozen; growth is measured against it."""
    RETIRED = "retired"
    """Frozen, and replaced by a later one, or its bearing was."""
    ABANDONED = "abandoned"
    """Given up before it was complete."""


class LearningCause(StrEnum):
    """What had happened to the machine; only a replaced bearing ends the old baseline at once."""

    COMMISSIONING = "commissioning"
    BEARING_REPLACED = "bearing_replaced"
    MAINTENANCE = "maintenance"
    OPERATION_CHANGED = "operation_changed"


@dataclass(frozen=True, slots=True)
class NewBaseline:
    """A request to learn.

    Attributes
    ----------
    sensor_id : str
        Sensor in question.
    cause : LearningCause
        What had happened.
    reason : str
        Why, in the engineer's words.
    principal : str
        Who asked.
    begin_us : int
        Windows that start at or after it count, microseconds since 1970.
    wanted_windows : int
        Windows at one speed and load that make it complete.
    restart : bool
        Whether one that is being learned is given up for it.
    """

    sensor_id: str
    cause: LearningCause
    reason: str
    principal: str
    begin_us: int
    wanted_windows: int
    restart: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class StoredBaseline:
    """One baseline of one sensor.

    Attributes
    ----------
    baseline_id : int
        Its number.
    sensor_id, cause, reason, principal, begin_us, wanted_windows
        As in `NewBaseline`.
    state : BaselineState
        Where it is in its life.
    create_us : int
        When it was asked for.
    freeze_us, end_us : int or None
        When it was complete, and when it was retired or abandoned.
    baseline : Baseline or None
        What was learned; None before it is complete.
    """

    baseline_id: int
    sensor_id: str
    state: BaselineState
    cause: LearningCause
    reason: str
    principal: str
    begin_us: int
    wanted_windows: int
    create_us: int
    freeze_us: int | None = None
    end_us: int | None = None
    baseline: Baseline | None = None
