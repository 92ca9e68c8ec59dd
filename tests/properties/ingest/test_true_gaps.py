"""A hop is called a gap only if it is one in the store, and is told again once it is none."""

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties.ingest.test_live_stream import make_stream, source, take

from kurto_ingest.assets.model import Channel, SensorConfig
from kurto_ingest.forwarding.feed import FeedLimits, WindowFeed
from kurto_ingest.forwarding.stored_hops import hop_runs
from kurto_ingest.ports import StoredSamples
from kurto_ingest.streams.encoding import Encoding
from kurto_ingest.streams.hop_tail import HopRun
from kurto_ingest.streams.late import completed_windows

HOP, WINDOW = 7, 3
CHANNEL = Channel(name="x", unit="g")


class Path:
    """A stream with its store and its feed; notes what the analyzer would get."""

    def __init__(self) -> None:
        self.stream = make_stream(Encoding.F32LE)
        config = SensorConfig(version=1, sample_rate_hz=70.0, channels=(CHANNEL,))
        limits = FeedLimits(
            in_flight_hops=10**6, backlog_bytes=500, max_lag_s=1e6, retention_s=1e12
        )
        self.feed = WindowFeed(self.stream.format, config, analysis_from_index=0, limits=limits)
        self.feed.tail = self.stream.tail
        self.feed.opened(0, 0)
        self.rows: dict[int, StoredSamples] = {}
        self.told: dict[int, bytes | None] = {}  # hop: samples, or None for a gap
        self.gaps: set[int] = set()  # hops that the store has ever lacked a part of
        self.corrected: dict[int, tuple[bytes, ...]] = {}  # window: hops

    def is_stored(self, first: int, end: int) -> bool:
        """Tell whether all samples of a range are in the store."""
        there = {at for row in self.rows.values() for at in range(row.first, row.first + row.count)}
        return set(range(first, end)) <= there

    def commit(self, max_bytes: int) -> None:
        """Commit as the committer does."""
        plan = self.stream.plan(max_bytes)
        if plan is None:
            return
        for block in plan.blocks:
            self.rows[block.first] = StoredSamples(block.first, block.count, 0, None, block.data)
        late = completed_windows(plan.refilled, plan.after, hop_samples=HOP, window_hops=WINDOW)
        self.stream.finish(plan)
        for item in plan.after.absent:
            self.gaps |= set(range(item.first // HOP, -(-item.end // HOP)))
        self.feed.stored_hops = self.stream.durable.next_index // HOP
        self.feed.refilled(late)

    def send(self) -> None:
        """Send all that can be sent, reading what is not in memory."""
        moved = True
        while moved:
            moved = False
            while (run := self.feed.next_run(10**6)) is not None:
                moved = True
                self._tell(run)
            if (wanted := self.feed.wanted()) is not None:
                self.feed.loaded(wanted, self._read(wanted.first, wanted.end))
                moved = True
            if (window := self.feed.wanted_late()) is not None:
                self.feed.loaded_late(window, self._read(window, window + WINDOW))
                moved = True
            while (late := self.feed.next_late()) is not None:
                moved = True
                self.corrected[late.first] = late.hops

    def _read(self, first: int, end: int) -> list[HopRun]:
        return hop_runs(self.stream.format, first, end, sorted(self.rows.values(), key=_first))

    def _tell(self, run: HopRun) -> None:
        for at in range(run.first, run.end):
            assert at not in self.told
            assert not run.is_gap or at in self.gaps
            self.told[at] = None if run.is_gap else run.hops[at - run.first]


def _first(row: StoredSamples) -> int:
    return row.first


def missing(path: Path) -> Iterator[tuple[int, int]]:
    """Yield what a sender could refill."""
    yield from ((item.first, item.end) for item in path.stream.accepted.missing)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("push"), st.sampled_from([0, 0, 3, 7, 16]), st.integers(1, 20)),
        st.tuples(st.just("refill"), st.integers(0, 3), st.integers(1, 20)),
        st.tuples(st.just("commit"), st.sampled_from([1, 60, 10**6]), st.just(0)),
        st.tuples(st.just("send"), st.just(0), st.just(0)),
    ),
    max_size=25,
)


@settings(deadline=None, max_examples=400)
@given(STEPS)
def test_gaps_are_told_only_if_they_are_true(steps: list[tuple[str, int, int]]) -> None:
    path = Path()
    stream = path.stream
    for what, one, other in steps:
        if what == "push":
            first = stream.accepted.next_index + one
            take(stream, first, source(Encoding.F32LE, first, other).tobytes())
        elif what == "refill" and (holes := list(missing(path))):
            first, end = holes[one % len(holes)]
            count = min(other, end - first)
            take(stream, first, source(Encoding.F32LE, first, count).tobytes())
        elif what == "commit":
            stream.close_block()
            path.commit(one)
        elif what == "send":
            path.send()
    stream.close_block()
    while not stream.is_durable:
        path.commit(10**6)
    path.send()

    hops = stream.durable.next_index // HOP
    assert sorted(path.told) == list(range(hops))
    for window in range(hops - WINDOW + 1):
        whole = path.is_stored(window * HOP, (window + WINDOW) * HOP)
        first_told = [path.told[window + k] for k in range(WINDOW)]
        if not whole:
            assert None in first_told
            continue
        right = [source(Encoding.F32LE, (window + k) * HOP, HOP).tobytes() for k in range(WINDOW)]
        assert right in (first_told, list(path.corrected.get(window, ())))


def test_a_gap_closed_before_its_commit_is_never_told() -> None:
    path = Path()
    take(path.stream, 0, source(Encoding.F32LE, 0, 10).tobytes())
    take(path.stream, 40, source(Encoding.F32LE, 40, 4).tobytes())  # in the middle of a hop
    take(path.stream, 10, source(Encoding.F32LE, 10, 30).tobytes())
    path.stream.close_block()
    path.commit(10**6)
    path.send()
    take(path.stream, 44, source(Encoding.F32LE, 44, 20).tobytes())
    path.stream.close_block()
    path.commit(10**6)
    path.send()

    assert not path.corrected
    assert not path.feed.late
    assert [path.told[hop] for hop in range(9)] == [
        source(Encoding.F32LE, hop * HOP, HOP).tobytes() for hop in range(9)
    ]
