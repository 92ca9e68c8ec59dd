"""Sample times from a sender's clock that is wrong and a network that delays."""

import random
from dataclasses import dataclass, field

import pytest

from kurto_ingest.clocks.lower_envelope import LowerEnvelope
from kurto_ingest.clocks.sender_clock import ClockFinding, SenderClock
from kurto_ingest.clocks.step_detector import StepDetector
from kurto_ingest.records.sample_times import SampleTime, corrected_time
from kurto_ingest.records.stream_events import EventKind
from kurto_ingest.streams.encoding import Encoding
from kurto_ingest.streams.stream_format import StreamFormat

RATE = 25_600.0
BATCH = 2560
ANCHOR_US = 1_700_000_000_000_000


def stream_format(**changes: float) -> StreamFormat:
    """Return a stream of one channel."""
    return StreamFormat(
        sensor_id="s",
        sensor_key=1,
        epoch=1,
        channels=("a",),
        sample_rate_hz=changes.get("rate", RATE),
        encoding=Encoding.F32LE,
        scales=(),
        hop_samples=BATCH,
        window_hops=10,
        anchor_us=ANCHOR_US,
    )


@dataclass
class Device:
    """A sender with a clock and a converter that are both wrong; times are true seconds.

    Attributes
    ----------
    offset_s, clock_ppm : float
        How far the sender's clock is ahead, and how much too fast it runs.
    rate_ppm : float
        How much too fast the converter samples.
    jitter_s : float
        Largest delay of the network.
    """

    offset_s: float = 0.0
    clock_ppm: float = 0.0
    rate_ppm: float = 0.0
    jitter_s: float = 0.0
    seed: int = 1
    recorded: bool = False
    steps: dict[float, float] = field(default_factory=dict)
    pauses: dict[float, float] = field(default_factory=dict)
    cut_off: tuple[float, float] = (0.0, 0.0)
    rows: list[SampleTime] = field(default_factory=list)
    found: list[ClockFinding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.format = stream_format()
        self.clock = SenderClock(self.format, recorded=self.recorded)
        self.clock.opened(round(-(self.clock_us(0.0) - ANCHOR_US) + 2_000))

    def clock_us(self, true_s: float) -> float:
        """Return what the sender's clock says."""
        set_by_s = sum(by for at, by in self.steps.items() if true_s >= at)
        own_s = true_s * (1 + self.clock_ppm * 1e-6) + self.offset_s + set_by_s
        return ANCHOR_US + own_s * 1e6

    def taken_s(self, index: int) -> float:
        """Return when a sample was taken."""
        at_s = 0.02 + index / (RATE * (1 + self.rate_ppm * 1e-6))
        return at_s + sum(by for at, by in self.pauses.items() if at_s >= at)

    def arrival_s(self, end: int) -> float:
        """Return when a batch comes: later when the sender was cut off."""
        sent_s = self.taken_s(end)
        first_s, last_s = self.cut_off
        if first_s < sent_s < last_s:
            sent_s = last_s + (sent_s - first_s) * 0.05
        return sent_s + 0.0005 + self.random.uniform(0.0, self.jitter_s)

    def run(self, duration_s: float) -> None:
        """Send one batch after another."""
        for number in range(int(duration_s * RATE / BATCH)):
            first = number * BATCH
            self.clock.observe(
                first,
                BATCH,
                round(self.clock_us(self.taken_s(first))),
                round(ANCHOR_US + self.arrival_s(first + BATCH) * 1e6),
            )
            found, rows = self.clock.take()
            self.found += found
            self.rows += rows

    def error_ms(self, from_s: float, to_s: float) -> float:
        """Return the largest error of corrected times in a span of nominal time."""
        worst = 0.0
        for index in range(int(from_s * RATE), int(to_s * RATE), BATCH // 3):
            corrected = corrected_time(self.rows, self.format, index)
            assert corrected is not None
            worst = max(worst, abs(corrected - ANCHOR_US - self.taken_s(index) * 1e6))
        return worst / 1e3

    def kinds(self) -> list[EventKind]:
        """Return what was found, by kind."""
        return [finding.kind for finding in self.found]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("offset_s", [-3600.0, 3600.0])
@pytest.mark.parametrize("clock_ppm", [-200.0, 200.0])
@pytest.mark.parametrize("follows", [True, False])
def test_times_are_right_after_a_minute_whatever_the_clock(
    offset_s: float, clock_ppm: float, follows: bool, seed: int
) -> None:
    """The converter may run by the wrong clock or by one of its own."""
    rate_ppm = clock_ppm if follows else 0.0
    device = Device(offset_s, clock_ppm, rate_ppm, jitter_s=0.05, seed=seed)
    device.run(120)
    assert device.error_ms(60, 120) < 5
    assert device.clock.rate_error_ppm == pytest.approx(rate_ppm, abs=40)
    assert device.clock.offset_us == pytest.approx(-offset_s * 1e6 - clock_ppm * 120, abs=5_000)
    assert device.kinds() == ([EventKind.RATE_DRIFT] if follows else [])
    assert device.clock.drifting is follows


def test_rows_are_few() -> None:
    device = Device(rate_ppm=-150.0, jitter_s=0.02)
    device.run(1200)
    assert len(device.rows) < 20
    assert [row.first_index for row in device.rows] == sorted(
        {row.first_index for row in device.rows}
    )
    assert device.error_ms(60, 1200) < 2


def test_a_clock_that_is_set_is_told_and_moves_no_times() -> None:
    device = Device(5.0, jitter_s=0.01, steps={90.0: -7.5, 150.0: 0.06})
    device.run(240)
    assert device.kinds() == [EventKind.CLOCK_STEP, EventKind.CLOCK_STEP]
    assert [finding.value for finding in device.found] == pytest.approx([-7.5, 0.06], abs=0.001)
    assert device.error_ms(60, 240) < 5
    assert device.clock.offset_us == pytest.approx(2_440_000, abs=5_000)


def test_a_small_correction_is_no_step() -> None:
    device = Device(jitter_s=0.01, steps={90.0: 0.04})
    device.run(180)
    assert device.found == []


def test_a_converter_that_pauses_moves_the_times_after_it() -> None:
    device = Device(jitter_s=0.01, pauses={100.0: 12.0})
    device.run(200)
    assert device.kinds() == [EventKind.CLOCK_STEP]
    assert device.found[0].value == pytest.approx(12.0, abs=0.001)
    assert device.error_ms(60, 99) < 5
    assert device.error_ms(101, 200) < 5


def test_a_sender_that_was_cut_off_confuses_nobody() -> None:
    device = Device(10.0, 100.0, 50.0, jitter_s=0.05, cut_off=(100.0, 400.0))
    device.run(600)
    assert device.found == []
    assert device.error_ms(60, 600) < 15
    assert device.clock.rate_error_ppm == pytest.approx(50, abs=20)


def test_samples_from_a_buffer_have_their_senders_times() -> None:
    """They come when they come: only the sender's clock and its offset tell."""
    device = Device(-120.0, 0.0, 80.0, recorded=True, cut_off=(0.0, 1000.0))
    device.run(300)
    assert device.found == []
    assert device.error_ms(60, 300) < 5


def test_rate_that_is_right_again_is_told() -> None:
    clock = SenderClock(stream_format(), recorded=True)
    kinds = []
    device_us = float(ANCHOR_US)
    for number in range(12_000):
        clock.observe(number * BATCH, BATCH, round(device_us), 0)
        device_us += 100_000 * (1.000150 if number < 4000 else 1.0)
        kinds += [finding.kind for finding in clock.take()[0]]
    assert kinds == [EventKind.RATE_DRIFT, EventKind.RATE_RESTORED]
    assert not clock.drifting


def test_an_old_measurement_of_the_offset_does_not_bound() -> None:
    """Clocks drift: what was measured hours ago would pull all times off."""
    clock = SenderClock(stream_format(), recorded=False)
    clock.opened(-900_000, now=False)
    for number in range(100):
        at_us = ANCHOR_US + number * 100_000
        clock.observe(number * BATCH, BATCH, at_us, at_us + 100_000)
    assert clock.offset_us == pytest.approx(0, abs=1)


def test_one_late_reading_is_no_step() -> None:
    steps = StepDetector()
    readings = [0.0, 100.0, 80_000.0, 0.0, 90_000.0, -90_000.0, 60_000.0, 0.0]
    assert [steps.add(at / 10, value) for at, value in enumerate(readings)] == [None] * 8


def test_a_step_counts_once_it_is_confirmed() -> None:
    steps = StepDetector()
    readings = [0.0, 0.0, 60_000.0, 60_100.0, 59_900.0, 60_000.0]
    found = [steps.add(at / 10, value) for at, value in enumerate(readings)]
    assert found == [None, None, None, None, 60_000.0, None]


def test_readings_far_apart_may_differ_by_drift() -> None:
    steps = StepDetector()
    assert steps.add(0, 0) is None
    assert all(steps.add(600 + at, 120_000) is None for at in range(5))


def test_line_lies_below_all_readings_and_close() -> None:
    rng = random.Random(3)
    envelope = LowerEnvelope()
    readings = [(at / 10, 40 * at / 10 + rng.uniform(0, 50_000)) for at in range(2000)]
    for x, y in readings:
        envelope.add(x, y)
    line = envelope.line()
    assert line is not None
    assert line.slope == pytest.approx(40, abs=15)
    assert min(y - line.value(x) for x, y in readings if x < 195) >= -1e-6


def test_memory_of_the_envelope_is_bounded() -> None:
    envelope = LowerEnvelope(bucket_s=1.0, max_buckets=10)
    for at in range(100_000):
        envelope.add(at / 10, 0.0)
    assert len(envelope) == 10


def row(first: int, offset_us: int, ppm: float = 0.0, *, jump: bool = False) -> SampleTime:
    """Return a row."""
    return SampleTime(
        sensor_id="s",
        epoch=1,
        first_index=first,
        device_us=0,
        offset_us=offset_us,
        rate_error_ppm=ppm,
        jump=jump,
    )


def test_corrected_times_between_rows() -> None:
    layout = stream_format(rate=1000.0)
    rows = [row(1000, 100, 200.0), row(3000, 500), row(5000, 9_000_000, jump=True)]

    def offset(index: int) -> int | None:
        corrected = corrected_time(rows, layout, index)
        return None if corrected is None else corrected - layout.time_us(index)

    assert offset(2000) == 300
    assert offset(1000) == 100
    assert offset(0) == 300  # one second earlier, at 200 ppm too fast
    assert offset(4999) == 500
    assert offset(5000) == 9_000_000
    assert offset(9000) == 9_000_000
    assert corrected_time([], layout, 5) is None
