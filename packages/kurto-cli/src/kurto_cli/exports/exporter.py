"""From the service to files."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path

import kurto
from kurto_cli.exports.writers import Finished, MakeWriter, SamplesWriter


class NothingStoredError(ValueError):
    """The range holds no samples any more."""


class Exporter:
    """Writes what is read: a file for each epoch, or for each contiguous piece.

    Files appear under their names when all is complete; after an error there are none.

    Parameters
    ----------
    make_writer : callable
        Makes the writer of one epoch.
    path : Path
        Name of the file; several get additions to it.
    on_piece : callable
        Told each piece, for showing progress.
    """

    def __init__(
        self,
        make_writer: MakeWriter,
        path: Path,
        on_piece: Callable[[kurto.SamplesPiece], None],
    ) -> None:
        self._make_writer = make_writer
        self._path = path
        self._on_piece = on_piece
        self._writers: list[tuple[SamplesWriter, bool]] = []  # and whether it holds samples
        self._epoch = 0

    async def run(self, pieces: AsyncGenerator[kurto.SamplesPiece, None]) -> list[Path]:
        """Write all pieces and return the files.

        Raises
        ------
        NothingStoredError
            If there are only holes.
        """
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    self._write(piece)
                    self._on_piece(piece)
            return self._publish()
        finally:
            for writer, _ in self._writers:
                writer.discard()

    def _write(self, piece: kurto.SamplesPiece) -> None:
        if piece.header.epoch != self._epoch:
            self._epoch = piece.header.epoch
            self._writers.append((self._make_writer(piece.header, self._path.parent), False))
        writer, _ = self._writers[-1]
        if isinstance(piece, kurto.SamplesChunk):
            self._writers[-1] = (writer, True)
            writer.chunk(piece)
        else:
            writer.hole(piece)

    def _publish(self) -> list[Path]:
        finished = [item for writer, used in self._writers if used for item in writer.finish()]
        if not finished:
            raise NothingStoredError(
                "all samples of this range are missing or deleted: ask for a later one"
            )
        several = len({item.epoch for item in finished}) > 1
        paths = [self._name(item, several=several) for item in finished]
        for item, path in zip(finished, paths, strict=True):
            item.publish(path)
        return paths

    def _name(self, item: Finished, *, several: bool) -> Path:
        name = self._path.stem
        if several:
            name += f"-epoch{item.epoch}"
        if item.pieces_apart:
            name += f"-from{item.first_index}"
        return self._path.with_name(name + self._path.suffix)
