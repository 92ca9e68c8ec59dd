"""Keeps the processes of the stack running and stops them in order."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

from kurto_cli.stack.child import Child, describe_end
from kurto_cli.stack.exceptions import StackError
from kurto_cli.stack.logs import ProcessLog
from kurto_cli.stack.process_spec import ProcessSpec, require_order
from kurto_cli.stack.restarts import RestartPolicy, RestartRecord

PROBE_INTERVAL_S = 0.05
STOP_TIMEOUT_S = 40.0


class Supervisor:
    """Starts processes, restarts those that end, stops them backwards.

    Parameters
    ----------
    specs : sequence of ProcessSpec
        The processes in their order.
    logs : mapping of str to ProcessLog
        Where the output of each goes.
    policy : RestartPolicy
        When a process that ended is started again.
    report : callable
        Takes one line about what happens.
    on_all_ready : callable
        Called with the process ids each time when all processes have become ready.
    """

    def __init__(
        self,
        specs: Sequence[ProcessSpec],
        logs: Mapping[str, ProcessLog],
        *,
        policy: RestartPolicy,
        report: Callable[[str], None],
        on_all_ready: Callable[[Mapping[str, int]], None],
    ) -> None:
        require_order(specs)
        self._specs = tuple(specs)
        self._logs = logs
        self._policy = policy
        self._report = report
        self._on_all_ready = on_all_ready
        self._children: dict[str, Child] = {}
        self._ready = {spec.name: asyncio.Event() for spec in specs}

    async def run(self, stop: asyncio.Event, stop_now: asyncio.Event) -> None:
        """Run the processes until asked to stop; nothing of them is left on return.

        Parameters
        ----------
        stop : asyncio.Event
            Set to stop in order.
        stop_now : asyncio.Event
            Set to kill what is still running.

        Raises
        ------
        StackError
            If a process can't be started at all.
        """
        keepers = [
            asyncio.create_task(self._keep(spec), name=f"keep {spec.name}") for spec in self._specs
        ]
        stopping = asyncio.create_task(stop.wait(), name="stop")
        try:
            await asyncio.wait([*keepers, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*keepers, stopping):
                task.cancel()
            results = await asyncio.gather(*keepers, return_exceptions=True)
            await self._stop_all(stop_now)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _keep(self, spec: ProcessSpec) -> None:
        record = RestartRecord(self._policy)
        for name in spec.after:
            await self._ready[name].wait()
        while True:
            started = time.monotonic()
            child = await Child.start(spec, self._logs[spec.name])
            self._children[spec.name] = child
            probing = asyncio.create_task(
                self._announce(spec, child, record, started), name=f"probe {spec.name}"
            )
            try:
                code = await self._end_of(child, probing)
            finally:
                probing.cancel()
            self._ready[spec.name].clear()
            await self._wait_to_restart(spec, record, describe_end(code), started)

    async def _end_of(self, child: Child, probing: asyncio.Task[None]) -> int:
        """Wait until the process ends; a probe that gives up is passed on."""
        ending = asyncio.create_task(child.wait())
        try:
            await asyncio.wait([ending, probing], return_when=asyncio.FIRST_COMPLETED)
            if probing.done() and not ending.done():
                probing.result()
            return await ending
        finally:
            ending.cancel()

    async def _announce(
        self, spec: ProcessSpec, child: Child, record: RestartRecord, started: float
    ) -> None:
        """Wait until the process is ready, then tell."""
        deadline = started + spec.start_timeout_s
        while not await spec.probe():
            if time.monotonic() > deadline and not record.ever_ready:
                raise StackError(
                    f"{spec.name} wasn't ready after {spec.start_timeout_s:g} s; its newest "
                    f"lines:\n{self._logs[spec.name].tail()}"
                )
            await asyncio.sleep(PROBE_INTERVAL_S)
        record.ready()
        self._report(
            f"{spec.name} is ready after {time.monotonic() - started:.1f} s (pid {child.pid})"
        )
        self._ready[spec.name].set()
        await self._announce_all()

    async def _announce_all(self) -> None:
        """Tell when all are ready at the same time: one that came back may have held up others."""
        while all(event.is_set() for event in self._ready.values()):
            if all(await asyncio.gather(*(spec.probe() for spec in self._specs))):
                self._on_all_ready({name: child.pid for name, child in self._children.items()})
                return
            await asyncio.sleep(PROBE_INTERVAL_S)

    async def _wait_to_restart(
        self, spec: ProcessSpec, record: RestartRecord, end: str, started: float
    ) -> None:
        delay_s = record.ended(time.monotonic() - started)
        if delay_s is None:
            raise StackError(
                f"{spec.name} {end} before it was ready; its newest lines:\n"
                f"{self._logs[spec.name].tail()}"
            )
        self._report(f"{spec.name} {end}; starting it again in {delay_s:.1f} s")
        await asyncio.sleep(delay_s)

    async def _stop_all(self, stop_now: asyncio.Event) -> None:
        """Stop what runs, in reverse order, for a bounded time altogether."""
        hurry = asyncio.create_task(self._kill_when(stop_now), name="kill")
        deadline = time.monotonic() + STOP_TIMEOUT_S
        try:
            for spec in reversed(self._specs):
                child = self._children.get(spec.name)
                if child is None or not child.running:
                    continue
                if not await child.stop(deadline - time.monotonic()):
                    self._report(f"{spec.name} didn't stop in time and was killed")
                await child.wait()
        finally:
            hurry.cancel()

    async def _kill_when(self, stop_now: asyncio.Event) -> None:
        await stop_now.wait()
        for child in self._children.values():
            child.kill()
