"""The bearings by which sensors are diagnosed: pure."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from kurto_dsp.bearings import BearingGeometry, find_bearing, known_bearings

__all__ = ["BearingCatalogue"]

_REMEMBERED = 1024  # the same few names, each time a sensor opens


class BearingCatalogue:
    """Own bearings, and behind them those of the package.

    Parameters
    ----------
    own : sequence of BearingGeometry
        Looked in first, so that they override the package's.

    Attributes
    ----------
    bearings : tuple of BearingGeometry
        All of them, own ones first.
    """

    def __init__(self, own: Sequence[BearingGeometry] = ()) -> None:
        self.bearings = (*own, *known_bearings())
        self._find = functools.lru_cache(maxsize=_REMEMBERED)(
            functools.partial(find_bearing, bearings=self.bearings)
        )

    def find(self, designation: str) -> BearingGeometry:
        """Return the bearing of a designation.

        Raises
        ------
        ParameterError
            If there is none, naming the nearest, or more than one.
        """
        return self._find(designation)
