"""How long to wait before the next attempt."""


def pause_s(
    attempt_number: int,
    *,
    first_s: float,
    longest_s: float,
    chance: float,
    retry_after_s: float = 0.0,
) -> float:
    """Return the seconds until the next attempt: doubled each time, and spread by chance.

    Parameters
    ----------
    attempt_number : int
        Number of the attempt that failed, from 1.
    first_s, longest_s : float
        Longest pause after the first attempt, and after any, in seconds.
    chance : float
        At random, 0 to 1: the pause is between half and the whole of what it may be.
    retry_after_s : float
        What the receiver asked for, in seconds; `longest_s` at most is heeded.
    """
    whole = min(first_s * 2.0 ** min(attempt_number - 1, 30), longest_s)
    return max(whole * (0.5 + 0.5 * chance), min(retry_after_s, longest_s))
