"""Log records: a constant message plus ``extra={"action": ...}``, as JSON lines or text."""

from __future__ import annotations

import logging
import sys
from typing import Literal, TextIO

from pythonjsonlogger.json import JsonFormatter

__all__ = ["FailureBudget", "configure_logs"]

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_JSON_FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s"
_NAMES = {"asctime": "time", "levelname": "level", "name": "logger"}


class TextFormatter(logging.Formatter):
    """One readable line: time, level, message, then the extra fields as ``key=value``."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", datefmt="%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the line without a traceback."""
        extra = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        fields = "".join(f" {key}={value}" for key, value in extra.items())
        return super().formatMessage(record) + fields


def configure_logs(
    *,
    level: str,
    form: Literal["auto", "json", "text"],
    service: str,
    stream: TextIO | None = None,
) -> None:
    """Send all records to `stream` (standard error by default).

    Parameters
    ----------
    level : str
        Least severe level written.
    form : {"auto", "json", "text"}
        "auto" is text on a terminal, else JSON.
    service : str
        Name that every JSON record carries.
    stream : TextIO, optional
        Where to write.
    """
    target = sys.stderr if stream is None else stream
    text = form == "text" or (form == "auto" and target.isatty())
    handler = logging.StreamHandler(target)
    handler.setFormatter(TextFormatter() if text else _json_formatter(service))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # These tell of their own set-up at INFO, and of each lost connection with a traceback: what
    # matters of it, the probes say in one line.
    logging.getLogger("alembic").setLevel(max(logging.WARNING, logging.getLevelName(level)))
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)


def _json_formatter(service: str) -> logging.Formatter:
    formatter = JsonFormatter(
        _JSON_FIELDS, rename_fields=_NAMES, static_fields={"service": service}
    )
    formatter.default_msec_format = "%s.%03d"
    return formatter


class FailureBudget:
    """Bounds how many records of one kind are written per minute.

    Parameters
    ----------
    limit : int
        Records of one kind per minute; what is beyond is counted and told with the next one.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._windows: dict[str, tuple[float, int]] = {}

    def admit(self, kind: str, now_s: float) -> int | None:
        """Return how many records of `kind` were held back before this one, or None to hold it.

        `kind` must come from a bounded set, such as method and status.
        """
        started, count = self._windows.get(kind, (now_s, 0))
        if now_s - started < 60.0:
            self._windows[kind] = (started, count + 1)
            return 0 if count < self._limit else None
        self._windows[kind] = (now_s, 1)
        return max(0, count - self._limit)
