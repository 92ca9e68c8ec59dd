"""The parts of baselines, put together once."""

from __future__ import annotations

from dataclasses import dataclass

from kurto_analyzer.baselines.keeper import ConditionKeeper, KeeperLimits
from kurto_analyzer.baselines.ports import BaselineStore, CountedWindows
from kurto_analyzer.baselines.service import BaselineDesk
from kurto_analyzer.metrics import AnalyzerMetrics
from kurto_analyzer.open_sensors import OpenSensors
from kurto_analyzer.settings import AnalyzerSettings
from kurto_service.clock import Clock

__all__ = ["BaselineParts", "assemble"]


@dataclass(frozen=True, slots=True)
class BaselineParts:
    """What follows the sensors, and what answers about them.

    Attributes
    ----------
    keeper : ConditionKeeper
        Has ``run`` and ``watch``, to be run as tasks; takes what is committed.
    desk : BaselineDesk
        Answers.
    """

    keeper: ConditionKeeper
    desk: BaselineDesk


def assemble(
    baselines: BaselineStore,
    windows: CountedWindows,
    sensors: OpenSensors,
    settings: AnalyzerSettings,
    *,
    clock: Clock,
    metrics: AnalyzerMetrics,
) -> BaselineParts:
    """Return the parts over two ports."""
    limits = KeeperLimits(
        max_queued_windows=settings.max_queued_conditions,
        max_sensors=settings.max_open_sensors,
        watch_interval_s=settings.baseline_watch_interval_s,
    )
    keeper = ConditionKeeper(baselines, windows, clock, metrics, limits)
    desk = BaselineDesk(
        baselines, windows, keeper, sensors, clock,
        retention_days=settings.feature_retention_days,
    )  # fmt: skip
    return BaselineParts(keeper, desk)
