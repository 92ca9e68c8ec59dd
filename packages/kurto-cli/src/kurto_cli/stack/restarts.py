"""When a process that ended is started again: pure arithmetic, no clock."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RestartPolicy:
    """How long to wait before a process that ended is started again.

    Parameters
    ----------
    first_delay_s : float
        Wait after the first failure, in seconds.
    factor : float
        Growth of the wait with every further failure.
    longest_delay_s : float
        Upper bound of the wait, in seconds.
    healthy_after_s : float
        A process that ran this long, in seconds, starts with a clean record.
    attempts : int
        How many starts may fail before a process that has never been ready is given up.
    """

    first_delay_s: float = 0.2
    factor: float = 2.0
    longest_delay_s: float = 10.0
    healthy_after_s: float = 30.0
    attempts: int = 3


class RestartRecord:
    """The failures of one process.

    Parameters
    ----------
    policy : RestartPolicy
        Turns failures into waits.
    """

    def __init__(self, policy: RestartPolicy) -> None:
        self._policy = policy
        self._failures = 0
        self._ever_ready = False

    @property
    def ever_ready(self) -> bool:
        """Whether the process has been ready since the launcher started."""
        return self._ever_ready

    def ready(self) -> None:
        """Note that the process became ready."""
        self._ever_ready = True

    def ended(self, uptime_s: float) -> float | None:
        """Note that the process ended.

        Parameters
        ----------
        uptime_s : float
            How long it ran, in seconds.

        Returns
        -------
        float or None
            How long to wait before the next start, in seconds; None to give up, which only
            happens to a process that has never been ready.
        """
        if self._ever_ready and uptime_s >= self._policy.healthy_after_s:
            self._failures = 0
        self._failures += 1
        if not self._ever_ready and self._failures >= self._policy.attempts:
            return None
        # Bounded exponent: the power itself mustn't overflow after days of failing.
        exponent = min(self._failures - 1, 32)
        delay_s = self._policy.first_delay_s * self._policy.factor**exponent
        return min(delay_s, self._policy.longest_delay_s)
