"""A faulty bearing, replayed through the whole stack: found, and as the library finds it."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conftest import RunningStack
from tests.e2e.test_replay import replay

from kurto_cli.recordings.reading import read_recording
from kurto_dsp.bearings import find_bearing
from kurto_dsp.diagnosis import ShaftSpeed, SpeedSource, diagnose_record, long_window_features

RATE_HZ, HOP = 12000.0, 1200
BEARING = "SKF 6205-2RS JEM"
WAIT_S = 120.0


def get(stack: RunningStack, address: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{stack.ready['http']}{address}") as answer:
        content: dict[str, Any] = json.load(answer)
        return content


async def diagnosed(stack: RunningStack, sensor_id: str) -> list[dict[str, Any]]:
    """Return the newest diagnoses, over REST, once there are any."""
    async with asyncio.timeout(WAIT_S):
        while True:
            try:
                address = f"/api/realtime/diagnosis/{sensor_id}"
                return list((await asyncio.to_thread(get, stack, address))["diagnoses"])
            except urllib.error.HTTPError as error:
                if error.code != 404:
                    raise
            await asyncio.sleep(0.5)


async def test_a_replayed_inner_race_fault_is_found(stack: RunningStack, shared_data: Path) -> None:
    path = shared_data / "cwru" / "105_IR007_0.mat"
    await replay(
        stack, str(path), "--sensor", "ir-105", "--sample-rate", "12000", "--speed", "max",
        "--bearing", BEARING,
    )  # fmt: skip
    found = await diagnosed(stack, "ir-105")
    recording = read_recording(path)
    assert tuple(one["channel"] for one in found) == recording.channels
    drive_end = next(one for one in found if one["channel"] == "drive_end")
    assert drive_end["fault"] == "BEARING_FAULT_INNER_RACE"
    bpfi = next(line for line in drive_end["lines"] if line["name"] == "BPFI")
    assert bpfi["found_hz"] == pytest.approx(
        161.7, abs=0.5
    )  # of truth.csv; a second has lines of 1 Hz
    features = await asyncio.to_thread(get, stack, "/api/features/ir-105/long")
    for row, one in enumerate(found):
        assert_of_library(
            one, features["features"][-1]["channels"][row], np.asarray(recording.samples)[row]
        )


def assert_of_library(one: dict[str, Any], features: dict[str, Any], channel: np.ndarray) -> None:
    """What the stack serves is what the library says of the samples named in the answer."""
    window = one["window"]
    first, count = int(window["first_index"]), int(window["sample_count"])
    assert (int(window["window_index"]) + 10) * HOP == first + count
    source = SpeedSource[window["shaft_speed_source"].removeprefix("SHAFT_SPEED_SOURCE_")]
    speed = ShaftSpeed(window["shaft_speed_hz"], source)
    assert speed.hz == pytest.approx(1797.0 / 60.0)
    samples = np.asarray(channel[first : first + count], np.float32)
    expected = diagnose_record(
        samples[-5 * 12000 :], sample_rate_hz=RATE_HZ, bearing=find_bearing(BEARING), speed=speed
    )
    assert one["fault"] == f"BEARING_FAULT_{expected.fault.name}"
    assert one["score"] == pytest.approx(expected.score, rel=1e-12)
    assert one["reason"] == expected.reason
    lines = [(line["name"], line.get("found_hz"), line.get("level_db")) for line in one["lines"]]
    assert lines == [
        (line.name, pytest.approx(line.found_hz), pytest.approx(line.level_db))
        for line in expected.lines
    ]
    values = long_window_features(
        samples, sample_rate_hz=RATE_HZ, speed=speed, bearing=find_bearing(BEARING)
    )
    for name, value in values.channel(0).items():
        assert features["values"].get(name) == pytest.approx(value, rel=1e-6)
