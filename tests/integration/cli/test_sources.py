"""Sources against a service that keeps every sample."""

import asyncio
import math
import re
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from tests.integration.sdk.model_service import Context, ModelService, serving

import kurto
from kurto.assets.v1 import assets_pb2
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto_cli.recordings import Recording
from kurto_cli.recordings.recording import RecordedSpeed
from kurto_cli.sources.machines import SimulatedSensor, stream_machines
from kurto_cli.sources.player import PlayOptions, play
from kurto_dsp.bearings import find_bearing
from kurto_dsp.synthesis import Fault, MachineModel, MachineSignal, SeverityRamp

RECORDING = Recording(("axial",), np.arange(3000, dtype=np.float32)[np.newaxis], "g")
MACHINE = MachineModel(
    fault=Fault.OUTER_RACE,
    severity=SeverityRamp.constant(1.0),
    seed=3,
    sample_rate_hz=1000.0,
    channel_count=1,
    full_scale_g=1.0,
)
SIMULATE = ("simulate", "--channels", "1", "--sample-rate", "1000")
SUMMARY = re.compile(r": (\d+) samples per channel sent, (\d+) durable, (\d+) reconnections\n$")


class SilentService(ModelService):
    """Takes samples and acknowledges none."""

    async def Push(
        self, request_iterator: AsyncIterator[pb.PushRequest], context: Context
    ) -> pb.PushResponse:
        self.calls += 1
        async for request in request_iterator:
            self.batches += request.WhichOneof("kind") == "batch"
        await asyncio.Event().wait()
        raise AssertionError


def converted(model: MachineModel, count: int) -> dict[int, float]:
    """Return the first samples of a machine as its 16-bit converter gives them, by index."""
    steps = np.rint(MachineSignal(model).samples(0, count)[0] * 2.0**15 / model.full_scale_g)
    return dict(enumerate(np.clip(steps, -(2**15), 2**15 - 1).tolist()))


async def test_a_replay_delivers_the_recording() -> None:
    model = ModelService()
    async with serving(model) as address, kurto.connect(address) as client:
        options = PlayOptions("s", 1000.0, speed=math.inf)
        delivery = await play(client, RECORDING, options, stop=asyncio.Event())
    assert (delivery.sample_count, delivery.durable_count) == (3000, 3000)
    assert model.samples == {i: float(i) for i in range(3000)}


async def test_a_replay_declares_the_bearing_and_sends_the_speed_of_the_file() -> None:
    model = ModelService()
    recording = replace(RECORDING, speed=RecordedSpeed(29.95, is_measured=True))
    options = PlayOptions("s", 1000.0, speed=math.inf, bearing=find_bearing("6205-2RS JEM"))
    async with serving(model) as address, kurto.connect(address) as client:
        await play(client, recording, options, stop=asyncio.Event())
    config = model.sensors["s"].config
    assert config.bearing.designation == "SKF 6205-2RS JEM"
    assert not config.HasField("nominal_speed_rpm")
    assert model.shaft_speeds_hz == {29.95}


async def test_a_simulation_declares_what_it_simulates() -> None:
    model = ModelService(dtype="<i2")
    sensor = SimulatedSensor("s", MACHINE, machine_class="group 2 rigid")
    async with serving(model) as address, kurto.connect(address) as client:
        await stream_machines(client, [sensor], duration_s=0.2, stop=asyncio.Event())
    config = model.sensors["s"].config
    assert config.nominal_speed_rpm == pytest.approx(60 * MACHINE.shaft_hz)
    assert config.bearing.designation == MACHINE.bearing.designation
    assert config.machine_class.industrial.group == assets_pb2.MACHINE_GROUP_2


async def test_a_simulation_delivers_the_machine_in_16_bits() -> None:
    model = ModelService(dtype="<i2")
    async with serving(model) as address, kurto.connect(address) as client:
        [delivery] = await stream_machines(
            client, [SimulatedSensor("s", MACHINE)], duration_s=1.25, stop=asyncio.Event()
        )
    assert (delivery.sample_count, delivery.durable_count) == (1250, 1250)
    assert model.samples == converted(MACHINE, 1250)
    # The machine is louder than its converter: both rails are met.
    assert min(model.samples.values()) == -(2**15)
    assert max(model.samples.values()) == 2**15 - 1


