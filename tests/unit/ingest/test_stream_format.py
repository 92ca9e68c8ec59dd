"""Times of samples, of continuous and of burst sensors."""

from __future__ import annotations

from dataclasses import replace

from kurto_ingest.streams.encoding import Encoding
from kurto_ingest.streams.stream_format import StreamFormat

ANCHOR_US = 1_700_000_000_000_000
CONTINUOUS = StreamFormat(
    sensor_id="s",
    sensor_key=1,
    epoch=1,
    channels=("x",),
    sample_rate_hz=25_600.0,
    encoding=Encoding.F32LE,
    scales=(),
    hop_samples=2560,
    window_hops=10,
    anchor_us=ANCHOR_US,
)
BURSTS = replace(CONTINUOUS, window_hops=1, burst_interval_us=10_000_000)


def test_continuous_time_is_index_over_rate() -> None:
    assert CONTINUOUS.time_us(25_600 * 3600) == ANCHOR_US + 3_600_000_000
    assert CONTINUOUS.index_at(ANCHOR_US + 3_600_000_000) == 25_600 * 3600


def test_bursts_have_a_clock_of_their_own() -> None:
    assert BURSTS.time_us(0) == ANCHOR_US
    assert BURSTS.time_us(256) == ANCHOR_US + 10_000
    assert BURSTS.time_us(2560 * 7 + 256) == ANCHOR_US + 70_010_000
    assert BURSTS.index_at(ANCHOR_US + 75_000_000) == 2560 * 7
