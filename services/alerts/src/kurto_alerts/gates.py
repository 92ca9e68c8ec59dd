"""What suppresses a rule by design, or widens its limits: starts, standstill and speed."""

import math
from dataclasses import dataclass

from kurto_alerts.frames import window_count
from kurto_alerts.rules import OperatingCondition, Rule, SpeedRange, StartUp

MICROSECONDS = 1_000_000
LONG_AGO = 1 << 30  # windows since a start-up that nobody remembers

_REASONS = {
    OperatingCondition.STOPPED: "stopped",
    OperatingCondition.START_UP: "start-up",
    OperatingCondition.COAST_DOWN: "coast-down",
}


@dataclass(frozen=True, slots=True)
class GateOutcome:
    """Why a rule is suppressed, empty if it is not, and what its limits are multiplied by."""

    suppression: str = ""
    multiplier: float = 1.0


OPEN = GateOutcome()


@dataclass(frozen=True, slots=True)
class Gate:
    """When a rule is evaluated.

    Attributes
    ----------
    hold : int
        Windows after a start-up in which it still counts as one.
    """

    start_up: StartUp
    speed_range: SpeedRange | None
    suppress_when: frozenset[OperatingCondition]
    hold: int

    def outcome(
        self, condition: OperatingCondition | None, shaft_speed_hz: float, since_start_up: int
    ) -> GateOutcome:
        """Return what holds for a window.

        Parameters
        ----------
        condition : OperatingCondition or None
            What the machine is doing; None while it runs or that is not known.
        shaft_speed_hz : float
            NaN if it is not known.
        since_start_up : int
            Windows since the last one in start-up.
        """
        if condition in self.suppress_when and condition is not None:
            return GateOutcome(_REASONS[condition])
        reason = self._speed_reason(shaft_speed_hz)
        if reason:
            return GateOutcome(reason)
        starting = condition is OperatingCondition.START_UP or since_start_up <= self.hold
        if not starting:
            return OPEN
        if self.start_up.multiplier == 0:
            return GateOutcome(_REASONS[OperatingCondition.START_UP])
        return GateOutcome(multiplier=self.start_up.multiplier)

    def _speed_reason(self, speed_hz: float) -> str:
        if self.speed_range is None:
            return ""
        if math.isnan(speed_hz):
            return "speed not known"
        if self.speed_range.low_hz is not None and speed_hz < self.speed_range.low_hz:
            return "speed too low"
        if self.speed_range.high_hz is not None and speed_hz > self.speed_range.high_hz:
            return "speed too high"
        return ""


def gate_of(rule: Rule, interval_us: float | None) -> Gate | None:
    """Return the gate of a rule, None for a rule that is always evaluated."""
    if rule.start_up.multiplier == 1 and rule.speed_range is None and not rule.suppress_when:
        return None
    hold_us = rule.start_up.hold.total_seconds() * MICROSECONDS
    hold = window_count(hold_us, interval_us) if hold_us else 0
    return Gate(rule.start_up, rule.speed_range, rule.suppress_when, hold)


def windows_since_start_up(before: int, condition: OperatingCondition | None) -> int:
    """Return the windows since the last one in start-up, after another window."""
    return 0 if condition is OperatingCondition.START_UP else min(before + 1, LONG_AGO)
