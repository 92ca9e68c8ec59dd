"""What writes records."""

from __future__ import annotations

from typing import Protocol

from kurto_cli.analysis.records import Record


class RecordWriter(Protocol):
    """Writes records as they come."""

    def write(self, record: Record) -> None:
        """Add a record."""
        ...

    def finish(self) -> None:
        """Write what is left; nothing may be added after."""
        ...
