"""How many sensors a drill gets, from what a few, some and many of them cost."""

from __future__ import annotations

import pytest
from tests.faults.rig.calibration import Capacity


@pytest.mark.parametrize(
    ("share", "sensors"),
    [
        (0.3, 8),  # as measured
        (0.15, 4),  # fewer than measured: in proportion
        (0.45, 16),  # between two
        (0.6, 24),
        (0.78, 60),
        (0.84, 72),  # more than measured: as between the last two
        (0.99, 100),  # never more than is sensible
        (0.001, 1),
    ],
)
def test_the_machine_is_kept_busy_as_asked(share: float, sensors: int) -> None:
    capacity = Capacity({8: 0.3, 24: 0.6, 60: 0.78})
    assert capacity.sensors(share) == pytest.approx(sensors, abs=1)


def test_a_machine_that_is_full_with_few_sensors_gets_no_more() -> None:
    assert Capacity({8: 0.9, 24: 1.0, 60: 1.0}).sensors(0.7) == 6


def test_the_report_says_what_was_measured() -> None:
    assert "30 % busy with 8 sensors" in str(Capacity({8: 0.3, 24: 0.6}))
