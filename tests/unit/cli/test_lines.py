"""Output is cut into the same lines whatever the chunks are."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kurto_cli.stack.lines import LineSplitter

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=60)


def split(chunks: list[bytes], longest_bytes: int = 1_000) -> list[str]:
    splitter = LineSplitter(longest_bytes)
    lines = [line for chunk in chunks for line in splitter.feed(chunk)]
    return lines + splitter.finish()


@given(TEXT, st.lists(st.integers(0, 240), max_size=5))
def test_lines_do_not_depend_on_the_chunks(text: str, cuts: list[int]) -> None:
    data = text.encode()
    edges = [0, *sorted(cuts), len(data)]
    chunks = [data[a:b] for a, b in pairwise(edges)]
    expected = text.split("\n")
    if expected[-1] == "":
        expected.pop()
    assert split(chunks) == expected


def test_a_line_without_end_is_cut() -> None:
    assert split([b"abc", b"defgh"], longest_bytes=3) == ["abc", "def", "gh"]
    assert split([b"abcdefgh\nij\n"], longest_bytes=3) == ["abc", "def", "gh", "ij"]


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert split([b"a\xff\r\n"]) == ["a\ufffd"]
