"""The conditions that no user wrote: what they are called, and what operators are told of them."""

import enum
from datetime import timedelta

from kurto_alerts.alert_state import AlertKind
from kurto_alerts.rules import Level, Operator, Rule, Severity


class Problem(enum.Enum):
    """What can be wrong with data; the value names the built-in rule."""

    STALE = "data-quality.stale"
    GAP = "data-quality.gap"
    FLAT = "data-quality.flat"
    NON_FINITE = "data-quality.non-finite"
    CLIPPED = "data-quality.clipped"
    BIAS = "data-quality.bias"
    NO_DATA = "system.no-data"

    @property
    def blocks(self) -> bool:
        """True if vibration alarms that are open cannot be trusted while it lasts."""
        return self in (Problem.STALE, Problem.GAP, Problem.FLAT, Problem.NON_FINITE)

    @property
    def alert_kind(self) -> AlertKind:
        """What an alert about it is about."""
        return AlertKind.SYSTEM if self is Problem.NO_DATA else AlertKind.DATA_QUALITY


_TEXTS = {
    Problem.STALE: (
        "No data from the sensor",
        (
            "Check the sensor, its power and its network. If it was switched off on purpose, stop"
            " its stream or archive it. Its vibration alarms stay as they were."
        ),
    ),
    Problem.GAP: (
        "Samples are missing",
        "Check the network and the buffer of the sender. Nothing is evaluated over a gap.",
    ),
    Problem.FLAT: (
        "The signal does not move though the machine runs",
        "Check cable, connector and transducer of the channel.",
    ),
    Problem.NON_FINITE: (
        "Samples that are no numbers",
        (
            "Check the converter and the program that sends: it sends NaN, infinity or"
            " amplitudes that no accelerometer gives."
        ),
    ),
    Problem.CLIPPED: (
        "The signal reaches the full scale of the converter",
        (
            "True amplitudes are higher than shown: a failing machine can be the cause. Otherwise"
            " choose a larger range."
        ),
    ),
    Problem.BIAS: (
        "The mean of the signal lies outside the declared range",
        "Check supply and mounting of the transducer.",
    ),
    Problem.NO_DATA: (
        "No data from any sensor, or the analysis delivers nothing",
        (
            "Check that ingest, the analyzer and Valkey run, and the network of the sensors."
            " Vibration is not watched until this alarm ends."
        ),
    ),
}
_UNITS = {Problem.STALE: "s", Problem.NO_DATA: "s"}


def built_in_rule(problem: Problem, limit: float) -> Rule:
    """Return the rule that an alert about `problem` bears; `limit` is shown with it."""
    severity = Severity.CRITICAL if problem is Problem.NO_DATA else Severity.WARNING
    display_name, guidance = _TEXTS[problem]
    level = Level(severity=severity, upper=limit, pending=timedelta(0))
    return Rule(
        rule_id=problem.value,
        display_name=display_name,
        feature="",
        unit=_UNITS.get(problem, "1"),
        operator=Operator.ABOVE,
        levels=(level,),
        guidance=guidance,
        version=1,
    )