async def test_a_stopped_simulation_delivers_what_it_has_sent() -> None:
    model, stop = ModelService(dtype="<i2"), asyncio.Event()
    async with serving(model) as address, kurto.connect(address) as client:
        asyncio.get_running_loop().call_later(0.55, stop.set)
        [delivery] = await stream_machines(
            client, [SimulatedSensor("s", MACHINE)], duration_s=None, stop=stop
        )
    assert delivery.sample_count == delivery.durable_count > 0
    assert model.samples == converted(MACHINE, delivery.sample_count)


async def test_a_stop_between_two_bursts_is_not_waited_out() -> None:
    samples = np.arange(20, dtype=np.float32)[np.newaxis]
    recording = Recording(("axial",), samples, "g", 1000.0, 10, burst_interval_s=60.0)
    stop = asyncio.Event()
    async with serving(ModelService()) as address, kurto.connect(address) as client:
        asyncio.get_running_loop().call_later(0.2, stop.set)
        async with asyncio.timeout(60):
            delivery = await play(client, recording, PlayOptions("s", 1000.0), stop=stop)
    assert (delivery.sample_count, delivery.durable_count) == (0, 0)


async def command(*words: str) -> tuple[int, str, str]:
    """Run `kurto` and return its exit code and what it printed."""
    async with running(*words) as process:
        return await outcome(process)


