"""Cut the output of a process into lines of bounded length."""

LONGEST_LINE_BYTES = 16_384


class LineSplitter:
    """Turns chunks of output into lines, whatever the chunks are.

    Parameters
    ----------
    longest_bytes : int
        A longer line is cut into pieces of this length.
    """

    def __init__(self, longest_bytes: int = LONGEST_LINE_BYTES) -> None:
        self._longest = longest_bytes
        self._rest = b""

    def feed(self, chunk: bytes) -> list[str]:
        """Return the lines that this chunk completes, without their ends."""
        *complete, self._rest = (self._rest + chunk).split(b"\n")
        lines = [piece for line in complete for piece in self._pieces(line)]
        while len(self._rest) >= self._longest:
            lines.append(self._rest[: self._longest])
            self._rest = self._rest[self._longest :]
        return [_text(line) for line in lines]

    def finish(self) -> list[str]:
        """Return what is left when the output ends."""
        rest, self._rest = self._rest, b""
        return [_text(rest)] if rest else []

    def _pieces(self, line: bytes) -> list[bytes]:
        starts = range(0, max(len(line), 1), self._longest)
        return [line[start : start + self._longest] for start in starts]


def _text(line: bytes) -> str:
    return line.decode("utf-8", errors="replace").rstrip("\r")
