"""Sources against a service that keeps every sample."""

import asyncio
import math
import os
import signal
import sys

import numpy as np
from tests.integration.sdk.model_service import ModelService, serving

import kurto
from kurto_cli.sources.player import PlayOptions, play
from kurto_cli.sources.recordings import Recording

RECORDING = Recording(("axial",), np.arange(3000, dtype=np.float32)[np.newaxis], "g")


async def test_a_replay_delivers_the_recording() -> None:
    model = ModelService()
    async with serving(model) as address, kurto.connect(address) as client:
        count = await play(client, RECORDING, PlayOptions("s", 1000.0, speed=math.inf))
    assert count == 3000
    assert model.samples == {i: float(i) for i in range(3000)}


async def command(*words: str) -> tuple[int, str, str]:
    """Run `kurto` and return its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kurto_cli", *words, stdout=-1, stderr=-1
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_errors_are_one_line(free_port: int) -> None:
    target = f"127.0.0.1:{free_port}"
    code, _, err = await command("simulate", "--target", target, "--duration", "1")
    assert code == 1
    assert err.startswith("kurto: ")
    assert "Traceback" not in err
    code, _, err = await command("replay", "nothing.mat", "--sensor", "s", "--target", target)
    assert code == 1
    assert "nothing.mat: cannot be read" in err
    code, _, err = await command("replay", "a.mat", "--sensor", "s", "--speed", "0")
    assert code == 1
    assert "above 0, or max" in err


async def test_ctrl_c_ends_a_simulation_quietly() -> None:
    model = ModelService(dtype="<i2")
    async with serving(model) as address:
        process = await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                "-m",
                "kurto_cli",
                "simulate",
                "--channels",
                "1",
                "--target",
                address,
            ),
            stdout=-1,
            stderr=-1,
        )
        async with asyncio.timeout(30):
            while not model.calls:
                await asyncio.sleep(0.05)
        os.kill(process.pid, signal.SIGINT)
        _, err = await process.communicate()
    assert process.returncode == 0
    assert err.decode().strip() == "kurto: stopped"
