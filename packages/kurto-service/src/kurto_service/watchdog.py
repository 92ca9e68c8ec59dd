"""The end of a process that does not end by itself."""

from __future__ import annotations

import logging
import os
import threading

__all__ = ["Watchdog", "exit_now"]

_LOG = logging.getLogger(__name__)


def exit_now(code: int) -> None:
    """End the process at once with its log written."""
    logging.shutdown()
    os._exit(code)


class Watchdog:
    """Ends the process from a thread when stopping takes longer than `limit_s` seconds."""

    def __init__(self, limit_s: float) -> None:
        self._timer = threading.Timer(limit_s, self._expire)
        self._timer.daemon = True

    def _expire(self) -> None:
        _LOG.critical("Stopping hangs: ending the process", extra={"action": "watchdog"})
        exit_now(1)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *exc_info: object) -> None:
        self._timer.cancel()
