"""How much is in quarantine, and whether there is room for more."""

from __future__ import annotations

__all__ = ["QuarantineLedger"]


class QuarantineLedger:
    """Counts bytes: what was found last, and what was taken since.

    Parameters
    ----------
    max_bytes : int
        What may be in quarantine; 0 for nothing at all.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        #: True while the disk is nearly full.
        self.closed = False
        self._found_bytes = 0
        self._taken_bytes = 0
        self._marked_bytes = 0

    @property
    def used_bytes(self) -> int:
        """Bytes in quarantine, stored or on their way."""
        return self._found_bytes + self._taken_bytes

    def take(self, size_bytes: int) -> None:
        """Note that so much was taken."""
        self._taken_bytes += size_bytes

    def begin_look(self, pending_bytes: int) -> None:
        """Note that what is stored is about to be looked up, while so much is on its way."""
        self._marked_bytes = self._taken_bytes - pending_bytes

    def found(self, stored_bytes: int) -> None:
        """Note what the look has found."""
        self._found_bytes = stored_bytes
        self._taken_bytes = max(0, self._taken_bytes - max(0, self._marked_bytes))

    def objection(self, size_bytes: int) -> str:
        """Return why there is no room for so much more, for people; empty when there is."""
        if not self.max_bytes:
            return "by its settings this service keeps none of them"
        if self.closed:
            return "the disk is nearly full"
        if self.used_bytes + size_bytes > self.max_bytes:
            return (
                f"the quarantine holds {self.used_bytes} of {self.max_bytes} bytes"
                " (KURTO_INGEST_QUARANTINE_MAX_BYTES)"
            )
        return ""
