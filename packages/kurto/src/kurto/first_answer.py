"""What to do with an answer of OpenStream, the first above all."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable

from kurto.assets.v1 import assets_pb2
from kurto.disk.buffer import DiskBuffer
from kurto.ingest.v1 import ingest_service_pb2 as pb

_logger = logging.getLogger("kurto.opening")


class FirstAnswer:
    """Checks answers, and settles an index that was begun without the service.

    Parameters
    ----------
    check : callable
        Compares the sensor's configuration with the declared one; raises if they differ.
    """

    def __init__(self, check: Callable[[assets_pb2.SensorConfig], None]) -> None:
        self._check = check
        self._buffer: DiskBuffer | None = None
        self._first_index = 0

    def wait_with(self, buffer: DiskBuffer) -> None:
        """Settle with the next answer what goes into a buffer from now on."""
        self._buffer, self._first_index = buffer, buffer.end_index

    async def __call__(self, opened: pb.OpenStreamResponse) -> str | None:
        """Accept an answer, or return the boot id under which to open instead.

        The service may hold samples of this epoch that this disk has lost, such as after a power
        loss. What was pushed since under their indexes would be taken for duplicates: it becomes an
        epoch of its own.
        """
        self._check(opened.config)
        buffer, self._buffer = self._buffer, None
        if buffer is None or opened.next_index <= self._first_index or buffer.numbered:
            return None
        if buffer.end_index == self._first_index:
            buffer.skip_to(opened.next_index)
            return None
        boot_id = uuid.uuid4().hex
        _logger.warning(
            "the service has later samples than the buffer: a new epoch begins",
            extra={"next_index": opened.next_index, "first_index": self._first_index},
        )
        await buffer.fork(boot_id, self._first_index if not opened.missing_ranges else 0)
        return boot_id
