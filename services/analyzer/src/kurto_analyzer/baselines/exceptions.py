"""Errors about baselines that a caller can act on."""

from __future__ import annotations

from kurto_service.exceptions import FailedPrecondition, NotFound

__all__ = ["AlreadyLearning", "NoBaseline", "StillLearning", "UnknownBaseline"]


class NoBaseline(NotFound):
    """Sensor {sensor_id} has no baseline: call LearnBaseline while its machine is healthy."""

    reason = "NO_BASELINE"


class UnknownBaseline(NotFound):
    """Sensor {sensor_id} has no baseline {baseline_id}: see ListBaselines for those that it has."""

    reason = "NO_BASELINE"


class StillLearning(FailedPrecondition):
    """The baseline of {sensor_id} is being learned: {missing} of {wanted} windows are missing.

    They count while the machine runs at one speed and load.
    """

    reason = "BASELINE_LEARNING"


class AlreadyLearning(FailedPrecondition):
    """A baseline of {sensor_id} is being learned: wait for it, or set restart to give it up."""

    reason = "BASELINE_LEARNING"
