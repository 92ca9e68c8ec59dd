"""`kurto analyze` gives the very features that the live path stores."""

import asyncio
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import RunningStack
from tests.e2e.test_replay import replay, stored


async def analyzed(*words: str) -> list[dict[str, object]]:
    """Run `kurto analyze` and return its JSON lines."""
    command = [sys.executable, "-m", "kurto_cli", "analyze", *words, "--format", "json"]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize(
    ("name", "rate", "count"),
    [
        ("cwru/130_OR007@6_0.mat", ("--sample-rate", "12000"), 92),
        ("pronostia/test_truncated/Bearing2_7.npz", (), 172),
    ],
)
async def test_analysis_equals_what_was_stored(
    stack: RunningStack,
    shared_data: Path,
    name: str,
    rate: tuple[str, ...],
    count: int,
) -> None:
    path, sensor_id = str(shared_data / name), f"analyze-{count}"
    await replay(stack, path, "--sensor", sensor_id, *rate, "--speed", "max")
    frames = await stored(stack, sensor_id, count)
    records = [record for record in await analyzed(path, *rate) if "summary" not in record]
    assert len(records) == count * len(frames[0].channels)
    offline = {(record["window"], record["channel"]): record["features"] for record in records}
    for frame in frames:
        for channel, live in frame.channels.items():
            features = offline[frame.window_index, channel]
            assert isinstance(features, dict)
            assert set(live.values) <= set(features)
            for feature, value in features.items():
                expected = live.values.get(feature)
                assert (value is None) == (expected is None), feature
                assert expected is None or np.float32(value) == np.float32(expected), feature
