"""The sender's clock against the sample index."""

from dataclasses import dataclass
from random import Random

from kurto.epoch_clock import EpochClock

START_US = 1_700_000_000_000_000


@dataclass
class Clocks:
    """Two clocks that are set by hand."""

    monotonic: float = 100.0
    wall_us: int = START_US

    def wait(self, seconds: float) -> None:
        self.monotonic += seconds
        self.wall_us += round(seconds * 1e6)

    def clock(self, rate_hz: float = 1000.0, **settings: object) -> EpochClock:
        return EpochClock(
            rate_hz,
            monotonic_s=lambda: self.monotonic,
            wall_us=lambda: self.wall_us,
            **settings,  # type: ignore[arg-type]
        )


def test_sample_zero_was_taken_before_it_was_pushed() -> None:
    clocks = Clocks()
    clock = clocks.clock()
    assert clock.start_time_us() is None
    clocks.wait(5)
    clock.pushed(0, 500)
    assert clock.start_time_us() == START_US + 4_500_000
    clocks.wait(3600)
    assert clock.start_time_us() == START_US + 4_500_000


def test_a_clock_set_right_later_gives_the_right_start() -> None:
    clocks = Clocks(wall_us=0)
    clock = clocks.clock()
    clock.pushed(0, 1000)
    clocks.wait(60)
    clocks.wall_us = START_US
    assert clock.start_time_us() == START_US - 61_000_000


def test_the_index_counts_from_the_start() -> None:
    clocks = Clocks()
    clock = clocks.clock()
    clock.pushed(60_000, 1000)
    assert clock.start_time_us() == START_US - 61_000_000


def test_bursts_lie_apart() -> None:
    clocks = Clocks()
    clock = clocks.clock(burst=(100, 10.0))
    clock.pushed(200, 100)
    assert clock.start_time_us() == START_US - 20_000_000 - 100_000


def test_a_time_about_once_a_second() -> None:
    clocks = Clocks()
    clock = clocks.clock()
    times = {}
    for k in range(100):
        clocks.wait(0.1)
        times[100 * k] = clock.pushed(100 * k, 100)
    marked = {index: time for index, time in times.items() if time is not None}
    assert 8 <= len(marked) <= 10
    assert all(time == START_US + 1000 * index for index, time in marked.items())


def test_no_times_while_samples_come_faster_or_slower_than_they_are_taken() -> None:
    for step_s in (0.01, 0.5):
        clocks = Clocks()
        clock = clocks.clock()
        for k in range(1000):
            clocks.wait(step_s)
            assert clock.pushed(100 * k, 100) is None


def test_pushes_that_were_held_up_say_nothing() -> None:
    clocks, random = Clocks(), Random(3)
    clock = clocks.clock()
    errors_ms = []
    for k in range(3000):
        late_s = random.choice((0.0, 0.0, 0.01, 0.07, 0.09))
        now = clocks.monotonic
        clocks.wait(0.1 * (k + 1) + 100.0 + late_s - now)
        time_us = clock.pushed(100 * k, 100)
        if time_us is not None:
            errors_ms.append((time_us - START_US - 100_000 * k) / 1000)
    assert len(errors_ms) > 100
    assert min(errors_ms) >= -1
    assert max(errors_ms) <= 21


def test_after_a_pause_of_sampling_times_come_again() -> None:
    clocks = Clocks()
    clock = clocks.clock()
    times = []
    for k in range(1000):
        clocks.wait(0.1 if k != 300 else 5.0)
        times.append(clock.pushed(100 * k, 100))
    assert all(time is None for time in times[300:540])
    assert sum(time is not None for time in times[620:]) > 25


def test_a_recording_has_no_times_of_now() -> None:
    clocks = Clocks()
    clock = clocks.clock(start_time_us=5, recorded=True)
    for k in range(100):
        clocks.wait(0.1)
        assert clock.pushed(100 * k, 100) is None
    assert clock.start_time_us() == 5
