"""How long to wait before trying again."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass
class Backoff:
    """Exponential back-off with jitter.

    Parameters
    ----------
    first_s : float
        Upper bound of the first wait in seconds.
    longest_s : float
        Upper bound of any wait in seconds.
    """

    first_s: float = 0.1
    longest_s: float = 1.0
    _attempts: int = field(default=0, init=False)

    def next_s(self, at_least_s: float | None = None) -> float:
        """Return the next wait in seconds, between half of the bound and the bound.

        Parameters
        ----------
        at_least_s : float, optional
            What the service asked for; never undercut.
        """
        bound = min(self.longest_s, self.first_s * 2.0**self._attempts)
        self._attempts = min(self._attempts + 1, 32)
        return max(at_least_s or 0.0, bound * random.uniform(0.5, 1.0))

    def reset(self) -> None:
        """Begin again with the first wait: call it once something has worked."""
        self._attempts = 0
