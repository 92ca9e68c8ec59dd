"""Growth: how many times its healthy level a machine vibrates now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from kurto_dsp.arrays import Float64Array
from kurto_dsp.condition.log_levels import is_acceleration_level
from kurto_dsp.condition.reference_levels import ReferenceLayout

WARNING_FACTOR: Final = 2.0
CRITICAL_FACTOR: Final = 4.0


class GrowthGrade(StrEnum):
    """How far a level has grown; ordered by `rank`."""

    NONE = "none"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0, 1 or 2."""
        return list(GrowthGrade).index(self)


@dataclass(frozen=True, slots=True)
class AccelerationGrowth:
    """The largest growth of an acceleration level among the channels and bands of a machine.

    Parameters
    ----------
    factor : float
        Level over its frozen median.
    channel, feature : str
        Where it is; `feature` is ``rms`` or a ``band_rms.*``.
    """

    factor: float
    channel: str
    feature: str

    @property
    def grade(self) -> GrowthGrade:
        """Grade of this window alone; a factor on a limit belongs to the lower grade.

        Examples
        --------
        >>> AccelerationGrowth(2.0, "h", "rms").grade, AccelerationGrowth(4.1, "h", "rms").grade
        (<GrowthGrade.NONE: 'none'>, <GrowthGrade.CRITICAL: 'critical'>)
        """
        return grade_of(self.factor)


def grade_of(factor: float) -> GrowthGrade:
    """Return the grade of a growth factor: above 4 CRITICAL, above 2 WARNING."""
    if factor > CRITICAL_FACTOR:
        return GrowthGrade.CRITICAL
    return GrowthGrade.WARNING if factor > WARNING_FACTOR else GrowthGrade.NONE


def acceleration_growth(factor: Float64Array, layout: ReferenceLayout) -> AccelerationGrowth | None:
    """Return the largest growth over channels and bands, or None where nothing compares.

    Parameters
    ----------
    factor : Float64Array [shape=(channels, features)]
        As of `ReferenceLevels.compare`; NaN for null.
    layout : ReferenceLayout
        Its rows and columns.
    """
    columns = acceleration_columns(layout.features)
    levels = factor[:, columns]
    if not np.isfinite(levels).any():
        return None
    row, place = divmod(int(np.nanargmax(levels)), len(columns))
    column = columns[place]
    return AccelerationGrowth(
        float(factor[row, column]), layout.channels[row], layout.features[column]
    )


def machine_growth(growths: Iterable[AccelerationGrowth | None]) -> AccelerationGrowth | None:
    """Return the largest growth among the sensors of a machine: it counts as its worst point."""
    known = [growth for growth in growths if growth is not None]
    return max(known, key=lambda growth: growth.factor, default=None)


def acceleration_columns(features: Sequence[str]) -> list[int]:
    """Return the columns of ``rms`` and ``band_rms.*``."""
    return [column for column, name in enumerate(features) if is_acceleration_level(name)]
