"""What must be kept of a sensor so that evaluation goes on exactly where it stopped."""

from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionRecord:
    """A condition that is not NORMAL.

    Attributes
    ----------
    rule_version : int
        Version of the rule that counted; under another version the counts begin anew.
    beyond, inside : tuple of int
        Counts of windows per severity, INFO first.
    severity : int
        0 while PENDING.
    worst_value : float
        In `unit`, the channel's unit.
    alert_id : str
        The open alert; empty while PENDING.
    """

    channel: str
    rule_id: str
    rule_version: int
    beyond: tuple[int, ...]
    inside: tuple[int, ...]
    severity: int
    recovering: bool
    worst_value: float
    unit: str
    alert_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SensorCheckpoint:
    """How far a sensor is evaluated, and its conditions at that window.

    Attributes
    ----------
    interval_us : float or None
        Microseconds from window to window, fixed with the first values of an epoch; None if
        unknown.
    interval_epoch : int
        That epoch; -1 before the first values.
    """

    sensor_id: str
    epoch: int
    window_index: int
    interval_us: float | None
    interval_epoch: int
    conditions: tuple[ConditionRecord, ...]

    def to_document(self) -> dict[str, Any]:
        """Return all but the position as plain JSON values."""
        return {
            "interval_us": self.interval_us,
            "interval_epoch": self.interval_epoch,
            "conditions": [asdict(condition) for condition in self.conditions],
        }

    @classmethod
    def from_document(
        cls, sensor_id: str, epoch: int, window_index: int, document: dict[str, Any]
    ) -> Self:
        """Return the checkpoint whose `to_document` gave `document`."""
        records = []
        for condition in document["conditions"]:
            lists = {name: tuple(condition[name]) for name in ("beyond", "inside")}
            records.append(ConditionRecord(**{**condition, **lists}))
        return cls(
            sensor_id=sensor_id,
            epoch=epoch,
            window_index=window_index,
            interval_us=document["interval_us"],
            interval_epoch=document["interval_epoch"],
            conditions=tuple(records),
        )
