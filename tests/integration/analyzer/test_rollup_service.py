"""FeatureService.ListFeatureRollups, from windows to pages."""

from __future__ import annotations

from typing import Any

import grpc
import numpy as np
import pytest
from tests.contract.analyzer.test_feature_store import GAP, GEOMETRY, LAYOUT, advance, frame, opened
from tests.integration.analyzer.conftest import Room

from kurto.analyzer.v1 import feature_service_pb2 as pb
from kurto_analyzer.fakes import FakeFeatureStore
from kurto_analyzer.frames import FrameLayout
from kurto_analyzer.rollups import minute_of
from kurto_service.errors import error_info

SENSOR = "pump-7"
SECOND = pb.ROLLUP_INTERVAL_ONE_SECOND
# Windows of this many seconds, of which some are empty.
WINDOWS, EMPTY = 900, range(40, 80)


@pytest.fixture
async def filled(room: Room, fake_store: FakeFeatureStore) -> Room:
    await opened(fake_store, 1)
    frames = [frame(k, empty_reason=GAP if k in EMPTY else 0) for k in range(WINDOWS)]
    await fake_store.commit([advance(*frames, expected=0)])
    return room


async def listed(room: Room, **values: Any) -> list[pb.FeatureRollup]:
    """Return all pages; each must be of the size that was asked for."""
    request = pb.ListFeatureRollupsRequest(sensor_id=SENSOR, **values)
    rollups: list[pb.FeatureRollup] = []
    while True:
        page = await room.features.ListFeatureRollups(request)
        assert len(page.rollups) <= (request.page_size or 600)
        rollups += page.rollups
        request.page_token = page.next_page_token
        if not page.next_page_token:
            return rollups


async def test_every_window_is_counted_in_one_interval(filled: Room) -> None:
    seconds = await listed(filled, interval=SECOND, page_size=7)
    assert len(seconds) == WINDOWS // 10
    assert sum(one.window_count for one in seconds) == WINDOWS
    assert sum(one.empty_window_count for one in seconds) == len(EMPTY)
    starts = [one.start_time.ToMicroseconds() for one in seconds]
    assert starts == sorted(set(starts))
    minutes = await listed(filled)
    assert [one.start_time.ToMicroseconds() % 60_000_000 for one in minutes] == [0] * len(minutes)
    assert minutes[0].start_time.ToMicroseconds() == minute_of(GEOMETRY.anchor_us)
    assert sum(one.window_count for one in minutes) == WINDOWS


async def test_values_are_those_of_the_windows(filled: Room) -> None:
    seconds = await listed(filled, interval=SECOND)
    first = seconds[0]
    assert [(one.channel, one.unit) for one in first.channels] == [("h", "g"), ("v", "m/s2")]
    values = np.array([frame(k).values for k in range(10)])[:, 0, 0]
    rms = first.channels[0].features["rms"]
    assert (rms.minimum, rms.maximum, rms.value_count) == (values.min(), values.max(), 10)
    assert rms.mean == pytest.approx(values.mean())
    assert set(first.channels[1].features) == {"rms", "kurtosis"}  # the other is always null
    assert list(first.channels[1].quality_flags) == [1]
    empty = seconds[5]
    assert (empty.window_count, empty.empty_window_count, len(empty.channels)) == (10, 10, 0)


async def test_times_features_and_channels_are_chosen(filled: Room) -> None:
    everything = await listed(filled, interval=SECOND)
    chosen = await listed(
        filled, interval=SECOND, start_time=everything[3].start_time,
        end_time=everything[20].start_time, feature_names=["kurtosis"], channels=["v"], page_size=4,
    )  # fmt: skip
    assert [one.start_time for one in chosen] == [one.start_time for one in everything[3:20]]
    for one in chosen:
        assert {channel.channel for channel in one.channels} <= {"v"}
        assert all(set(channel.features) == {"kurtosis"} for channel in one.channels)


async def test_layouts_of_one_interval_are_merged(room: Room, fake_store: FakeFeatureStore) -> None:
    await opened(fake_store, 1, 2)
    other = FrameLayout(("rms", "mean"), ("h", "axial"), ("g", "g"))
    await fake_store.commit(
        [
            advance(*[frame(k) for k in range(4)], expected=0),
            advance(*[frame(k, epoch=2, layout=other) for k in range(4)], expected=0),
        ]
    )
    (second,) = await listed(room, interval=SECOND)
    assert second.window_count == 8
    assert [one.channel for one in second.channels] == ["h", "v", "axial"]
    merged = second.channels[0].features
    assert set(merged) == {"rms", "kurtosis", "velocity_rms", "mean"}
    assert merged["rms"].value_count == 8
    values = [frame(k).values[0, 0] for k in range(4)]  # type: ignore[index]
    assert merged["rms"].mean == pytest.approx(np.mean(values))
    assert LAYOUT.feature_names == ("rms", "kurtosis", "velocity_rms")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"sensor_id": "a b"}, "INVALID_FIELD"),
        ({"interval": 9}, "INVALID_FIELD"),
        ({"page_size": 6001}, "INVALID_FIELD"),
        ({"feature_names": ["loudness"]}, "UNKNOWN_FEATURE"),
        ({"page_token": "AAAA"}, "INVALID_CURSOR"),
    ],
)
async def test_refusals(room: Room, values: dict[str, Any], reason: str) -> None:
    request = pb.ListFeatureRollupsRequest(**({"sensor_id": SENSOR} | values))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await room.features.ListFeatureRollups(request)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    info = error_info(caught.value)
    assert info is not None
    assert info.reason == reason


async def test_a_token_belongs_to_its_request(filled: Room) -> None:
    request = pb.ListFeatureRollupsRequest(sensor_id=SENSOR, interval=SECOND, page_size=1)
    request.page_token = (await filled.features.ListFeatureRollups(request)).next_page_token
    request.sensor_id = "pump-8"
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await filled.features.ListFeatureRollups(request)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_an_unknown_sensor_has_none(room: Room) -> None:
    assert await listed(room) == []
