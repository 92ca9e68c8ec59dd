"""n of m: an exceedance counts when it lasts, many at a time in one array operation."""

from dataclasses import dataclass

import numpy as np

from kurto_dsp.arrays import BoolArray, IndexArray
from kurto_dsp.exceptions import ParameterError

_LONGEST = 32


@dataclass(frozen=True, slots=True)
class Persistence:
    """How long an exceedance must last.

    Parameters
    ----------
    needed, of : int
        `needed` of the last `of` valid windows, 1 <= needed <= of <= 32.
    """

    needed: int
    of: int

    def __post_init__(self) -> None:
        if not 1 <= self.needed <= self.of <= _LONGEST:
            raise ParameterError(
                f"needed of `of` windows must hold 1 <= needed <= of <= {_LONGEST}, "
                f"got {self.needed} of {self.of}"
            )


class ExceedanceHistory:
    """The last windows of an array of conditions, a bit a window.

    Parameters
    ----------
    shape : tuple of int
        Shape of the conditions.
    persistence : Persistence
        When they last.

    Examples
    --------
    >>> history = ExceedanceHistory((1,), Persistence(2, 3))
    >>> [bool(history.update(np.array([beyond]))[0]) for beyond in (True, False, True, False)]
    [False, False, True, False]
    """

    def __init__(self, shape: tuple[int, ...], persistence: Persistence) -> None:
        self._persistence = persistence
        self._mask = np.int64((1 << persistence.of) - 1)
        self._bits: IndexArray = np.zeros(shape, np.int64)

    def update(self, beyond: BoolArray, valid: BoolArray | None = None) -> BoolArray:
        """Take one window and tell which conditions last.

        Parameters
        ----------
        beyond : BoolArray [shape=shape]
            Whether the limit is exceeded.
        valid : BoolArray [shape=shape], optional
            Where False, this window does not count: the condition stays as it was.

        Returns
        -------
        BoolArray [shape=shape]
        """
        moved = ((self._bits << 1) | beyond) & self._mask
        self._bits = moved if valid is None else np.where(valid, moved, self._bits)
        return self.lasting

    @property
    def lasting(self) -> BoolArray:
        """Which conditions last."""
        counts = np.bitwise_count(self._bits)
        return np.asarray(counts >= self._persistence.needed, np.bool_)

    def state(self) -> list[int]:
        """Return what `restore` needs, for JSON."""
        return [int(bits) for bits in self._bits.ravel()]

    def restore(self, state: list[int]) -> None:
        """Continue where `state` was taken.

        Raises
        ------
        ParameterError
            If it is that of another shape.
        """
        if len(state) != self._bits.size:
            raise ParameterError(f"state has {len(state)} conditions, expected {self._bits.size}")
        self._bits = np.array(state, np.int64).reshape(self._bits.shape) & self._mask
