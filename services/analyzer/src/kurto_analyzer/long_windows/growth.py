"""Growth against the learned baselines, as diagnoses carry it."""

from __future__ import annotations

from collections.abc import Mapping

from kurto_analyzer.baselines.keeper import ConditionKeeper
from kurto_analyzer.baselines.tracks import Compared
from kurto_dsp.condition.growth import acceleration_growth
from kurto_dsp.condition.reference_levels import ReferenceLayout

__all__ = ["KeptGrowth", "growth_by_channel"]


class KeptGrowth:
    """`GrowthSource` that asks who follows the baselines.

    Parameters
    ----------
    keeper : ConditionKeeper
        Follows them.
    """

    def __init__(self, keeper: ConditionKeeper) -> None:
        self._keeper = keeper

    def growth(self, sensor_id: str) -> Mapping[str, float]:
        """Return level over baseline by channel; without the channels that have no baseline."""
        compared = self._keeper.growth(sensor_id)
        return {} if compared is None else growth_by_channel(compared)


def growth_by_channel(compared: Compared) -> dict[str, float]:
    """Return the largest growth of an acceleration level of each channel that has one."""
    frozen, layout = compared.growth.frozen, compared.layout
    if frozen is None:
        return {}
    grown = {
        channel: acceleration_growth(
            frozen.factor[row : row + 1], ReferenceLayout((channel,), (unit,), layout.features)
        )
        for row, (channel, unit) in enumerate(zip(layout.channels, layout.units, strict=True))
    }
    return {channel: one.factor for channel, one in grown.items() if one is not None}
