"""However batches are cut, sent again, dropped and committed: each value is stored once."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kurto_ingest.assets.process_values import ProcessValueDefinition, ProcessValueRole
from kurto_ingest.streams.encoding import Encoding
from kurto_ingest.streams.hop_tail import HopTail
from kurto_ingest.streams.live_stream import LiveStream
from kurto_ingest.streams.process_values import ProcessValue, hop_loads
from kurto_ingest.streams.quality import BlockInspector
from kurto_ingest.streams.sequence import StreamSequence
from kurto_ingest.streams.stream_format import StreamFormat

HOP = 7
LOAD = ProcessValueDefinition(
    name="load", unit="%", role=ProcessValueRole.LOAD, bin_width=10.0, valid_for_s=1.0
)
FORMAT = StreamFormat(
    sensor_id="s",
    sensor_key=1,
    epoch=1,
    channels=("x", "y"),
    sample_rate_hz=70.0,
    encoding=Encoding.I16LE,
    scales=(1.0,),
    hop_samples=HOP,
    window_hops=3,
    anchor_us=0,
)
# Values at samples, as the sender took them; each batch brings those of its samples.
TAKEN = st.dictionaries(st.integers(0, 400), st.sampled_from(["load", "heat"]), max_size=40)
BATCHES = st.lists(
    st.tuples(st.integers(-20, 30), st.integers(1, 30), st.integers(0, 4)), min_size=1, max_size=20
)


def new_stream(durable: StreamSequence, known: list[ProcessValue]) -> LiveStream:
    live = LiveStream(
        FORMAT,
        1,
        durable,
        inspector=BlockInspector(Encoding.I16LE, (1.0,), [None, None]),
        tail=HopTail(durable.next_index // HOP, 10**6),
        max_missing_ranges=99,
        charge=lambda _: None,
    )
    live.values.follow_load(LOAD, known)
    return live


def value(index: int, name: str) -> ProcessValue:
    return ProcessValue(index, name, "%", float(index), 3 if index % 5 == 0 else 0)


class Run:
    """A stream, what is stored of it, and the loads that its hops had in memory."""

    def __init__(self, taken: dict[int, str]) -> None:
        self.taken = [value(index, name) for index, name in taken.items()]
        self.samples: set[int] = set()
        self.stored: list[ProcessValue] = []
        self.live = new_stream(StreamSequence(0, max_missing_ranges=99), [])

    def push(self, first: int, count: int) -> None:
        data = bytes(4 * count)
        values = [one for one in self.taken if first <= one.index < first + count]
        if not self.live.accept_hop(first, data, None, 0.0, values=values):
            self.live.accept(first, FORMAT.view(data), data, None, 0.0, values=values)

    def commit(self, max_bytes: int) -> bool:
        plan = self.live.plan(max_bytes)
        if plan is None:
            return False
        for block in plan.blocks:
            self.samples |= set(range(block.first, block.end))
            self.stored += block.values
        self.live.finish(plan)
        return True

    def restart(self) -> None:
        """What is not durable is lost; the sender sends it again or not."""
        before = [one for one in sorted(self.stored) if one.name == "load"]
        end = self.live.durable.next_index
        known = [one for one in before if one.index < end][-1:]
        self.live = new_stream(self.live.durable.copy(), known)

    def check_loads(self) -> None:
        """Hops in memory have the load that a reader of the store finds, once it is there."""
        tail = self.live.tail
        for hop in range(tail.first, tail.end):
            run = tail.run(hop, 1)
            if run is None or run.is_gap:
                continue
            found = hop_loads(LOAD, FORMAT.time_us, self.stored, range(hop, hop + 1), HOP)
            assert (run.loads or (None,)) == found

    def do(self, what: int) -> None:
        """Close a block, commit one, commit all, or start anew; 0 is nothing."""
        if what == 1:
            self.live.close_block()
        elif what == 2:
            self.commit(1)
        elif what == 3:
            self.live.close_block()
            self.commit(10**6)
        elif what == 4:
            self.restart()

    def settle(self) -> None:
        """Commit everything."""
        self.live.close_block()
        while self.commit(40):
            pass


@settings(deadline=None, max_examples=300)
@given(TAKEN, BATCHES)
def test_each_value_of_a_durable_sample_is_stored_once(
    taken: dict[int, str], batches: list[tuple[int, int, int]]
) -> None:
    run = Run(taken)
    for offset, count, what in batches:
        run.push(max(0, run.live.accepted.next_index + offset), count)
        run.do(what)
    run.settle()
    assert sorted(run.stored) == sorted(one for one in run.taken if one.index in run.samples)
    assert run.live.pending_bytes == 0
    assert not run.live.values.waiting


@settings(deadline=None, max_examples=300)
@given(TAKEN, st.lists(st.tuples(st.integers(1, 30), st.integers(0, 4)), min_size=1, max_size=20))
def test_load_of_a_hop_is_the_same_live_and_from_the_store(
    taken: dict[int, str], batches: list[tuple[int, int]]
) -> None:
    run = Run(taken)
    for count, what in batches:
        run.push(run.live.accepted.next_index, count)
        run.do(what)
    run.settle()
    run.check_loads()
