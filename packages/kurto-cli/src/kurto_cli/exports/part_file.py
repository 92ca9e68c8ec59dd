"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


class PartFile:
    """A file under a passing name beside its place, until it is complete.

    Parameters
    ----------
    directory : Path
        Where the file shall be in the end: a file moves at once only within one file system.

    Attributes
    ----------
    path : Path
        Where to write meanwhile.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / f".kurto-export-{secrets.token_hex(6)}.part"

    def publish(self, path: Path) -> None:
        """Put the complete file in its place, over what stands there."""
        with self.path.open("rb") as file:
            os.fsync(file.fileno())
        self.path.replace(path)

    def discard(self) -> None:
        """Remove the file; nothing happens if there is none."""
        self.path.unlink(missing_ok=True)