@asynccontextmanager
async def running(*words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `kurto` for the duration of the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kurto_cli", *words, stdout=-1, stderr=-1
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def outcome(process: asyncio.subprocess.Process) -> tuple[int, str, str]:
    """Wait for the end of a process and return its exit code and what it printed."""
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def samples_flow(model: ModelService) -> None:
    """Wait until the source pushes."""
    async with asyncio.timeout(60):
        while not model.batches:
            await asyncio.sleep(0.05)


async def test_errors_are_one_line(free_port: int) -> None:
    target = f"127.0.0.1:{free_port}"
    code, _, err = await command("simulate", "--target", target, "--duration", "1")
    assert code == 1
    assert err.startswith("kurto: ")
    assert "Traceback" not in err
    code, _, err = await command("replay", "nothing.mat", "--sensor", "s", "--target", target)
    assert code == 1
    assert "nothing.mat: no such file" in err
    code, _, err = await command("replay", "a.mat", "--sensor", "s", "--speed", "0")
    assert code == 1
    assert "above 0, or max" in err


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--bearing", "SKF 6250", "the nearest are SKF 6"),
        ("--bearing", "9,7.94", "n,d,D"),
        ("--rpm", "0", "above 0"),
        ("--rpm", "nan", "above 0"),
    ],
)
async def test_a_wrong_bearing_or_speed_is_one_line_and_status_2(
    option: str, value: str, says: str
) -> None:
    code, out, err = await command("replay", "a.mat", "--sensor", "s", option, value)
    assert code == 2
    assert err.startswith("kurto: ")
    assert says in err
    assert (out, err.count("\n")) == ("", 1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_a_simulation_once_all_is_durable(number: signal.Signals) -> None:
    model = ModelService(dtype="<i2")
    async with serving(model) as address, running(*SIMULATE, "--target", address) as process:
        await samples_flow(model)
        process.send_signal(number)
        code, out, err = await outcome(process)
    assert code == 0, err
    assert "sim-001: " in out
    assert counts(out) == (len(model.samples), len(model.samples))
    assert model.samples
    assert err.splitlines() == [
        "kurto: waiting for the last acknowledgment; Ctrl-C again ends at once"
    ]


async def test_ctrl_c_ends_a_replay_once_all_is_durable(tmp_path: Path) -> None:
    first, second = tmp_path / "1.mat", tmp_path / "2.mat"
    for path in (first, second):
        scipy.io.savemat(path, {"X105_DE_time": np.arange(60_000, dtype=float)[:, np.newaxis]})
    words = ("replay", str(first), str(second), "--sensor", "s", "--sample-rate", "1000")
    model = ModelService()
    async with serving(model) as address, running(*words, "--target", address) as process:
        await samples_flow(model)
        process.send_signal(signal.SIGINT)
        code, out, err = await outcome(process)
    assert code == 0, err
    assert counts(out) == (len(model.samples), len(model.samples))
    assert 0 < len(model.samples) < 60_000
    assert "2.mat" not in out


async def test_a_replay_of_any_array_needs_its_unit(tmp_path: Path) -> None:
    path = tmp_path / "rig.npy"
    np.save(path, np.arange(2500, dtype=np.float32))
    words = ("replay", str(path), "--sensor", "s", "--sample-rate", "1000", "--speed", "max")
    model = ModelService()
    async with serving(model) as address:
        code, _, err = await command(*words, "--target", address)
        assert code == 1
        assert err == f"kurto: {path}: does not tell its unit; give --unit g or --unit m/s2\n"
        code, out, err = await command(*words, "--target", address, "--unit", "g")
    assert code == 0, err
    assert counts(out) == (2500, 2500)
    assert model.samples == {i: float(i) for i in range(2500)}


async def test_a_replay_takes_no_rate_that_the_file_contradicts(tmp_path: Path) -> None:
    path = tmp_path / "rig.npz"
    np.savez(path, x=np.zeros(2500, dtype=np.float32), fs=2000.0)
    words = ("replay", str(path), "--sensor", "s", "--unit", "g", "--speed", "max")
    model = ModelService()
    async with serving(model) as address:
        code, _, err = await command(*words, "--target", address, "--sample-rate", "1000")
        assert code == 1
        assert "recorded at 2000 Hz, which --sample-rate 1000 contradicts; leave it out" in err
        code, _, err = await command(*words, "--target", address, "--sample-rate", "0")
        assert (code, err) == (2, "kurto: --sample-rate is 0; give a rate above 0\n")
        assert not model.samples
        code, out, err = await command(*words, "--target", address)
    assert code == 0, err
    assert counts(out) == (2500, 2500)


async def test_a_service_that_does_not_acknowledge_is_not_waited_for_long() -> None:
    model = SilentService(dtype="<i2")
    async with serving(model) as address, running(*SIMULATE, "--target", address) as process:
        await samples_flow(model)
        start = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code, out, err = await outcome(process)
        assert time.monotonic() - start < 20.0
    assert code == 1
    sent, durable = counts(out)
    assert sent > durable == 0
    assert f"{sent} samples per channel were not acknowledged in time" in err


async def test_a_second_ctrl_c_ends_at_once() -> None:
    model = SilentService(dtype="<i2")
    async with serving(model) as address, running(*SIMULATE, "--target", address) as process:
        await samples_flow(model)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        async with asyncio.timeout(60):
            assert b"Ctrl-C again ends at once" in await process.stderr.readline()
        process.send_signal(signal.SIGINT)
        code, _, err = await outcome(process)
    assert code == 1
    assert err.splitlines()[-1] == "kurto: stopped; samples that were not acknowledged may be lost"
    assert "Traceback" not in err


async def test_the_demonstration_ends_in_time_while_nothing_answers() -> None:
    connected = asyncio.Event()
    release = asyncio.Event()

    async def swallow(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        await release.wait()
        writer.close()

    async with await asyncio.start_server(swallow, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with running("demo-machines", "--target", f"127.0.0.1:{port}") as process:
            async with asyncio.timeout(60):
                await connected.wait()
            start = time.monotonic()
            process.send_signal(signal.SIGTERM)
            code, _, err = await outcome(process)
            assert time.monotonic() - start < 20.0
        release.set()
    assert code == 0, err


def counts(out: str) -> tuple[int, int]:
    """Return the samples that a summary calls sent and durable."""
    found = SUMMARY.search(out)
    assert found, out
    return int(found[1]), int(found[2])
