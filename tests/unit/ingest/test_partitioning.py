"""Which partition a block lies in: bounded in number whatever times come."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from kurto_ingest.assets.retention import (
    BUFFER_CLASS,
    DEFAULT_CLASS,
    FOREVER_CLASS,
    KEPT_CLASS,
    ClassKind,
    RetentionClass,
    span_for,
)
from kurto_ingest.space.partitioning import LATE_AFTER_H, hour_of, parse_name, partition_of

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
LATE_BEFORE = hour_of(NOW) - LATE_AFTER_H
WEEK = RetentionClass(10, ClassKind.TIME, 168, span_for(168))
YEAR = RetentionClass(11, ClassKind.TIME, 8766, span_for(8766))
CLASSES = [DEFAULT_CLASS, FOREVER_CLASS, BUFFER_CLASS, KEPT_CLASS, WEEK, YEAR]
SPANS = {item.number: item.span_h for base in CLASSES for item in (base, base.late())}


@pytest.mark.parametrize(
    ("retention", "moment", "name"),
    [
        (DEFAULT_CLASS, NOW, "sensor_data_1_2026112310"),
        (DEFAULT_CLASS, NOW - timedelta(hours=48), "sensor_data_1_2026112110"),
        (DEFAULT_CLASS, NOW - timedelta(hours=49), "sensor_data_1001_2026110300"),
        (BUFFER_CLASS, NOW, "sensor_data_3_2026112310"),
        # Nobody takes snapshots of what comes late: it is kept as long as by default.
        (BUFFER_CLASS, NOW - timedelta(days=400), "sensor_data_1001_2025100900"),
        (FOREVER_CLASS, NOW, "sensor_data_2_2026112300"),
        (FOREVER_CLASS, datetime(1999, 5, 1, tzinfo=UTC), "sensor_data_1002_past"),
        (KEPT_CLASS, NOW - timedelta(days=400), "sensor_data_4_2025100900"),
        (WEEK, NOW, "sensor_data_10_2026112310"),
        (YEAR, NOW, "sensor_data_11_2026112300"),
        (YEAR, datetime(1, 1, 1, tzinfo=UTC), "sensor_data_1011_past"),
    ],
)
def test_names_and_back(retention: RetentionClass, moment: datetime, name: str) -> None:
    key = partition_of(retention, hour_of(moment), late_before=LATE_BEFORE)
    assert key.name == name
    assert parse_name(name, SPANS) == key
    assert key.start is None or key.start <= moment
    assert moment < key.end


def test_sparse_samples_over_two_thousand_years_take_few_partitions() -> None:
    moments = [datetime(1, 1, 1, tzinfo=UTC) + timedelta(days=20 * n) for n in range(36_995)]
    for retention in CLASSES:
        keys = {partition_of(retention, hour_of(item), late_before=LATE_BEFORE) for item in moments}
        assert len(keys) < 400


def test_neighbouring_partitions_do_not_overlap() -> None:
    for retention in CLASSES:
        hours = range(hour_of(datetime(1999, 1, 1, tzinfo=UTC)), hour_of(NOW), 7)
        keys = sorted({partition_of(retention, hour, late_before=LATE_BEFORE) for hour in hours})
        for one, other in itertools.pairwise(keys):
            if one.class_number == other.class_number:
                assert one.end_hour <= other.start_hour


@pytest.mark.parametrize(
    "name",
    [
        "sensor_data_1",
        "sensor_data_1_abc",
        "sensor_data_77_2026112310",
        "x",
        "sensor_data_1_2026139910",
    ],
)
def test_other_names_say_nothing(name: str) -> None:
    assert parse_name(name, SPANS) is None
