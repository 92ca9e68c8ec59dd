"""Tie the life of a child process to the life of the launcher.

The kernel can signal a process when its parent dies (``PR_SET_PDEATHSIG``), which also holds
when the parent is killed with ``SIGKILL``. Three traps are dealt with here:

- the setting is cleared when a process changes its user, so it's made after every such change;
- a parent that died *before* the setting was made is never reported, so a shell compares its
  parent's id afterwards and gives up if the launcher is gone;
- the signal comes when the *thread* that started the child ends, so children are started from
  the launcher's main thread only.
"""

import os
import shutil
import signal
from collections.abc import Sequence

from kurto_cli.stack.exceptions import MissingProgramError

_GUARD = '[ "$PPID" = "$1" ] || exit 125; shift; exec "$@"'


def tie_to_parent(
    argv: Sequence[str], *, death_signal: signal.Signals, parent_pid: int | None = None
) -> list[str]:
    """Wrap a command so that it ends with the process that starts it.

    Parameters
    ----------
    argv : sequence of str
        The command. It replaces the wrapper by ``exec``, so its process id is the wrapper's.
    death_signal : signal.Signals
        What the kernel sends to the command when the starting thread ends.
    parent_pid : int, optional
        Id of the process that will start the command; the current process by default.

    Returns
    -------
    list of str
        The wrapped command.

    Raises
    ------
    MissingProgramError
        If ``setpriv`` (package util-linux) isn't installed.
    """
    setpriv = find_program("setpriv")
    parent = os.getpid() if parent_pid is None else parent_pid
    name = death_signal.name.removeprefix("SIG")
    return [setpriv, "--pdeathsig", name, "sh", "-c", _GUARD, "kurto", str(parent), *argv]


def find_program(name: str, package: str = "util-linux") -> str:
    """Return the path of a program of the operating system.

    Raises
    ------
    MissingProgramError
        If it isn't on the search path; the message names the package to install.
    """
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/bin:/bin")
    if path is None:
        raise MissingProgramError(name, package)
    return path
