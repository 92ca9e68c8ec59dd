"""Where the output of each process goes: the console, or one file each."""

import asyncio
import subprocess
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Protocol

from kurto_cli.stack.lines import LineSplitter

LARGEST_LOG_BYTES = 32 * 1024 * 1024
_CHUNK_BYTES = 65_536
_TAIL_LINES = 20
_TAIL_BYTES = 8_192


class ProcessLog(Protocol):
    """Takes the output of one process."""

    def opened(self) -> AbstractContextManager[int]:
        """Give what a new process writes to: a file descriptor or ``subprocess.PIPE``."""

    async def follow(self, output: asyncio.StreamReader | None) -> None:
        """Take the output until it ends; called once for every start."""

    def tail(self) -> str:
        """Return the newest lines, for error messages."""


class ConsoleLog:
    """Passes each line on as it comes.

    Parameters
    ----------
    write : callable
        Takes one line; never blocks.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._newest: deque[str] = deque(maxlen=_TAIL_LINES)

    def opened(self) -> AbstractContextManager[int]:
        """Give ``subprocess.PIPE``."""
        return nullcontext(subprocess.PIPE)

    async def follow(self, output: asyncio.StreamReader | None) -> None:
        """Pass lines on until the output ends."""
        if output is None:
            return
        splitter = LineSplitter()
        while chunk := await output.read(_CHUNK_BYTES):
            self._pass_on(splitter.feed(chunk))
        self._pass_on(splitter.finish())

    def tail(self) -> str:
        """Return the newest lines."""
        return "\n".join(self._newest)

    def _pass_on(self, lines: list[str]) -> None:
        for line in lines:
            self._newest.append(line)
            self._write(line)


class FileLog:
    """Lets the process write to a file itself, so the log is whole whatever happens.

    Parameters
    ----------
    path : Path
        The file; a large one of an earlier run is moved aside to ``<path>.1``.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > LARGEST_LOG_BYTES:
            path.replace(path.with_name(path.name + ".1"))

    @contextmanager
    def opened(self) -> Iterator[int]:
        """Give the descriptor of the file, open as long as the process needs to inherit it."""
        with self._path.open("ab") as file:
            yield file.fileno()

    async def follow(self, output: asyncio.StreamReader | None) -> None:
        """Do nothing: the process writes by itself."""

    def tail(self) -> str:
        """Return the newest lines and where the rest stands."""
        with self._path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
        newest = "\n".join(text.splitlines()[-_TAIL_LINES:])
        return f"{newest}\n(all of it: {self._path})"
