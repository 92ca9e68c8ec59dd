"""What a stream and its feed hold in memory is bounded, and counted."""

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from kurto_ingest.assets.model import Channel, SensorConfig
from kurto_ingest.forwarding.feed import FeedLimits, WindowFeed
from kurto_ingest.forwarding.outbox import Outbox
from kurto_ingest.metrics import IngestMetrics
from kurto_ingest.streams.encoding import Encoding
from kurto_ingest.streams.hop_tail import HopRun, HopTail
from kurto_ingest.streams.live_stream import LiveStream
from kurto_ingest.streams.quality import BlockInspector
from kurto_ingest.streams.ranges import RangeSet
from kurto_ingest.streams.sequence import StreamSequence
from kurto_ingest.streams.stream_format import StreamFormat

HOP, WINDOW = 2560, 10
HOP_BYTES = 4 * HOP


def stream_format() -> StreamFormat:
    """Return that of one channel at 25.6 kHz."""
    return StreamFormat(
        sensor_id="s",
        sensor_key=1,
        epoch=1,
        channels=("x",),
        sample_rate_hz=25_600.0,
        encoding=Encoding.F32LE,
        scales=(),
        hop_samples=HOP,
        window_hops=WINDOW,
        anchor_us=0,
    )


def stream() -> LiveStream:
    """Return a new stream without a tail."""
    return LiveStream(
        stream_format(),
        1,
        StreamSequence(max_missing_ranges=9),
        inspector=BlockInspector(Encoding.F32LE, (), [None]),
        tail=HopTail(0, 0),
        max_missing_ranges=9,
        charge=lambda _: None,
    )


def give(live: LiveStream, first: int, count: int) -> None:
    """Push samples as a message brings them."""
    data = np.arange(first, first + count, dtype="<f4").tobytes()
    live.accept(first, live.format.view(data), data, None, 0.0)


def commit(live: LiveStream) -> None:
    """Make all that can be durable so."""
    live.close_block()
    while (plan := live.plan(10**9)) is not None:
        live.finish(plan)


@pytest.fixture
def traced() -> Callable[[], int]:
    """Return a function that tells how much memory is held."""
    return lambda: tracemalloc.get_traced_memory()[0]


def test_an_open_cell_keeps_its_few_samples_and_not_their_message(
    traced: Callable[[], int],
) -> None:
    tracemalloc.start()
    try:
        before = traced()
        resting = []
        for _ in range(10):
            live = stream()
            give(live, 0, 400 * HOP + 7)  # 4 MB; 7 samples of the last cell
            commit(live)
            assert live.pending_bytes == 0
            resting.append(live)
        held = traced() - before
    finally:
        tracemalloc.stop()
    assert held < 2**20


def test_a_refill_in_small_pieces_is_charged_with_what_it_takes(
    traced: Callable[[], int],
) -> None:
    live = stream()
    give(live, 100_000, 10)
    commit(live)
    tracemalloc.start()
    try:
        before = traced()
        for at in range(5000):
            give(live, at, 1)
        held = traced() - before
    finally:
        tracemalloc.stop()
    assert held / 2 < live.pending_bytes < 2 * held
    commit(live)
    assert live.pending_bytes == 0


def test_giving_up_is_charged_too() -> None:
    live = stream()
    give(live, 1000, 10)
    commit(live)
    for at in range(0, 16, 2):
        live.abandon(at, at + 1)
    assert live.pending_bytes >= 8 * 200
    commit(live)
    assert live.pending_bytes == 0


def late_feed(backlog_bytes: int) -> WindowFeed:
    """Return a feed that has sent 1000 hops, 500 of which were gaps."""
    config = SensorConfig(
        version=1, sample_rate_hz=25_600.0, channels=(Channel(name="x", unit="g"),)
    )
    limits = FeedLimits(
        in_flight_hops=10**6, backlog_bytes=backlog_bytes, max_lag_s=1e9, retention_s=1e9
    )
    feed = WindowFeed(stream_format(), config, analysis_from_index=0, limits=limits)
    feed.stored_hops = 1000
    feed.opened(0, 0)
    feed.cursor = 1000
    feed.refilled(RangeSet([(100, 600)]))
    return feed


def window(first: int) -> list[HopRun]:
    """Return the hops of a window, as they are read."""
    return [HopRun(first, first + WINDOW, (bytes(HOP_BYTES),) * WINDOW)]


@pytest.mark.parametrize("windows", [1, 3])
def test_late_windows_are_read_as_they_are_sent_and_no_sooner(windows: int) -> None:
    feed = late_feed(windows * WINDOW * HOP_BYTES)
    wanted: list[WindowFeed] = []
    outbox = Outbox(
        IngestMetrics(CollectorRegistry()),
        message_bytes=1,
        in_flight_bytes=10**9,
        late_sent=wanted.append,
    )
    sent = []
    for _ in range(500):
        while (late := feed.wanted_late()) is not None:
            feed.loaded_late(late, window(late))
            assert len(feed.late_runs) <= windows
        outbox.ready(feed)
        wanted.clear()
        message = outbox.next_message()
        assert message is not None
        sent += [run.hop_index for run in message.hops.runs]
        assert wanted == [feed], "there is room for the next one: it must be read"
    assert sent == list(range(100, 600))
    assert feed.wanted_late() is None


def test_a_tail_whose_share_shrinks_gives_memory_back_at_once() -> None:
    charged = 0

    def charge(size_bytes: int) -> None:
        nonlocal charged
        charged += size_bytes

    tail = HopTail(0, 10 * HOP_BYTES, charge)
    for hop in range(10):
        tail.append_full(hop, bytes(HOP_BYTES))
    tail.set_limit(3 * HOP_BYTES)
    assert charged == tail.size_bytes == 3 * HOP_BYTES
    assert (tail.first, tail.end) == (7, 10)
    tail.set_limit(1)
    assert charged == HOP_BYTES
