"""What the supervisor has to know about a process."""

import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kurto_cli.stack.exceptions import StackError

Probe = Callable[[], Awaitable[bool]]
"""Tells whether a process is ready; raises nothing."""


@dataclass(frozen=True)
class ProcessSpec:
    """One process of the stack.

    Parameters
    ----------
    name : str
        Its name in logs and in the ready file.
    command : tuple of str
        Program and arguments; it must end when the launcher does.
    probe : Probe
        Tells whether it's ready.
    environment : mapping of str to str
        The whole environment.
    directory : Path
        Working directory.
    after : tuple of str
        Names of the processes that must be ready before this one starts.
    stop_signal : signal.Signals
        Asks it to stop.
    stop_timeout_s : float
        Seconds until it's killed after having been asked.
    start_timeout_s : float
        Seconds that it has to become ready.
    """

    name: str
    command: tuple[str, ...]
    probe: Probe
    environment: Mapping[str, str]
    directory: Path = Path("/")
    after: tuple[str, ...] = ()
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_s: float = 10.0
    start_timeout_s: float = 60.0


def require_order(specs: Sequence[ProcessSpec]) -> None:
    """Refuse a list in which a process waits for one that doesn't stand before it.

    Starting follows the list as far as the waits demand; stopping follows it strictly, backwards.

    Raises
    ------
    StackError
        If a name is used twice, or a process waits for a later or unknown one.
    """
    seen: set[str] = set()
    for spec in specs:
        if spec.name in seen:
            raise StackError(f"two processes are called {spec.name!r}: rename one")
        missing = [name for name in spec.after if name not in seen]
        if missing:
            raise StackError(f"{spec.name!r} waits for {missing[0]!r}, which must stand before it")
        seen.add(spec.name)
