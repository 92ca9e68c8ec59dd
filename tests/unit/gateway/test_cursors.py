"""Cursors are opaque, but what is written is what is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurto_gateway.exceptions import InvalidCursor
from kurto_gateway.live.cursors import START, Cursor, EntryId, Position

positions = st.builds(
    Position,
    st.builds(EntryId, st.integers(0, 2**62), st.integers(0, 2**62)),
    st.integers(0, 999_999_999),
)
cursors = st.builds(Cursor, st.none() | positions, st.none() | st.integers(0, 2**53))


@given(cursors)
def test_what_is_written_is_read(cursor: Cursor) -> None:
    text = cursor.encode()
    assert Cursor.decode(text) == cursor
    assert text.isascii()
    assert "\n" not in text


def test_nothing_means_the_beginning() -> None:
    assert Cursor.decode("") == START
    assert Cursor.decode(START.encode()) == START


@pytest.mark.parametrize(
    "text",
    ["x", "1", "1~~", "2~-~-", "1~-~-\n", "1~1.2~3", "1~-1.0.0~4", "1~" + "9" * 30],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor) as caught:
        Cursor.decode(text)
    assert caught.value.reason == "INVALID_CURSOR"


def test_entry_ids_are_ordered_as_valkey_orders_them() -> None:
    assert EntryId.parse("5-10") > EntryId.parse("5-9") > EntryId.parse("4-99")
    assert str(EntryId.parse("1763892000000-3")) == "1763892000000-3"
