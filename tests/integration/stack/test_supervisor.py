"""The supervisor with real processes: starts, restarts, stops in order, leaves nothing."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest

from kurto_cli.stack.exceptions import StackError
from kurto_cli.stack.logs import ConsoleLog, FileLog, ProcessLog
from kurto_cli.stack.parent_death import tie_to_parent
from kurto_cli.stack.probes import always
from kurto_cli.stack.process_spec import ProcessSpec
from kurto_cli.stack.restarts import RestartPolicy
from kurto_cli.stack.supervisor import Supervisor

QUICK = RestartPolicy(first_delay_s=0.05, longest_delay_s=0.1, attempts=2)
TIMEOUT_S = 60.0
SLEEP = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEP
SAYS_GOODBYE = """
import signal, sys, time
def goodbye(*_):
    with open(sys.argv[1], "a") as file:
        file.write(sys.argv[2] + "\\n")
    raise SystemExit
signal.signal(signal.SIGTERM, goodbye)
print("up", flush=True)
time.sleep(600)
"""


class Recorder:
    """What a supervisor told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.readiness: list[dict[str, int]] = []
        self.output: list[str] = []

    def ready(self, pids: Mapping[str, int]) -> None:
        self.readiness.append(dict(pids))

    async def until_ready(self, times: int = 1) -> dict[str, int]:
        await eventually(lambda: len(self.readiness) >= times)
        return self.readiness[-1]


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not condition():
            await asyncio.sleep(0.01)


def python(
    name: str,
    code: str,
    *arguments: str,
    after: tuple[str, ...] = (),
    stop_timeout_s: float = TIMEOUT_S,
) -> ProcessSpec:
    words = tie_to_parent([sys.executable, "-c", code, *arguments], death_signal=signal.SIGKILL)
    environment = dict(os.environ)
    return ProcessSpec(
        name, tuple(words), always, environment, after=after, stop_timeout_s=stop_timeout_s
    )


@contextlib.asynccontextmanager
async def supervised(
    *specs: ProcessSpec, log: ProcessLog | None = None
) -> AsyncIterator[tuple[Recorder, asyncio.Event, asyncio.Event, asyncio.Task[None]]]:
    recorder = Recorder()
    logs = {spec.name: log or ConsoleLog(recorder.output.append) for spec in specs}
    supervisor = Supervisor(
        specs, logs, policy=QUICK, report=recorder.lines.append, on_all_ready=recorder.ready
    )
    stop, stop_now = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(supervisor.run(stop, stop_now))
    try:
        yield recorder, stop, stop_now, running
    finally:
        stop.set()
        stop_now.set()
        with contextlib.suppress(StackError):
            await running
    for pids in recorder.readiness:
        assert not [name for name, pid in pids.items() if alive(pid)]


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that waits for its parent to notice its end doesn't."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


async def test_a_killed_process_is_started_again_and_readiness_told_again() -> None:
    async with supervised(python("a", SLEEP), python("b", SLEEP)) as (recorder, *_):
        first = await recorder.until_ready()
        os.kill(first["a"], signal.SIGKILL)
        second = await recorder.until_ready(times=2)
    assert second["a"] != first["a"]
    assert second["b"] == first["b"]
    assert any("a was ended by SIGKILL; starting it again" in line for line in recorder.lines)


async def test_processes_stop_one_after_the_other_backwards(tmp_path: Path) -> None:
    book = tmp_path / "book"
    specs = [python(name, SAYS_GOODBYE, str(book), name) for name in ("a", "b", "c")]
    async with supervised(*specs) as (recorder, stop, _, running):
        await recorder.until_ready()
        await eventually(lambda: recorder.output.count("up") == 3)
        stop.set()
        await running
    assert book.read_text().split() == ["c", "b", "a"]


async def test_one_that_does_not_stop_is_killed() -> None:
    spec = python("a", STUBBORN, stop_timeout_s=1.0)
    async with supervised(spec) as (recorder, stop, _, running):
        await recorder.until_ready()
        await eventually(lambda: "up" in recorder.output)
        stop.set()
        await running
    assert "a didn't stop in time and was killed" in recorder.lines


async def test_a_second_request_stops_at_once() -> None:
    specs = [python(name, STUBBORN) for name in ("a", "b", "c")]
    async with supervised(*specs) as (recorder, stop, stop_now, running):
        await recorder.until_ready()
        await eventually(lambda: recorder.output.count("up") == 3)
        asked = time.monotonic()
        stop.set()
        stop_now.set()
        await running
        assert time.monotonic() - asked < TIMEOUT_S / 2  # each of them would take all of it


