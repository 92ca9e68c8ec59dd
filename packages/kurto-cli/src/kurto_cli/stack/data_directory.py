"""The directory that holds everything the stack keeps; one launcher at a time uses it."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from kurto_cli.stack.exceptions import StackError


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[Path]:
    """Make the directory and keep other launchers out of it.

    The lock belongs to the open file, so it's gone when this process is, however it ends.

    Yields
    ------
    Path
        The directory, absolute.

    Raises
    ------
    StackError
        If it can't be written to, or another launcher uses it.
    """
    path = directory.resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
        file = (path / "lock").open("a+", encoding="ascii")
    except OSError as error:
        raise StackError(
            f"the data directory {path} can't be used ({error.strerror}): choose another one "
            "with --data-dir"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise StackError(
                f"the data directory {path} is used by another `kurto up` (pid "
                f"{file.read().strip() or 'unknown'}): stop it, or choose another directory with "
                "--data-dir"
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield path
