"""Window geometry: which samples form which hop and window, by absolute index."""

from dataclasses import dataclass

from kurto_dsp.arrays import require_sample_rate
from kurto_dsp.exceptions import ParameterError

HOP_DURATION_S = 0.1
"""Nominal time between two short windows."""

HOPS_PER_WINDOW = 10
"""Hops in a short window of a continuous stream."""


@dataclass(frozen=True, slots=True)
class WindowGeometry:
    """Hop and window lengths.

    Hop h covers samples ``[h·hop_length, (h+1)·hop_length)`` counted from the epoch of the
    stream; window k covers hops ``k`` to ``k + hops_per_window - 1`` and is complete with the last.

    Parameters
    ----------
    hop_length : int >= 1
        Samples per hop and channel.
    hops_per_window : int >= 1
        Hops per window.
    """

    hop_length: int
    hops_per_window: int = HOPS_PER_WINDOW

    def __post_init__(self) -> None:
        if self.hop_length < 1 or self.hops_per_window < 1:
            raise ParameterError(
                "hop_length and hops_per_window must be at least 1, "
                f"got {self.hop_length} and {self.hops_per_window}"
            )

    @classmethod
    def continuous(cls, sample_rate_hz: float) -> "WindowGeometry":
        """Geometry of a continuous stream: hop = round(0.1·rate), ten hops a window.

        Raises
        ------
        ParameterError
            If the rate is not positive and finite, or gives an empty hop (below 6 Hz).
        """
        return cls(round(HOP_DURATION_S * require_sample_rate(sample_rate_hz)))

    @classmethod
    def burst(cls, length: int) -> "WindowGeometry":
        """Geometry of a burst sensor: window = hop = one burst of `length` samples."""
        return cls(length, 1)

    @property
    def window_length(self) -> int:
        """Samples per window and channel."""
        return self.hop_length * self.hops_per_window

    def window_start(self, window_index: int) -> int:
        """Absolute index of the window's first sample."""
        return window_index * self.hop_length

    def window_of_hop(self, hop_index: int) -> int:
        """Index of the window that hop `hop_index` completes (negative: none yet)."""
        return hop_index - self.hops_per_window + 1

    def window_count(self, sample_count: int) -> int:
        """How many complete windows a record of `sample_count` samples holds."""
        return max(0, self.window_of_hop(sample_count // self.hop_length - 1) + 1)