async def test_a_process_starts_after_those_that_it_waits_for() -> None:
    gate = asyncio.Event()

    async def opened() -> bool:
        return gate.is_set()

    words = tie_to_parent([sys.executable, "-c", SLEEP], death_signal=signal.SIGKILL)
    slow = ProcessSpec("slow", tuple(words), opened, dict(os.environ))
    async with supervised(slow, python("next", SLEEP, after=("slow",))) as (recorder, *_):
        await eventually(lambda: "up" in recorder.output)
        assert recorder.output == ["up"]
        gate.set()
        await eventually(lambda: recorder.output == ["up", "up"])


async def test_readiness_is_told_when_all_are_ready_at_the_same_time() -> None:
    others_serve = asyncio.Event()
    others_serve.set()

    async def serves() -> bool:
        return others_serve.is_set()

    words = tie_to_parent([sys.executable, "-c", SLEEP], death_signal=signal.SIGKILL)
    user = ProcessSpec("user", tuple(words), serves, dict(os.environ))
    async with supervised(python("store", SLEEP), user) as (recorder, *_):
        first = await recorder.until_ready()
        others_serve.clear()
        os.kill(first["store"], signal.SIGKILL)
        await eventually(lambda: sum("store is ready" in line for line in recorder.lines) == 2)
        await asyncio.sleep(0.2)
        assert len(recorder.readiness) == 1
        others_serve.set()
        second = await recorder.until_ready(times=2)
    assert second["store"] != first["store"]


async def test_a_process_that_never_gets_ready_ends_the_launch_with_its_last_words() -> None:
    async def never() -> bool:
        return False

    words = tie_to_parent(
        [sys.executable, "-c", "raise SystemExit('no such setting')"], death_signal=signal.SIGKILL
    )
    broken = ProcessSpec("broken", tuple(words), never, dict(os.environ))
    async with supervised(python("a", SLEEP), broken) as (_, _, _, running):
        with pytest.raises(StackError, match=r"(?s)broken ended with exit code 1.*no such setting"):
            await running


async def test_a_process_that_hangs_at_its_start_ends_the_launch(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    words = tie_to_parent([sys.executable, "-c", SLEEP], death_signal=signal.SIGKILL)
    hanging = ProcessSpec("hangs", tuple(words), never, dict(os.environ), start_timeout_s=0.5)
    log = FileLog(tmp_path / "hangs.log")
    async with supervised(hanging, log=log) as (_, _, _, running):
        with pytest.raises(StackError, match=r"hangs wasn't ready after 0.5 s"):
            await running


def test_nothing_is_left_when_the_launcher_is_killed(tmp_path: Path) -> None:
    script = Path(__file__).with_name("launch_standins.py")
    pids_file = tmp_path / "pids.json"
    with subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)], stdout=subprocess.DEVNULL
    ) as launcher:
        try:
            deadline = time.monotonic() + TIMEOUT_S
            while not pids_file.exists():
                assert launcher.poll() is None, (tmp_path / "postgres.log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.02)
            family = descendants(launcher.pid)
            assert set(json.loads(pids_file.read_text()).values()) <= set(family)
        finally:
            launcher.kill()
    deadline = time.monotonic() + TIMEOUT_S
    while left := [pid for pid in family if alive(pid)]:
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.02)


def descendants(pid: int) -> list[int]:
    """Return the processes below one, PostgreSQL's own among them."""
    children: dict[int, list[int]] = {}
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            with contextlib.suppress(OSError):
                status = (process / "stat").read_text().rpartition(")")[2].split()
                children.setdefault(int(status[1]), []).append(int(process.name))
    found, waiting = [], [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


@pytest.mark.parametrize("attempt", range(5))
def test_a_child_whose_parent_died_before_it_was_tied_does_not_run(
    tmp_path: Path, attempt: int
) -> None:
    trace = tmp_path / "ran"
    gone = subprocess.Popen(["true"])
    gone.wait()
    words = tie_to_parent(["touch", str(trace)], death_signal=signal.SIGKILL, parent_pid=gone.pid)
    done = subprocess.run(words, check=False)
    assert done.returncode == 125
    assert not trace.exists()
