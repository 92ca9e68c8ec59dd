"""What must be kept of a sensor so that evaluation goes on exactly where it stopped."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from kurto_alerts.alert_state import Key
from kurto_alerts.gates import LONG_AGO


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionRecord:
    """A condition that is not NORMAL, or one of several channels.

    Attributes
    ----------
    channel : str
        Empty for the condition of a sensor.
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
    machine_id : str
        The machine whose alert the condition belongs to; empty for an alert of its own.
    suppression : str
        Why an open one is suppressed; empty if it is not.
    held : mapping of str to float
        Last valid value of each channel of a sensor's condition, in `unit`.
    worst_margin : float or None
        How far `worst_value` was beyond the mildest limit; None if it must be computed anew.
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
    machine_id: str = ""
    suppression: str = ""
    held: Mapping[str, float] = field(default_factory=dict)
    worst_margin: float | None = None

    def key(self, sensor_id: str) -> Key:
        """Return what the alert of this condition stands for."""
        place = f"/{self.machine_id}" if self.machine_id else sensor_id
        return Key(place, self.channel, self.rule_id)


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
    since_start_up : int
        Windows since the machine was starting up.
    rates, references : mapping of str to Any
        State of what is computed along with the conditions, as plain JSON values.
    data_quality : mapping of str to Any
        Problems of the data that are counted, as plain JSON values; empty if all is well.
    diagnoses : mapping of str to Any
        How far its diagnoses are evaluated, and their conditions, as plain JSON values; empty if
        no rule asks for them.
    """

    sensor_id: str
    epoch: int
    window_index: int
    interval_us: float | None
    interval_epoch: int
    conditions: tuple[ConditionRecord, ...]
    since_start_up: int = LONG_AGO
    rates: Mapping[str, Any] = field(default_factory=dict)
    references: Mapping[str, Any] = field(default_factory=dict)
    data_quality: Mapping[str, Any] = field(default_factory=dict)
    diagnoses: Mapping[str, Any] = field(default_factory=dict)

    def at(
        self, epoch: int, window_index: int, conditions: tuple[ConditionRecord, ...]
    ) -> "SensorCheckpoint":
        """Return the same at another window, with other conditions."""
        return replace(self, epoch=epoch, window_index=window_index, conditions=conditions)

    def to_document(self) -> dict[str, Any]:
        """Return all but the position as plain JSON values."""
        return {
            "interval_us": self.interval_us,
            "interval_epoch": self.interval_epoch,
            "conditions": [asdict(condition) for condition in self.conditions],
            "since_start_up": self.since_start_up,
            "rates": dict(self.rates),
            "references": dict(self.references),
            "data_quality": dict(self.data_quality),
            "diagnoses": dict(self.diagnoses),
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
            # The release before stores none of these.
            since_start_up=document.get("since_start_up", LONG_AGO),
            rates=document.get("rates", {}),
            references=document.get("references", {}),
            data_quality=document.get("data_quality", {}),
            diagnoses=document.get("diagnoses", {}),
        )
