"""Run the stack for an hour under a steady load: nothing may be lost, and nothing may grow."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import kurto
from benchmarks.local_stack import LocalStack, local_stack
from benchmarks.soak.options import SoakOptions
from benchmarks.soak.report import Record, print_findings, print_rows, rows
from benchmarks.soak.resources import Usage, look
from benchmarks.soak.senders import HOP, HOP_S, Sender
from benchmarks.soak.stored import Stored, check
from benchmarks.soak.subscribers import Watched, watch_grpc, watch_sse

_WINDOW_HOPS = 10
_LEAST_WATCHED = 0.98
_SETTLE_S = 3.0
_VICTIMS = ("ingest", "analyzer", "alerts", "gateway", "envoy", "valkey")
_PROGRESS_S = 60.0


def main() -> int:
    """Run the soak and report; returns the exit status."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("soak.json"))
    output = parser.parse_args().output
    try:
        options = SoakOptions.read(os.environ)
    except ValueError as error:
        parser.error(str(error))
    with tempfile.TemporaryFile("w+", encoding="ascii") as file:
        record = Record(file)
        with local_stack() as stack:
            soak = Soak(stack, options, record)
            stored = asyncio.run(soak.run())
        report = judged(record, soak.findings(stored), options)
    output.write_text(json.dumps(report, indent=1) + "\n")
    return 0 if report["pass"] else 1


def judged(record: Record, findings: dict[str, bool], options: SoakOptions) -> dict[str, Any]:
    """Print what was found and return it as ``soak.json`` holds it."""
    found = rows(record, options.warmup_s, options.duration_s)
    print_rows(found)
    print_findings(findings)
    return {
        "options": vars(options),
        "pass": all(findings.values()) and all(row.trend.passed is not False for row in found),
        "findings": findings,
        "trends": [row.as_json() for row in found],
        "looks": record.as_json(),
    }


class Soak:
    """One run.

    Parameters
    ----------
    stack : LocalStack
        The stack.
    options : SoakOptions
        How long and how much.
    record : Record
        Where to note what the processes hold.
    """

    def __init__(self, stack: LocalStack, options: SoakOptions, record: Record) -> None:
        self._record = record
        self._newest: dict[str, Usage] = {}
        self._stack = stack
        self._options = options
        self._senders: list[Sender] = []
        self._watched = [Watched("gRPC"), Watched("server-sent events")]
        self._kill_count = 0

    async def run(self) -> Stored:
        """Push, watch and look at the processes, then check what was stored."""
        options, stack = self._options, self._stack
        ids = [f"soak-{number:03d}" for number in range(options.sensors)]
        async with kurto.connect(stack.target) as client:
            self._senders = [
                Sender(client, number, options.reopen_interval_s)
                for number in range(options.sensors)
            ]
            beside: list[Awaitable[None]] = [
                watch_grpc(client, ids, self._watched[0]),
                watch_sse(f"http://{stack.target}", ids, self._watched[1]),
                self._look(),
                self._progress(),
            ]
            if options.kill_interval_s:
                beside.append(self._kill())
            await self._push(beside)
        print(f"checking the samples of {options.sensors} sensors", flush=True)
        return await check(stack.ready()["postgres_dsn"], self._senders)

    async def _push(self, beside: list[Awaitable[None]]) -> None:
        tasks = [asyncio.ensure_future(one) for one in beside]
        pushing = asyncio.gather(*(one.run(self._options.duration_s) for one in self._senders))
        try:
            running: list[asyncio.Future[Any]] = [pushing, *tasks]
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()  # these end with an error only
            await pushing
            await asyncio.sleep(_SETTLE_S)
        finally:
            pushing.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> None:
        started_s = time.monotonic()
        while True:
            ready = self._stack.ready()
            pids = {**ready["pids"], "kurto up": self._stack.launcher_pid, "senders": os.getpid()}
            usages = await asyncio.to_thread(look, pids, ready["metrics"])
            usages["senders"] = self._with_own_tasks(usages["senders"])
            self._newest = usages
            self._record.add(time.monotonic() - started_s, usages)
            await asyncio.sleep(self._options.sample_interval_s)

    @staticmethod
    def _with_own_tasks(usage: Usage) -> Usage:
        return Usage(**{**vars(usage), "asyncio_tasks": len(asyncio.all_tasks())})

    async def _progress(self) -> None:
        started_s = time.monotonic()
        while True:
            await asyncio.sleep(_PROGRESS_S)
            memory = ", ".join(
                f"{name} {usage.memory_mib:.0f}" for name, usage in self._newest.items()
            )
            frames = ", ".join(f"{one.name} {one.frame_count}" for one in self._watched)
            minutes = (time.monotonic() - started_s) / 60
            print(f"{minutes:5.1f} min; frames: {frames}; MiB: {memory}", flush=True)

    async def _kill(self) -> None:
        while True:
            await asyncio.sleep(self._options.kill_interval_s)
            victim = _VICTIMS[self._kill_count % len(_VICTIMS)]
            self._kill_count += 1
            print(f"kill -9 {victim}", flush=True)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._stack.ready()["pids"][victim], signal.SIGKILL)

    def findings(self, stored: Stored) -> dict[str, bool]:
        """Return what must be true beside the trends, in words, and whether it is."""
        pushed = self._senders
        reconnections = sum(one.reconnect_count for one in pushed)
        lag_s = max(one.longest_lag_s for one in pushed)
        opened = sum(one.open_count for one in pushed)
        everything = round(self._options.duration_s / HOP_S) * HOP
        found = {
            str(stored): stored.flawless,
            "every sample pushed was acknowledged": all(
                one.acknowledged_index == everything for one in pushed
            ),
            f"{opened} openings, {reconnections} reconnections, {self._kill_count} kills": (
                reconnections == 0 or self._kill_count > 0
            ),
            f"longest time without acknowledgment {lag_s:.1f} s": lag_s < 60.0,
        }
        expected = len(pushed) * max(0, everything // HOP - _WINDOW_HOPS + 1)
        for one in self._watched:
            text = f"{one.name}: {one.frame_count} of {expected} windows seen live"
            found[text] = one.frame_count >= _LEAST_WATCHED * expected
        return found


if __name__ == "__main__":
    sys.exit(main())
