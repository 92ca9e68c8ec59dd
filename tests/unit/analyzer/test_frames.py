"""Forms of frames, quality masks, cursors, partitions, refusals, transience."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime

import asyncpg
import numpy as np
import pytest
from tests.contract.analyzer.test_feature_store import GAP, LAYOUT, frame

from kurto.analyzer.v1.feature_service_pb2 import ListFeaturesRequest
from kurto.signal.v1.features_pb2 import FeatureBatch, FeatureFrame
from kurto.signal.v1.quality_pb2 import QualityFlag as Wire
from kurto_analyzer.cursors import read_page_token, write_page_token
from kurto_analyzer.exceptions import InvalidCursor
from kurto_analyzer.frames import fill_message, frame_message, pack_frames, unpack_frames
from kurto_analyzer.partitions import feature_table, minute_table
from kurto_analyzer.quality import mask_flags, wire_mask
from kurto_analyzer.refusals import Refusals
from kurto_analyzer.transience import is_transient
from kurto_dsp import QualityFlag


def test_packed_frames_come_back() -> None:
    frames = [frame(5), frame(6, empty_reason=GAP), frame(7, late=True)]
    data = pack_frames(frames, LAYOUT.feature_names).SerializeToString()
    for found, wanted in zip(unpack_frames(FeatureBatch.FromString(data)), frames, strict=True):
        assert found.order == wanted.order
        assert (found.start_us, found.end_us) == (wanted.start_us, wanted.end_us)
        assert (found.late, found.empty_reason) == (wanted.late, wanted.empty_reason)
        assert found.quality == wanted.quality
        assert found.layout == wanted.layout
        assert math.isnan(found.shaft_speed_hz)
        assert math.isnan(found.load)
        if wanted.values is None:
            assert found.values is None
        else:
            np.testing.assert_array_equal(found.values, wanted.values)


def test_speed_and_load_are_the_same_published_and_served() -> None:
    turning = replace(frame(5), shaft_speed_hz=24.1, load=0.3, load_step=0.1)
    data = pack_frames([turning], LAYOUT.feature_names).SerializeToString()
    [found] = unpack_frames(FeatureBatch.FromString(data))
    served = frame_message(turning)
    published = (found.shaft_speed_hz, found.load, found.load_step)
    assert published == (served.shaft_speed_hz, served.load, served.load_step)
    assert published == tuple(float(np.float32(value)) for value in (24.1, 0.3, 0.1))
    unknown = frame_message(replace(turning, load=math.nan, load_step=math.nan))
    assert not unknown.HasField("load")
    assert not unknown.HasField("load_step")


def test_message_leaves_nulls_out() -> None:
    message = frame_message(frame(5))
    assert set(message.channels[0].values) == {"rms", "kurtosis", "velocity_rms"}
    assert set(message.channels[1].values) == {"rms", "kurtosis"}
    assert message.channels[1].unit == "m/s2"
    assert (message.end_time.ToMicroseconds() - message.start_time.ToMicroseconds()) == 1_000_000


def test_message_keeps_only_what_is_wanted() -> None:
    message = FeatureFrame()
    fill_message(message, frame(5), {"kurtosis"})
    assert [set(channel.values) for channel in message.channels] == [{"kurtosis"}] * 2


def test_empty_frame_has_no_channels() -> None:
    message = frame_message(frame(5, empty_reason=GAP))
    assert not message.channels
    assert message.empty_reason == GAP


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        (QualityFlag.NONE, []),
        (QualityFlag.CLIPPED, ["CLIPPED"]),
        (QualityFlag.CONSTANT | QualityFlag.ZERO, ["FLAT"]),
        (QualityFlag.OUT_OF_RANGE, ["NON_FINITE"]),
        (QualityFlag.TOO_SHORT | QualityFlag.BAND_UNAVAILABLE, ["TOO_SHORT", "BAND_UNAVAILABLE"]),
        (QualityFlag.UNDEFINED, ["UNDEFINED"]),
    ],
)
def test_quality_travels_as_flag_number_minus_one(flags: QualityFlag, names: list[str]) -> None:
    mask = wire_mask(int(flags))
    assert mask == sum(1 << (Wire.Value(f"QUALITY_FLAG_{name}") - 1) for name in names)
    assert mask_flags(mask) == tuple(f"QUALITY_FLAG_{name}" for name in names)


def test_every_flag_of_the_signal_processing_is_translated() -> None:
    assert all(wire_mask(int(flag)) for flag in QualityFlag if flag)


def test_page_token_is_bound_to_its_request_but_not_to_the_page_size() -> None:
    request = ListFeaturesRequest(sensor_id="a", page_size=5, epoch=2)
    token = write_page_token(request, (-5, 2, 7))
    request.page_token = token
    request.page_size = 9
    assert read_page_token(request) == (-5, 2, 7)
    request.sensor_id = "b"
    with pytest.raises(InvalidCursor):
        read_page_token(request)


def test_partition_names() -> None:
    days, months = feature_table(7), minute_table(0)
    day = days.period_of(1_790_000_000_000_000)
    assert day == date(2026, 9, 21)
    assert days.period_of(-1) == date(1969, 12, 31)
    assert days.partition_name(day) == "realtime_features_20260921"
    assert days.partition_start("realtime_features_20260921") == day
    assert days.partition_start("realtime_features_default") is None
    assert days.partition_start("positions") is None
    assert months.period_of(1_790_000_000_000_000) == date(2026, 9, 1)
    assert months.partition_name(date(2026, 9, 1)) == "feature_rollups_1m_202609"
    assert months.partition_start("feature_rollups_1m_202609") == date(2026, 9, 1)
    # A daily name isn't one of months, though it may be read as one.
    assert months.partition_start("feature_rollups_1m_20260921") is None
    assert months.end_of(date(2026, 12, 1)) == date(2027, 1, 1)


def test_partitions_expire_when_all_of_their_rows_have() -> None:
    names = [f"realtime_features_202601{day:02}" for day in (1, 2, 3)] + ["other"]
    now = datetime(2026, 1, 9, 0, 0, 1, tzinfo=UTC)
    assert feature_table(7).expired(names, now) == [date(2026, 1, 1)]
    months = ["feature_rollups_1m_202512", "feature_rollups_1m_202601"]
    assert minute_table(9).expired(months, datetime(2026, 1, 9, tzinfo=UTC)) == []
    assert minute_table(9).expired(months, datetime(2026, 1, 10, tzinfo=UTC)) == [date(2025, 12, 1)]
    assert minute_table(0).expired(months, now) == []


def test_refusal_is_remembered_for_a_while() -> None:
    refusals = Refusals(60.0)
    assert not refusals.repeated(("a", 1), 0.0)
    assert refusals.repeated(("a", 1), 59.0)
    assert not refusals.repeated(("a", 2), 59.0)
    assert refusals.repeated(("a", 1), 100.0)
    assert not refusals.repeated(("a", 1), 161.0)


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (asyncpg.DeadlockDetectedError("x"), True),
        (asyncpg.DiskFullError("x"), True),
        (asyncpg.AdminShutdownError("x"), True),
        (asyncpg.LockNotAvailableError("x"), True),
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (asyncpg.UndefinedTableError("x"), False),
        (asyncpg.DataError("x"), False),
        (ValueError(), False),
    ],
)
def test_only_what_passes_by_itself_is_repeated(error: Exception, passes: bool) -> None:
    assert is_transient(error) is passes
