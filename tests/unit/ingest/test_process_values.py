"""Process values: which are accepted, which wait for their block, which load holds."""

import math
from collections.abc import Sequence
from typing import Any

import pytest

from kurto.ingest.v1 import stream_control_service_pb2 as control_pb
from kurto.signal.v1 import process_values_pb2 as pb
from kurto_ingest.assets.process_values import (
    ProcessValueDefinition,
    ProcessValueRole,
    check_process_values,
    load_of,
)
from kurto_ingest.exceptions import InvalidCursor, InvalidField
from kurto_ingest.paging import page_token
from kurto_ingest.pushing.value_validation import DeclaredUnits, read_values
from kurto_ingest.status.value_messages import value_message, value_query, value_token
from kurto_ingest.streams.encoding import Encoding
from kurto_ingest.streams.hop_tail import HopTail
from kurto_ingest.streams.live_stream import LiveStream
from kurto_ingest.streams.process_values import BAD, LoadTrack, ProcessValue, hop_loads
from kurto_ingest.streams.quality import BlockInspector
from kurto_ingest.streams.sequence import StreamSequence
from kurto_ingest.streams.stream_format import StreamFormat
from kurto_ingest.value_store import StoredProcessValue

HOP = 100
LOAD = ProcessValueDefinition(
    name="load", unit="%", role=ProcessValueRole.LOAD, bin_width=10.0, valid_for_s=1.0
)
TEMPERATURE = ProcessValueDefinition(name="temperature", unit="degC")
FORMAT = StreamFormat(
    sensor_id="s",
    sensor_key=1,
    epoch=1,
    channels=("x",),
    sample_rate_hz=1000.0,
    encoding=Encoding.I16LE,
    scales=(1.0,),
    hop_samples=HOP,
    window_hops=10,
    anchor_us=0,
)


def load(index: int, value: float, quality: int = 0) -> ProcessValue:
    return ProcessValue(index, "load", "%", value, quality)


def make_stream() -> tuple[LiveStream, list[int]]:
    charged: list[int] = []
    live = LiveStream(
        FORMAT,
        1,
        StreamSequence(0, max_missing_ranges=9),
        inspector=BlockInspector(Encoding.I16LE, (1.0,), [None]),
        tail=HopTail(0, 10**6),
        max_missing_ranges=9,
        charge=charged.append,
    )
    live.values.follow_load(LOAD)
    return live, charged


def give(live: LiveStream, first: int, count: int, *values: ProcessValue) -> None:
    """Give a batch to the stream as ingest does."""
    data = bytes(2 * count)
    if not live.accept_hop(first, data, None, 0.0, values=values):
        live.accept(first, FORMAT.view(data), data, None, 0.0, values=values)


def committed(live: LiveStream) -> list[ProcessValue]:
    """Commit what waits and return its values."""
    live.close_block()
    found: list[ProcessValue] = []
    while (plan := live.plan(1)) is not None:
        for block in plan.blocks:
            assert all(block.first <= value.index < block.end for value in block.values)
            found += block.values
        live.finish(plan)
    return found


def test_load_holds_from_its_sample_for_its_time() -> None:
    track = LoadTrack(LOAD, FORMAT.time_us)
    track.note([load(150, 40.0), load(420, 60.0), ProcessValue(430, "temperature", "degC", 9.0)])
    assert [track.at(end) for end in (100, 200, 400, 500)] == [None, 40.0, 40.0, 60.0]
    assert track.at(1400) == 60.0  # 979 samples after it
    assert track.at(1500) is None
    track.note([load(1550, 80.0), load(1650, 1.0, BAD), load(1750, 70.0)])
    assert [track.at(end) for end in (1600, 1700, 1800)] == [80.0, None, 70.0]


def test_load_of_another_unit_is_not_the_load() -> None:
    track = LoadTrack(LOAD, FORMAT.time_us)
    track.note([ProcessValue(0, "load", "kW", 40.0)])
    assert track.at(100) is None


def test_value_before_the_newest_changes_no_later_load() -> None:
    track = LoadTrack(LOAD, FORMAT.time_us)
    track.note([load(250, 50.0)])
    assert track.at(300) == 50.0
    track.note([load(150, 10.0)])  # a refill
    assert track.at(400) == 50.0


