"""Which sensors were refused lately.

A refusal ends the stream, so that its reason reaches the sender. A sender that reconnects and
opens the same sensor again, because it cannot or does not learn, would lose the stream of all its
other sensors again and again: the second time the sensor is left out and the stream goes on.
"""

from __future__ import annotations

__all__ = ["Refusals"]

_LIMIT = 10_000


class Refusals:
    """Remembers refused (sensor, epoch) pairs.

    Parameters
    ----------
    memory_s : float
        Seconds after the last refusal for which it is remembered.
    """

    def __init__(self, memory_s: float) -> None:
        self._memory_s = memory_s
        self._refused_at: dict[tuple[str, int], float] = {}

    def repeated(self, key: tuple[str, int], now_s: float) -> bool:
        """Note a refusal, and tell whether the same one is remembered."""
        before = self._refused_at.pop(key, None)
        while len(self._refused_at) >= _LIMIT:
            del self._refused_at[next(iter(self._refused_at))]
        self._refused_at[key] = now_s
        return before is not None and now_s - before <= self._memory_s
