"""A load that a sender pushes, from the SDK to the bins of a baseline, through kills."""

import asyncio
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

import kurto

OwnStack = Callable[..., AbstractContextManager[Any]]
RATE_HZ, HEALTHY_S, LOUD_S = 2560.0, 75, 10
LOAD = kurto.ProcessValueDefinition("load", "%", role="load", bin_width=10.0)
START = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)


def second(number: int) -> Any:
    """A tone in noise, the same whenever it is sent."""
    times = number + np.arange(round(RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(number).normal(0.0, 0.3, len(times))
    level = 1.0 if number < HEALTHY_S else 2.5
    return (level * (np.sin(2 * np.pi * 120.0 * times) + noise)).astype(np.float32)


async def push(stack: Any, seconds: range, on_half: Callable[[], Any] = lambda: None) -> None:
    target = str(stack.ready["http"]).removeprefix("http://")
    async with (
        kurto.connect(target) as client,
        client.open_sensor(
            "pump-7", sample_rate_hz=RATE_HZ, channels=["x"], unit="g", process_values=[LOAD],
            boot_id="run", start_time=START, close_timeout_s=120.0,
        ) as stream,
    ):  # fmt: skip
        for number in seconds:
            if number % 5 == 0:
                await stream.push_values({"load": 52.0 if number < HEALTHY_S else 91.0})
            await stream.push(second(number))
            if number == (seconds.start + seconds.stop) // 2:
                on_half()
        await stream.flush(120)


def ask(stack: Any, address: str, body: Any = None, **parameters: object) -> Any:
    query = urllib.parse.urlencode(parameters, doseq=True)
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{stack.ready['http']}{address}?{query}", data=data)
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


async def answered(stack: Any, address: str, wanted: Callable[[Any], bool]) -> Any:
    """Ask until the answer is as wanted; services come back meanwhile."""
    answer: Any = None
    for _ in range(600):
        try:
            answer = await asyncio.to_thread(ask, stack, address)
        except urllib.error.HTTPError as error:
            answer = error.code
        else:
            if wanted(answer):
                return answer
        await asyncio.sleep(0.2)
    raise AssertionError(f"{address}: {answer}")


async def test_a_machine_is_compared_at_its_load(own_stack: OwnStack) -> None:
    with own_stack() as stack:

        def kill() -> None:
            stack.kill("ingest")
            stack.kill("analyzer")

        await push(stack, range(HEALTHY_S), kill)
        end = (START + timedelta(seconds=HEALTHY_S)).isoformat().replace("+00:00", "Z")
        await answered(
            stack,
            "/api/condition/pump-7",
            lambda found: (found["condition"].get("window_time") or "") >= end[:-4],
        )
        learn = {
            "cause": "LEARNING_CAUSE_COMMISSIONING",
            "reason": "new pump",
            "begin_time": START.isoformat(),
            "window_count": 60,
        }
        await asyncio.to_thread(ask, stack, "/api/baselines/pump-7/learn", learn)
        found = await answered(
            stack, "/api/baselines/pump-7", lambda answer: answer["baseline"]["bins"]
        )
        assert found["baseline"]["operating_bins"] == ["load+5"]
        assert found["baseline"]["load_bin_width"] == 10.0
        found = await answered(
            stack,
            "/api/condition/pump-7",
            lambda answer: "acceleration_growth" in answer["condition"],
        )
        assert found["condition"]["operating_bin"] == "load+5"
        assert found["condition"]["load"] == 52.0
        assert 0.8 < found["condition"]["acceleration_growth"]["factor"] < 1.25

        await push(stack, range(HEALTHY_S, HEALTHY_S + LOUD_S))
        found = await answered(
            stack, "/api/condition/pump-7", lambda answer: answer["condition"].get("load") == 91.0
        )
        assert found["condition"]["operating_bin"] == "load+9"  # was never learned: no growth
        assert not found["condition"].get("acceleration_growth")

        stored = await asyncio.to_thread(
            ask, stack, "/api/process-values/pump-7", names=["load"], page_size=1000
        )
        loads = [(int(one["sample_index"]), one["value"]) for one in stored["values"]]
        assert loads == [
            (round(number * RATE_HZ), 52.0 if number < HEALTHY_S else 91.0)
            for number in range(0, HEALTHY_S + LOUD_S, 5)
        ]
        assert {one["unit"] for one in stored["values"]} == {"%"}
