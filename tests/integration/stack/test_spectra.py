"""Spectra and pictures of newest and stored samples, through the whole stack and over REST."""

import asyncio
import json
import signal
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

import kurto

RATE_HZ, SECONDS, JUMP_S = 12_800.0, 24, 12.0


def target(stack: Any) -> str:
    return str(stack.ready["http"]).removeprefix("http://")


def signal_of(seconds: np.ndarray[Any, np.dtype[np.float64]]) -> Any:
    """100 Hz of 2 g, then 250 Hz of 3 g; and a shaft of 25 Hz on the second channel."""
    tone = np.where(
        seconds < JUMP_S,
        2.0 * np.sin(2 * np.pi * 100.0 * seconds),
        3.0 * np.sin(2 * np.pi * 250.0 * seconds),
    )
    return np.stack([tone, np.cos(2 * np.pi * 25.0 * seconds)]).astype(np.float32)


async def push(stack: Any) -> None:
    async with (
        kurto.connect(target(stack), token="engineer") as client,
        client.open_sensor(
            "pump-7", sample_rate_hz=RATE_HZ, channels=["x", "shaft"], unit="g", buffer_s=30.0
        ) as stream,
    ):
        for second in range(SECONDS):
            await stream.push(signal_of(second + np.arange(round(RATE_HZ)) / RATE_HZ))


def get(stack: Any, address: str, **parameters: object) -> Any:
    query = urllib.parse.urlencode(parameters)
    request = urllib.request.Request(
        f"{stack.ready['http']}{address}?{query}", headers={"Authorization": "Bearer viewer"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def refusal(stack: Any, address: str, **parameters: object) -> tuple[int, str]:
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(stack, address, **parameters)
    return caught.value.code, caught.value.read().decode()


def strongest(spectrum: dict[str, Any]) -> Any:
    line = int(np.argmax(spectrum["lines"]))
    return line * spectrum["step"], spectrum["lines"][line]


async def test_newest_and_stored_samples_over_rest(guarded: Any) -> None:
    await push(guarded)
    check = asyncio.to_thread
    newest = (await check(get, guarded, "/api/spectrum/pump-7", line_count=3200, duration="8s"))[
        "spectrum"
    ]
    assert strongest(newest) == (pytest.approx(250.0, abs=0.8), pytest.approx(3.0, rel=0.01))
    assert int(newest["first_index"]) + newest["sample_count"] == SECONDS * RATE_HZ
    assert newest["sample_count"] == 8 * RATE_HZ
    began = datetime.fromisoformat(newest["start_time"]) - timedelta(
        seconds=int(newest["first_index"]) / RATE_HZ
    )
    await check(stored_moments, guarded, began)
    await check(pictures, guarded, began)
    await check(refusals, guarded, began)
    await ingest_away(guarded, began)


def stored_moments(stack: Any, began: datetime) -> None:
    start = (began + timedelta(seconds=2)).isoformat()
    old = get(stack, "/api/spectrum/pump-7", start_time=start, duration="4s")["spectrum"]
    assert strongest(old) == (100.0, pytest.approx(2.0, rel=1e-4))
    assert int(old["first_index"]) == pytest.approx(2 * RATE_HZ, abs=1)
    order = get(
        stack, "/api/spectrum/pump-7", kind="SPECTRUM_KIND_ORDER", channel="x",
        tacho_channel="shaft", start_time=start, duration="6s", maximum_order=20,
    )["spectrum"]  # fmt: skip
    assert strongest(order) == (pytest.approx(4.0), pytest.approx(2.0, rel=0.01))
    assert order["shaft_speed_hz"] == pytest.approx(25.0, rel=1e-3)
    own = get(
        stack, "/api/spectrum/pump-7", kind="SPECTRUM_KIND_ORDER", channel="shaft",
        tacho_channel="shaft", start_time=start, maximum_order=20,
    )["spectrum"]  # fmt: skip
    assert strongest(own) == (pytest.approx(1.0), pytest.approx(1.0, rel=0.01))
    wave = get(stack, "/api/waveform/pump-7", start_time=start, duration="0.1s")["waveform"]
    first = int(wave["source"]["first_index"])
    np.testing.assert_array_equal(
        np.array(wave["values"], np.float32),
        signal_of(np.arange(first, first + 1280) / RATE_HZ)[0],
    )


def pictures(stack: Any, began: datetime) -> None:
    start = (began + timedelta(seconds=JUMP_S - 4)).isoformat()
    picture = get(
        stack, "/api/spectrogram/pump-7", start_time=start, duration="8s", line_count=800
    )["spectrogram"]  # fmt: skip
    cells = np.array(picture["cells"]).reshape(picture["time_count"], -1)
    loudest = cells.argmax(axis=1) * picture["frequency_step_hz"]
    assert loudest[0] == pytest.approx(100.0, abs=4)
    assert loudest[-1] == pytest.approx(250.0, abs=4)
    scalogram = get(stack, "/api/scalogram/pump-7", column_count=50)["scalogram"]
    cells = np.array(scalogram["cells"]).reshape(-1, scalogram["time_count"])
    row = int(cells[:, 25].argmax())
    assert scalogram["frequencies_hz"][row] == pytest.approx(250.0, rel=0.03)
    gram = get(stack, "/api/kurtogram/pump-7", level_count=3)["kurtogram"]
    assert len(gram["bands"]) == 1 + 2 + 3 + 4 + 6 + 8
    average = get(
        stack, "/api/time-synchronous-average/pump-7", channel="shaft", shaft_speed_hz=25,
        maximum_order=50,
    )["average"]  # fmt: skip
    assert max(average["values"]) == pytest.approx(1.0, rel=0.01)


def refusals(stack: Any, began: datetime) -> None:
    status, message = refusal(stack, "/api/kurtogram/nobody")
    assert status == 404
    assert "ListSensors" in message
    status, message = refusal(stack, "/api/kurtogram/pump-7", channel="z")
    assert (status, "x, shaft" in message) == (404, True)
    long_ago = (began - timedelta(days=1)).isoformat()
    status, message = refusal(stack, "/api/waveform/pump-7", start_time=long_ago)
    assert (status, "no stored samples" in message) == (404, True)
    status, message = refusal(stack, "/api/spectrum/pump-7", kind="SPECTRUM_KIND_ORDER")
    assert (status, "shaft_speed_hz" in message) == (400, True)


async def ingest_away(stack: Any, began: datetime) -> None:
    pid = stack.kill("ingest", signal.SIGSTOP)
    try:
        newest = await asyncio.to_thread(get, stack, "/api/realtime/spectrum/pump-7")
        assert newest["spectrum"]["window_index"]  # from memory, without ingest
        status, message = await asyncio.to_thread(
            refusal, stack, "/api/waveform/pump-7", start_time=began.isoformat()
        )
        assert status in {503, 504}, message
    finally:
        stack.kill("ingest", signal.SIGCONT)
    assert pid
