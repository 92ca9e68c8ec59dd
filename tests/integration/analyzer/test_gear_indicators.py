"""Indicators of a gear against records of the same gear when it was healthy."""

from __future__ import annotations

from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from tests.integration.analyzer.conftest import Room

from kurto.analyzer.v1 import feature_service_pb2 as pb
from kurto.signal.v1 import spectra_pb2
from kurto_analyzer.on_demand.fakes import FakeStoredSamples
from kurto_dsp.gears import separate_gear_signals
from kurto_service.errors import error_info

RATE, SHAFT_HZ, TEETH = 25_600, 25.0, 20
RECORD_S = 4
BEGIN_S = 1_767_225_600  # of the samples in memory


def gear(seconds: int, *, damaged_from_s: int) -> np.ndarray:
    """A mesh with noise that turns with the shaft; from some time on one tooth strikes."""
    at = np.arange(seconds * RATE)
    turn = (at / RATE * SHAFT_HZ) % 1.0
    texture = np.random.default_rng(4).standard_normal(RATE // round(SHAFT_HZ))
    samples = np.cos(2 * np.pi * TEETH * turn) + 0.05 * np.tile(texture, len(at) // len(texture))
    samples += 0.5 * np.random.default_rng(5).standard_normal(len(at))
    strike = np.exp(-(((turn - 0.4) / 0.004) ** 2)) * (at >= damaged_from_s * RATE)
    return (samples + 0.8 * strike).astype(np.float32)


@pytest.fixture
def stored(room: Room) -> FakeStoredSamples:
    assert isinstance(room.samples, FakeStoredSamples)
    room.samples.channels = {"x": gear(24, damaged_from_s=16)}
    return room.samples


def at(second: float) -> Timestamp:
    return Timestamp(seconds=BEGIN_S + int(second))


def request(start_s: float, **values: Any) -> pb.GetTimeSynchronousAverageRequest:
    asked = {"shaft_speed_hz": SHAFT_HZ, "maximum_order": 200, "teeth": TEETH}
    return pb.GetTimeSynchronousAverageRequest(
        sensor_id="pump", start_time=at(start_s), duration=Duration(seconds=RECORD_S),
        **(asked | values),
    )  # fmt: skip


async def average(room: Room, start_s: float, **values: Any) -> spectra_pb2.TimeSynchronousAverage:
    return (await room.features.GetTimeSynchronousAverage(request(start_s, **values))).average


async def test_a_damaged_tooth_stands_out_against_healthy_records(
    room: Room, stored: FakeStoredSamples
) -> None:
    healthy_starts = [0, 4, 8]
    references = [at(start) for start in healthy_starts]
    healthy = (await average(room, 12, reference_times=references)).gear
    damaged = (await average(room, 20, reference_times=references)).gear
    assert healthy.na4 < 5.0
    assert damaged.na4 > 10.0 * healthy.na4
    assert damaged.nb4 > healthy.nb4

    # By the definition, from the averages as they are served.
    residuals = {
        start: separate_gear_signals(
            np.array((await average(room, start)).values), teeth=TEETH
        ).residual
        for start in (*healthy_starts, 20)
    }
    variance = np.mean([np.var(residuals[start]) for start in healthy_starts])
    newest = residuals[20] - residuals[20].mean()
    assert damaged.na4 == pytest.approx(np.mean(newest**4) / variance**2, rel=1e-3)


async def test_without_reference_records_they_are_absent(
    room: Room, stored: FakeStoredSamples
) -> None:
    found = (await average(room, 20)).gear
    assert found.HasField("fm4")
    assert not found.HasField("na4")
    assert not found.HasField("nb4")


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"reference_times": [at(k) for k in range(9)]}, "may hold 8 records, got 9"),
        ({"reference_times": [at(0)], "teeth": 0}, "say its teeth too"),
        ({"reference_times": [Timestamp(seconds=-1)]}, "from 1970 to 2199"),
        ({"teeth": -1}, "teeth must be at least 0"),
    ],
)
async def test_refusals(
    room: Room, stored: FakeStoredSamples, values: dict[str, Any], problem: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError, match=problem) as caught:
        await average(room, 20, **values)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    info = error_info(caught.value)
    assert info is not None
    assert info.reason == "INVALID_FIELD"


async def test_a_reference_record_without_samples_is_refused(
    room: Room, stored: FakeStoredSamples
) -> None:
    stored.channels["x"][4 * RATE : 8 * RATE] = np.nan
    assert (await average(room, 20, reference_times=[at(0)])).gear.HasField("na4")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await average(room, 20, reference_times=[at(0), at(4)])
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
