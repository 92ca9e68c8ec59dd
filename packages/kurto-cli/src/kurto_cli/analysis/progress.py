"""How far a long job is, on a terminal's standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import typer

_SHORT_S = 1.0
_STEPS = 1000


class ProgressLine(ExitStack):
    """A bar over all files, weighed by their sizes; nothing for short jobs or without a terminal.

    Parameters
    ----------
    sizes : sequence of int
        Size of each file in bytes.
    is_shown : bool, optional
        Whether to show it; by default if standard error is a terminal.
    monotonic : callable
        Tells the time in seconds.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        is_shown: bool | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        total = sum(sizes) or 1
        self._weights = [size / total for size in sizes]
        self._parts = [0.0] * len(sizes)
        self._is_shown = sys.stderr.isatty() if is_shown is None else is_shown
        self._monotonic = monotonic
        self._start = monotonic()
        self._advance: Callable[[int], Any] | None = None
        self._done = 0

    def update(self, place: int, part: float) -> None:
        """Tell which part of a file is done, from 0 to 1."""
        self._parts[place] = part
        if not self._is_shown:
            return
        if self._advance is None:
            if self._monotonic() - self._start < _SHORT_S:
                return
            label = f"{len(self._parts)} files" if len(self._parts) > 1 else "analysing"
            bar = typer.progressbar(length=_STEPS, label=label, file=sys.stderr)
            self._advance = self.enter_context(bar).update
        weighed = zip(self._weights, self._parts, strict=True)
        done = int(_STEPS * sum(weight * done for weight, done in weighed))
        if done > self._done:
            self._advance(done - self._done)
            self._done = done