def test_loads_from_the_store_are_those_of_the_track() -> None:
    values = [load(50, 10.0), load(350, 20.0)]
    found = hop_loads(LOAD, FORMAT.time_us, values, range(2, 5), HOP)
    assert found == (10.0, 20.0, 20.0)
    assert hop_loads(LOAD, FORMAT.time_us, [], range(2), HOP) == (None, None)


def test_values_go_with_the_block_of_their_sample() -> None:
    live, charged = make_stream()
    give(live, 0, 100, load(0, 1.0))  # a whole hop
    give(live, 100, 150, load(249, 2.0), load(120, 3.0))
    give(live, 250, 20)
    assert committed(live) == [load(0, 1.0), load(120, 3.0), load(249, 2.0)]
    assert live.pending_bytes == sum(charged) == 0
    assert not live.values.waiting


def test_value_in_an_open_block_is_not_durable_before_its_sample() -> None:
    live, _ = make_stream()
    give(live, 0, 30, load(10, 5.0))
    assert live.plan(10**6) is None
    assert live.values.waiting
    assert committed(live) == [load(10, 5.0)]


def test_values_of_samples_that_were_there_are_left_out() -> None:
    live, _ = make_stream()
    give(live, 0, 100, load(10, 5.0))
    give(live, 0, 100, load(10, 5.0))
    give(live, 50, 100, load(60, 7.0), load(140, 8.0))
    assert committed(live) == [load(10, 5.0), load(140, 8.0)]


def test_refill_brings_its_values() -> None:
    live, _ = make_stream()
    give(live, 0, 100)
    give(live, 300, 100, load(310, 4.0))
    give(live, 100, 250, load(120, 2.0), load(320, 9.0))  # the last one came before
    assert sorted(committed(live)) == [load(120, 2.0), load(310, 4.0)]


def test_hops_carry_the_load_at_their_end() -> None:
    live, _ = make_stream()
    give(live, 0, 100)
    give(live, 100, 100, load(150, 40.0))
    give(live, 200, 50, load(220, 60.0))
    give(live, 250, 50)
    give(live, 300, 200, load(399, 80.0))
    run = live.tail.run(0, 9)
    assert run is not None
    assert run.loads == (None, 40.0, 60.0, 80.0, 80.0)
    assert run.part(0, 1).loads == ()
    assert run.part(1, 3).loads == (40.0, 60.0)
    assert run.part(0, 1).joined(run.part(1, 3)).loads == (None, 40.0, 60.0)


def test_another_width_of_bins_keeps_the_load_that_holds() -> None:
    live, _ = make_stream()
    give(live, 0, 100, load(50, 40.0))
    wider = ProcessValueDefinition(
        name="load", unit="%", role=ProcessValueRole.LOAD, bin_width=20.0
    )
    live.values.follow_load(wider)
    assert live.values.load_at(200) == 40.0
    live.values.follow_load(None)
    assert live.values.load_at(300) is None


def message(**changes: Any) -> pb.ProcessValue:
    return pb.ProcessValue(**{"name": "load", "value": 5.0, "sample_index": 10, **changes})


def read(*messages: pb.ProcessValue, count: int = 300) -> Sequence[ProcessValue]:
    live, _ = make_stream()
    declared = DeclaredUnits([LOAD, TEMPERATURE])
    return read_values(messages, declared, live, first=0, count=count)


def test_values_get_their_declared_unit() -> None:
    assert read(message(), message(name="temperature", unit="degC", quality=2)) == [
        load(10, 5.0),
        ProcessValue(10, "temperature", "degC", 5.0, 2),
    ]


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        ([message(name="pressure")], r"declares \['load', 'temperature'\].*UpdateSensor"),
        ([message(unit="kW")], "declares load in '%'"),
        ([message(value=math.nan)], "BAD"),
        ([message(value=-math.inf)], "finite"),
        ([message(sample_index=300)], "samples 0 to 299"),
        ([message(sample_index=-1)], "samples 0 to 299"),
        ([message(), message(sample_index=20)], "one value of each name in a hop of 100"),
        ([message()] * 65, "64 entries, not 65"),
    ],
)
def test_impossible_values_are_refused(messages: list[pb.ProcessValue], says: str) -> None:
    with pytest.raises(InvalidField, match=says):
        read(*messages)


