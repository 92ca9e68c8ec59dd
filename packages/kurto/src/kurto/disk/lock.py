"""A lock that ends with the process that holds it, however that ends."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import BinaryIO

from kurto.exceptions import BufferDirectoryError


class DirectoryLock:
    """Holds a directory for one stream of one process.

    Parameters
    ----------
    path : Path
        The file that is locked; made if it does not exist.

    Raises
    ------
    BufferDirectoryError
        If another stream holds it.
    """

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("a+b")
        try:
            _lock(self._file.fileno())
        except OSError as error:
            self._file.seek(0)
            holder = self._file.read(20).decode("ascii", "replace").strip()
            self._file.close()
            raise BufferDirectoryError(
                f"{path.parent} is in use by process {holder or '(unknown)'}: end that one, or "
                "give this one another buffer_directory"
            ) from error
        with contextlib.suppress(OSError):  # a full disk: the lock holds without the name
            self._file.truncate(0)
            self._file.write(f"{os.getpid()}\n".encode("ascii"))
            self._file.flush()

    def release(self) -> None:
        """Let others have the directory."""
        self._file.close()


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        # A byte far behind the process id, so that others can read that.
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
