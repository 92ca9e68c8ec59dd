"""One prefixed line per log line, on a stream that may be slow without holding anybody up."""

import queue
import threading
from collections.abc import Callable, Sequence
from typing import TextIO

CAPACITY_LINES = 10_000
FLUSH_TIMEOUT_S = 2.0
_COLOURS = (36, 35, 32, 33, 34, 96, 95, 92, 93, 94)
_RESET = "\x1b[0m"


class Console:
    """Writes lines to a stream from a thread of its own.

    A terminal that stands still (``Ctrl-S``) must not hold up the services that log to it: lines
    wait in a bounded queue, and beyond that they are counted and dropped.

    Parameters
    ----------
    stream : TextIO
        Where lines go.
    names : sequence of str
        Names of the processes; they set the width and the colours of the prefixes.
    colour : bool
        Whether the prefixes are coloured.
    """

    def __init__(self, stream: TextIO, names: Sequence[str], *, colour: bool) -> None:
        self._stream = stream
        self._width = max(map(len, names), default=0)
        self._colours = {name: _COLOURS[i % len(_COLOURS)] for i, name in enumerate(names)}
        self._colour = colour
        self._lines: queue.Queue[str | None] = queue.Queue(CAPACITY_LINES)
        self._dropped = 0
        self._thread = threading.Thread(target=self._write, name="console", daemon=True)
        self._thread.start()

    def writer(self, name: str) -> Callable[[str], None]:
        """Return a function that writes one line of the named process."""
        prefix = self.prefix(name)
        return lambda line: self._put(prefix + line)

    def prefix(self, name: str) -> str:
        """Return what stands before the lines of a process."""
        text = f"{name:<{self._width}} | "
        if not self._colour:
            return text
        return f"\x1b[{self._colours.get(name, 37)}m{text}{_RESET}"

    def close(self) -> None:
        """Write what is waiting, for a bounded time."""
        try:
            self._lines.put(None, timeout=FLUSH_TIMEOUT_S)
        except queue.Full:
            return
        self._thread.join(FLUSH_TIMEOUT_S)

    def _put(self, line: str) -> None:
        try:
            if self._dropped:
                notice = f"{self.prefix('kurto')}{self._dropped} lines dropped: output too slow"
                self._lines.put_nowait(notice)
                self._dropped = 0
            self._lines.put_nowait(line)
        except queue.Full:
            self._dropped += 1

    def _write(self) -> None:
        broken = False
        while (line := self._lines.get()) is not None:
            if broken:
                continue
            try:
                self._stream.write(line + "\n")
                if self._lines.empty():
                    self._stream.flush()
            except (OSError, ValueError):
                # The reader went away (`kurto up | head`); the stack goes on without it.
                broken = True
