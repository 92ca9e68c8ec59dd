"""Process values in the SDK: declared, waiting for samples, cut and kept with them."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kurto
from kurto.assets.v1 import assets_pb2
from kurto.disk.record import HEADER_BYTES, decode_header, decode_payload, encode
from kurto.machine_data import MachineData
from kurto.process_values import SentValue, WaitingValues
from kurto.send_buffer import Chunk

LOAD = kurto.ProcessValueDefinition("load", "%", role="load", bin_width=10.0, valid_for_s=90.0)
HEAT = kurto.ProcessValueDefinition("heat", "degC")


def waiting(first_index: int = 0) -> WaitingValues:
    return WaitingValues([LOAD, HEAT], hop_samples=100, first_index=first_index)


def test_declaration_is_that_of_the_contract() -> None:
    message = LOAD.to_proto()
    assert (message.name, message.unit, message.bin_width) == ("load", "%", 10.0)
    assert message.role == assets_pb2.PROCESS_VALUE_ROLE_LOAD
    assert message.valid_for.ToTimedelta().total_seconds() == 90.0
    plain = HEAT.to_proto()
    assert not plain.HasField("bin_width")
    assert not plain.HasField("valid_for")
    wrong: Any = kurto.ProcessValueDefinition("x", "1", role="speed")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match='give "load"'):
        wrong.to_proto()


def test_another_declaration_is_a_difference() -> None:
    data = MachineData(process_values=[LOAD])
    assert data.differences(assets_pb2.SensorConfig()) == ["process_values"]
    theirs = assets_pb2.SensorConfig(process_values=[HEAT.to_proto()], sample_rate_hz=1000.0)
    data.put_into(theirs)
    assert list(theirs.process_values) == [LOAD.to_proto()]
    assert theirs.sample_rate_hz == 1000.0
    assert data.differences(theirs) == []


def test_values_go_with_the_next_samples_once() -> None:
    values = waiting()
    assert values.take(0, 50) == ()
    values.note({"load": 40, "heat": 71.5}, "good")
    assert values.take(50, 50) == (
        SentValue(50, "load", "%", 40.0, 1),
        SentValue(50, "heat", "degC", 71.5, 1),
    )
    assert values.take(100, 50) == ()


def test_newer_value_replaces_one_that_waits() -> None:
    values = waiting()
    values.note({"load": 40.0}, "good")
    values.note({"load": 50.0}, "bad")
    assert values.take(0, 10) == (SentValue(0, "load", "%", 50.0, 3),)


def test_second_value_of_a_hop_waits_for_the_next_hop() -> None:
    values = waiting()
    values.note({"load": 40.0}, "good")
    values.take(20, 20)
    values.note({"load": 50.0}, "good")
    assert values.take(40, 50) == ()
    assert values.take(90, 50) == (SentValue(100, "load", "%", 50.0, 1),)


def test_hop_that_an_earlier_run_began_is_left_alone() -> None:
    values = waiting(first_index=150)
    values.note({"load": 40.0}, "good")
    assert values.take(150, 49) == ()
    assert values.take(199, 10) == (SentValue(200, "load", "%", 40.0, 1),)
    whole = waiting(first_index=200)
    whole.note({"load": 40.0}, "good")
    assert whole.take(200, 10) == (SentValue(200, "load", "%", 40.0, 1),)


@pytest.mark.parametrize(
    ("values", "quality", "says"),
    [
        ({"pressure": 1.0}, "good", r"process_values, where there are \['heat', 'load'\]"),
        ({"heat": 1.0, "load": math.nan}, "good", "finite"),
        ({"load": math.inf}, "bad", "finite"),
        ({"load": 1.0}, "fine", "'uncertain'"),
    ],
)
def test_impossible_values_are_refused_and_none_of_them_is_taken(
    values: dict[str, float], quality: Any, says: str
) -> None:
    one = waiting()
    with pytest.raises(ValueError, match=says):
        one.note(values, quality)
    assert one.take(0, 100) == ()


def test_parts_of_a_chunk_have_the_values_of_their_samples() -> None:
    given = (SentValue(10, "load", "%", 1.0), SentValue(19, "heat", "degC", 2.0))
    chunk = Chunk(10, np.zeros((2, 10), "<f4"), values=given)
    assert chunk.part(10, 19).values == given[:1]
    assert chunk.part(11, 20).values == given[1:]
    assert chunk.part(0, 99).values == given


@given(
    st.lists(
        st.builds(
            SentValue,
            st.integers(0, 2**60),
            st.text(min_size=1, max_size=20),
            st.text(min_size=1, max_size=5),
            st.floats(allow_nan=False, allow_infinity=False),
            st.integers(0, 3),
        ),
        max_size=5,
    )
)
def test_record_on_disk_has_the_values(values: list[SentValue]) -> None:
    samples = np.arange(6, dtype="<i2").reshape(2, 3)
    chunk = Chunk(5, samples, 24.5, 7, tuple(values))
    data = encode(chunk)
    header = decode_header(data)
    assert header is not None
    assert (header.first_index, header.end_index) == (5, 8)
    found = decode_payload(header, data[HEADER_BYTES:], 2)
    assert found is not None
    assert found.values == chunk.values
    assert found.samples.tobytes() == samples.tobytes()
    damaged = data[:-1] + bytes([data[-1] ^ 1])
    assert decode_payload(header, damaged[HEADER_BYTES:], 2) is None
