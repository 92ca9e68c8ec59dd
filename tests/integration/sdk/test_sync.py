"""The SDK from programs without an event loop."""

import asyncio
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from tests.integration.sdk.epoch_service import EpochService
from tests.integration.sdk.model_service import Context, serving

import kurto
import kurto.sync
from kurto.ingest.v1 import ingest_service_pb2 as pb

OPTIONS = kurto.SenderOptions(rotate_interval_s=0.2, response_timeout_s=30.0)


@contextmanager
def served(service: EpochService) -> Iterator[str]:
    """Serve on a thread of its own, as another process would."""
    address: Future[str] = Future()
    end = threading.Event()

    async def serve() -> None:
        async with serving(service) as where:
            address.set_result(where)
            while not end.is_set():
                await asyncio.sleep(0.01)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        yield address.result(60)
    finally:
        end.set()
        thread.join(60)


@contextmanager
def opened(
    address: str, boot_id: str = "run", **settings: object
) -> Iterator[kurto.sync.SensorStream]:
    """Open a one-channel sensor of 1 kHz."""
    settings = {"options": OPTIONS, **settings}
    with (
        kurto.sync.connect(address) as client,
        client.open_sensor(
            "pump-7",
            sample_rate_hz=1000.0,
            channels=["axial"],
            unit="g",
            boot_id=boot_id,
            **settings,  # type: ignore[arg-type]
        ) as stream,
    ):
        yield stream


def ramp(first: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Return samples that equal their index."""
    return np.arange(first, first + count, dtype=np.float32)


def threads() -> set[str]:
    """Return the names of this package's threads; those about to end get a moment."""
    own = [thread for thread in threading.enumerate() if thread.name.startswith("kurto")]
    for thread in own:
        thread.join(30.0)
    return {thread.name for thread in own if thread.is_alive()}


def test_pushing_flushing_and_leaving(tmp_path: Path) -> None:
    service = EpochService()
    with served(service) as address:
        with opened(address, buffer_directory=tmp_path) as stream:
            stream.push(ramp(0, 100))
            stream.flush()
            assert stream.durable_index == 100
            assert stream.epoch == 1
            assert stream.progress().state == "live"
            stream.push(ramp(100, 100))
            assert stream.next_index == 200
        assert threads() == set()
    assert service.epochs["run"].samples == {i: float(i) for i in range(200)}


def test_what_is_known_of_the_machine_is_declared_and_its_speed_sent() -> None:
    service = EpochService()
    with (
        served(service) as address,
        opened(address, bearing=(9, 7.94, 39.04), nominal_speed_rpm=1480) as stream,
    ):
        stream.push(ramp(0, 100), shaft_speed_hz=24.5)
    assert service.sensor is not None
    assert service.sensor.config.bearing.geometry.pitch_diameter_mm == 39.04
    assert service.sensor.config.nominal_speed_rpm == 1480
    assert service.epochs["run"].shaft_speeds_hz == {0: 24.5}


def test_many_threads_may_push() -> None:
    service = EpochService()
    with served(service) as address, opened(address) as stream, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda k: stream.push(np.full(10, k, dtype=np.float32)), range(100)))
        stream.flush()
    stored = service.epochs["run"].samples
    values = [stored[i] for i in range(1000)]
    assert sorted(values[::10]) == list(range(100))
    assert all(values[i] == values[i - i % 10] for i in range(1000)), "pushes are not mixed"


def test_errors_are_those_of_the_async_client() -> None:
    service = EpochService()
    with served(service) as address:
        with opened(address) as stream:
            stream.push(ramp(0, 10))
            with pytest.raises(ValueError, match="10 is next"):
                stream.push(ramp(0, 10), first_index=3)
        with (
            pytest.raises(kurto.ConfigurationMismatchError),
            kurto.sync.connect(address) as client,
            client.open_sensor("pump-7", sample_rate_hz=7, channels=["axial"], unit="g"),
        ):
            pass
        with pytest.raises(RuntimeError, match="connect again"):
            stream.push(ramp(10, 10))
    assert threads() == set()


def test_push_can_wait_or_raise() -> None:
    service = EpochService()
    with served(service) as address:
        with opened(address, buffer_s=0.1) as stream:
            for k in range(20):
                stream.push(ramp(50 * k, 50))
        with opened(address, "other", buffer_s=0.1, overflow="raise") as stream:
            service.away = True  # or an acknowledgment might make room
            stream.push(ramp(0, 100))
            with pytest.raises(kurto.BufferFullError):
                stream.push(ramp(100, 50))
            service.away = False
    assert len(service.epochs["run"].samples) == 1000


