"""Prefixed lines on a stream that may be slow."""

import io
import threading

from kurto_cli.stack import console
from kurto_cli.stack.console import Console


def test_lines_bear_their_process() -> None:
    stream = io.StringIO()
    output = Console(stream, ["kurto", "postgres"], colour=False)
    output.writer("kurto")("one")
    output.writer("postgres")("two")
    output.close()
    assert stream.getvalue() == "kurto    | one\npostgres | two\n"


def test_only_prefixes_are_coloured() -> None:
    stream = io.StringIO()
    output = Console(stream, ["a"], colour=True)
    output.writer("a")("one")
    output.close()
    assert stream.getvalue() == "\x1b[36ma | \x1b[0mone\n"


class StandstillStream(io.StringIO):
    """Blocks every write until told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()

    def write(self, text: str) -> int:
        self.go_on.wait(30)
        return super().write(text)


def test_a_stream_that_stands_still_holds_nobody_up_and_losses_are_told() -> None:
    stream = StandstillStream()
    output = Console(stream, ["a"], colour=False)
    write = output.writer("a")
    surplus = 500
    for number in range(console.CAPACITY_LINES + 1 + surplus):
        write(str(number))
    stream.go_on.set()
    output.close()
    lines = stream.getvalue().splitlines()
    assert len(lines) <= console.CAPACITY_LINES + 1
    assert lines[:2] == ["a | 0", "a | 1"]


def test_losses_are_told_once_there_is_room() -> None:
    stream = StandstillStream()
    output = Console(stream, ["a"], colour=False)
    write = output.writer("a")
    for number in range(console.CAPACITY_LINES + 501):
        write(str(number))
    stream.go_on.set()
    while not stream.getvalue().endswith("\n") or len(stream.getvalue().splitlines()) < 100:
        threading.Event().wait(0.01)
    write("after")
    output.close()
    *_, notice, last = stream.getvalue().splitlines()
    assert notice.endswith("lines dropped: output too slow")
    assert last == "a | after"


class BrokenStream(io.StringIO):
    """Its reader went away."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_a_reader_that_went_away_does_no_harm() -> None:
    output = Console(BrokenStream(), ["a"], colour=False)
    for _ in range(console.CAPACITY_LINES * 2):
        output.writer("a")("line")
    output.close()