def test_unknown_quality_is_refused() -> None:
    wrong = pb.ProcessValue.FromString(message().SerializeToString() + b"\x28\x04")
    with pytest.raises(InvalidField, match="not 4"):
        read(wrong)


def test_second_value_of_a_hop_is_refused_in_a_later_batch_too() -> None:
    live, _ = make_stream()
    declared = DeclaredUnits([LOAD])
    give(live, 0, 50, load(10, 5.0))
    with pytest.raises(InvalidField, match="one value of each name"):
        read_values([message(sample_index=60)], declared, live, first=50, count=20)
    # Sent again it is no news.
    assert read_values([message()], declared, live, first=0, count=50)


def test_name_that_is_declared_no_more_is_taken_for_a_while() -> None:
    declared = DeclaredUnits([LOAD])
    for _ in range(3):  # other changes of the sensor
        declared.declare([TEMPERATURE])
    assert declared.unit_of("", message()) == "%"
    declared.declare([ProcessValueDefinition(name="load", unit="kW")])
    with pytest.raises(InvalidField, match="in 'kW'"):
        declared.unit_of("", message(unit="%"))


def definition(**changes: Any) -> ProcessValueDefinition:
    return ProcessValueDefinition(**{"name": "load", "unit": "%", **changes})


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ([definition(name="the load")], r"process_values\[0\].name"),
        ([definition(unit="")], r"process_values\[0\].unit"),
        ([definition(unit=" %")], r"process_values\[0\].unit"),
        ([definition(role=ProcessValueRole.LOAD)], "bin_width must be given"),
        ([definition(bin_width=0.0)], "bin_width must be a finite number > 0"),
        ([definition(bin_width=math.nan)], "bin_width must be a finite number > 0"),
        ([definition(valid_for_s=0.5)], "valid_for must be 1 s to 86400 s"),
        ([definition(), definition()], "different names"),
        (
            [
                definition(name=name, role=ProcessValueRole.LOAD, bin_width=1.0)
                for name in ("a", "b")
            ],
            "one entry with the role LOAD",
        ),
        ([definition(name=str(number)) for number in range(17)], "16 entries, not 17"),
    ],
)
def test_impossible_declarations_are_refused(
    wrong: list[ProcessValueDefinition], says: str
) -> None:
    with pytest.raises(InvalidField, match=says):
        check_process_values(wrong)


def test_load_is_found_by_its_role() -> None:
    check_process_values([TEMPERATURE, LOAD])
    assert load_of([TEMPERATURE, LOAD]) is LOAD
    assert load_of([TEMPERATURE]) is None


def test_page_goes_on_after_its_last_value() -> None:
    stored = StoredProcessValue(1_700_000_000_000_000, 3, ProcessValue(7, "load", "%", 5.0))
    request = control_pb.ListProcessValuesRequest(sensor_id="s", page_token=value_token(stored))
    query = value_query(request, 1)
    assert query.after == stored.place
    assert (query.limit, query.names, query.start_us, query.end_us) == (1000, (), None, None)
    assert value_message(stored).quality == pb.PROCESS_VALUE_QUALITY_GOOD


@pytest.mark.parametrize(
    "request_",
    [
        control_pb.ListProcessValuesRequest(page_size=1001),
        control_pb.ListProcessValuesRequest(names=["load", ""]),
        control_pb.ListProcessValuesRequest(names=["a\x00"]),
        control_pb.ListProcessValuesRequest(names=[f"n{number}" for number in range(17)]),
    ],
)
def test_impossible_questions_are_refused(
    request_: control_pb.ListProcessValuesRequest,
) -> None:
    with pytest.raises(InvalidField):
        value_query(request_, 1)


@pytest.mark.parametrize("place", ["load", "1 2 3", f"{10**18 - 1} 1 1 load", "-99 1 -1 load"])
def test_tokens_of_others_are_refused(place: str) -> None:
    with pytest.raises(InvalidCursor):
        value_query(control_pb.ListProcessValuesRequest(page_token=page_token(place)), 1)