def test_progress_is_told_and_must_not_wait_for_itself() -> None:
    service = EpochService()
    heard: list[kurto.Progress] = []
    errors: list[str] = []

    def listen(progress: kurto.Progress) -> None:
        heard.append(progress)
        try:
            stream.flush()
        except (RuntimeError, NameError) as error:
            errors.append(str(error))

    with served(service) as address, opened(address, on_progress=listen) as stream:
        stream.push(ramp(0, 100))
        stream.flush()
        followed = stream.follow_progress(0.01)
        assert next(followed).durable_index == 100
        followed.close()  # type: ignore[attr-defined]
    assert heard[-1].state == "ended"
    assert heard[-1].buffered_sample_count == 0
    assert "this would wait for itself" in errors[-1]


SCRIPT = textwrap.dedent(
    """
    import sys, time
    import numpy as np
    import kurto.sync

    def samples(first, count):
        return np.arange(first, first + count, dtype=np.float32)

    def connect():
        return kurto.sync.connect(sys.argv[1])

    def sensor(client):
        return client.open_sensor(
            "pump-7", sample_rate_hz=1000, channels=["axial"], unit="g", boot_id="run",
            buffer_directory=sys.argv[2] if len(sys.argv) > 2 else None,
            close_timeout_s=60,
        )
    """
)


def script(address: str, body: str, *arguments: str) -> "subprocess.Popen[str]":
    """Run a script as a user would."""
    words = [sys.executable, "-u", "-c", SCRIPT + textwrap.dedent(body), address, *arguments]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("on_disk", [False, True], ids=["memory", "disk"])
def test_what_a_script_forgets_to_close_is_delivered_at_exit(tmp_path: Path, on_disk: bool) -> None:
    service = EpochService()
    body = """
        connection = connect()
        client = connection.__enter__()
        opening = sensor(client)
        stream = opening.__enter__()
        for k in range(20):
            stream.push(samples(50 * k, 50))
    """
    with served(service) as address:
        forgetful = script(address, body, *([str(tmp_path)] if on_disk else []))
        _, errors = forgetful.communicate(timeout=100)
    assert forgetful.returncode == 0, errors
    assert service.epochs["run"].samples == {i: float(i) for i in range(1000)}
    assert errors == ""


def test_ctrl_c_delivers_what_was_pushed() -> None:
    service = EpochService()
    body = """
        with connect() as client, sensor(client) as stream:
            while True:
                first = stream.next_index
                stream.push(samples(first, 50))
                print(first + 50)
                time.sleep(0.005)
    """
    with served(service) as address:
        loop = script(address, body)
        assert loop.stdout is not None
        for _ in range(40):
            pushed = int(loop.stdout.readline())
        loop.send_signal(signal.SIGINT)
        rest, errors = loop.communicate(timeout=100)
    pushed = max(pushed, *(int(line) for line in rest.split()), 0)
    assert loop.returncode == -signal.SIGINT
    assert errors.rstrip().endswith("KeyboardInterrupt")
    stored = service.epochs["run"].samples
    assert stored == {i: float(i) for i in range(len(stored))}
    assert pushed <= len(stored) <= pushed + 50


class SilentService(EpochService):
    """Takes samples and never acknowledges any."""

    async def Push(
        self, request_iterator: AsyncIterator[pb.PushRequest], context: Context
    ) -> pb.PushResponse:
        await asyncio.Event().wait()
        raise AssertionError


def test_ctrl_c_ends_a_push_that_waits() -> None:
    service = SilentService()
    body = """
        with connect() as client, client.open_sensor(
            "pump-7", sample_rate_hz=1000, channels=["axial"], unit="g", buffer_s=0.1,
            boot_id="run", close_timeout_s=0.5,
        ) as stream:
            stream.push(samples(0, 100))
            print("full")
            stream.push(samples(100, 100))
    """
    with served(service) as address:
        loop = script(address, body)
        assert loop.stdout is not None
        assert loop.stdout.readline().strip() == "full"
        loop.send_signal(signal.SIGINT)
        loop.communicate(timeout=100)
    assert loop.returncode != 0
