"""JSON lines: one object for each window and channel, then one for each channel."""

from __future__ import annotations

import json
from typing import IO

from kurto_cli.analysis.records import Record


class JsonWriter:
    """Writes one line for each record.

    Parameters
    ----------
    stream : binary stream
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def write(self, record: Record) -> None:
        """Add a record."""
        self._stream.write(json.dumps(record, allow_nan=False).encode() + b"\n")

    def finish(self) -> None:
        """Write what is left."""
        self._stream.flush()
