"""One process from its first line of log to its exit code."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Generic, TypeVar

import uvloop
from grpc.aio import Server

from kurto_service.access import StartRefused, authenticator_for
from kurto_service.admission import QueryLine
from kurto_service.calls import CallGuard
from kurto_service.clock import SystemClock
from kurto_service.dependencies import DependencyRefused, DependencyTimeout
from kurto_service.health import Health
from kurto_service.logs import configure_logs
from kurto_service.metrics import (
    DependencyMetrics,
    RpcMetrics,
    count_tasks,
    process_registry,
    start_exporter,
)
from kurto_service.runtime import Runtime
from kurto_service.server import (
    BindError,
    MethodTable,
    add_standard_services,
    bind,
    create_server,
)
from kurto_service.settings import (
    ServiceSettings,
    SettingsError,
    load_settings,
    masked_settings,
    unknown_variables,
)
from kurto_service.supervisor import Supervisor
from kurto_service.tokens import TokenFileError
from kurto_service.watchdog import Watchdog, exit_now

__all__ = ["Process", "StartRefused", "authenticator_for", "run_process"]

_LOG = logging.getLogger(__name__)
_EXIT_FAILURE = 1
_EXIT_WRONG_SETTINGS = 2
_WRONG_SETTINGS = (DependencyRefused, StartRefused, TokenFileError)
# Drain and calls have grace_period_s (at most 6), then tasks and closers these; the watchdog makes
# "exits within 10 s" true even when one of them hangs in C code.
_CUT_S = 0.5
_TASKS_STOP_S = 1.0
_CLOSE_S = 2.0
_WATCHDOG_S = 9.5
# Python looks for cycles after 700 new objects, and at everything that the process has imported
# again and again. Queues make few cycles and many objects: that took a quarter of a busy commit.
_COLLECTION_THRESHOLDS = (10_000, 20, 50)
SettingsT = TypeVar("SettingsT", bound=ServiceSettings)


class Process(Generic[SettingsT]):
    """One service from start to stop.

    Parameters
    ----------
    name : str
        Short name of the service.
    settings : ServiceSettings
        Its settings.
    wire : async callable
        Constructs the service.
    """

    def __init__(
        self,
        name: str,
        settings: SettingsT,
        wire: Callable[[SettingsT, Runtime[SettingsT]], Awaitable[None]],
    ) -> None:
        self._name = name
        self._settings = settings
        self._wire = wire
        self._clock = SystemClock()
        self._registry = process_registry()
        count_tasks(self._registry, asyncio.get_running_loop())
        self._supervisor = Supervisor()
        self._stack = AsyncExitStack()
        self._stop_asked = asyncio.Event()
        self._health = Health(
            self._clock,
            DependencyMetrics(self._registry),
            interval_s=settings.probe_interval_s,
            timeout_s=settings.probe_timeout_s,
        )
        self._queries = QueryLine(settings.max_concurrent_queries, settings.query_patience_s)
        self._guard = self._create_guard()
        self._table = MethodTable(self._guard)
        self._runtime = Runtime(
            settings=settings,
            clock=self._clock,
            registry=self._registry,
            health=self._health,
            table=self._table,
            supervisor=self._supervisor,
            stack=self._stack,
            queries=self._queries,
        )

    def _create_guard(self) -> CallGuard:
        return CallGuard(
            authenticator_for(self._settings, self._clock),
            RpcMetrics(self._registry),
            self._clock,
            max_message_bytes=self._settings.max_message_bytes,
            max_concurrent_calls=self._settings.max_concurrent_calls,
            queries=self._queries,
        )

    async def run(self) -> int:
        """Start, serve until a signal or a dead task, stop; return the exit code."""
        self._listen_to_signals()
        server = create_server(
            self._table,
            max_message_bytes=self._settings.max_message_bytes,
            max_concurrent_calls=self._settings.max_concurrent_calls,
        )
        started = False
        try:
            await self._start(server)
            started = await self._until_stopped(self._construct())
            if started:
                await self._until_stopped(None)
        finally:
            await self._stop(server)
        return _EXIT_FAILURE if self._supervisor.failed.is_set() else 0

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal, number)

    def _on_signal(self, number: signal.Signals) -> None:
        if self._stop_asked.is_set():
            _LOG.warning("Second signal: stopping at once", extra={"action": "abort"})
            exit_now(128 + number)
        _LOG.info("Stopping", extra={"action": "stop", "signal": number.name})
        self._stop_asked.set()

    async def _start(self, server: Server) -> None:
        settings = self._settings
        metrics_port = self._start_exporter()
        try:
            grpc_port = bind(server, settings.host, settings.grpc_port)
        except BindError as error:
            raise BindError(f"{error}; set {self._variable('grpc_port')}") from error
        # Health answers NOT_SERVING while the rest is being built.
        add_standard_services(self._table, self._health, ())
        await server.start()
        extra = {
            "action": "listen",
            "host": settings.host,
            "grpc_port": grpc_port,
            "metrics_port": metrics_port,
            "pid": os.getpid(),
        }
        _LOG.info("Listening", extra=extra)

    def _start_exporter(self) -> int:
        host, port = self._settings.host, self._settings.metrics_port
        try:
            bound, stop = start_exporter(host, port, self._registry)
        except OSError as error:
            variable = self._variable("metrics_port")
            raise BindError(f"cannot listen on {host}:{port} ({error}); set {variable}") from error
        self._stack.callback(stop)
        return bound

    def _variable(self, field: str) -> str:
        return f"KURTO_{self._name.upper()}_{field.upper()}"

    async def _construct(self) -> None:
        await self._wire(self._settings, self._runtime)
        add_standard_services(self._table, self._health, self._runtime.services)
        await self._health.wired()
        self._supervisor.spawn("health probes", self._health.run())
        self._table.open()
        _collect_less()
        extra = {"action": "ready", "serving": self._health.is_serving()}
        _LOG.info("Ready", extra=extra)

    async def _until_stopped(self, work: Awaitable[None] | None) -> bool:
        """Await `work` unless a signal or a dead task comes first; True when it completed."""
        stops = [
            asyncio.create_task(self._stop_asked.wait()),
            asyncio.create_task(self._supervisor.failed.wait()),
        ]
        job = asyncio.ensure_future(work) if work is not None else None
        try:
            waited = [*stops, job] if job else stops
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if job is None or not job.done():
                return False
            await job
            return True
        finally:
            leftovers = [task for task in (*stops, job) if task and not task.done()]
            for task in leftovers:
                task.cancel()
            await asyncio.gather(*leftovers, return_exceptions=True)

    async def _stop(self, server: Server) -> None:
        with Watchdog(_WATCHDOG_S):
            self._health.drain()
            self._supervisor.drain()
            self._table.close()
            await self._bounded("drain", self._settings.grace_period_s, self._drain())
            self._guard.in_progress.cut()
            await self._bounded("cut", _CUT_S, self._guard.in_progress.idle())
            await server.stop(None)
            await self._supervisor.stop(_TASKS_STOP_S)
            await self._bounded("close", _CLOSE_S, self._stack.aclose())
            _LOG.info("Stopped", extra={"action": "stopped"})

    async def _drain(self) -> None:
        # Waited for here rather than by server.stop(grace): that one sends GOAWAY at once, and a
        # call which crosses it ends as CANCELLED, where it gets UNAVAILABLE with a reason now.
        await self._runtime.run_drain_callbacks()
        await self._guard.in_progress.idle()

    async def _bounded(self, step: str, limit_s: float, work: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(limit_s):
                await work
        except TimeoutError:
            extra = {"action": "stop_late", "step": step, "limit_s": limit_s}
            _LOG.error("A step of stopping took too long", extra=extra)
        except Exception as error:
            extra = {"action": "stop_failed", "step": step}
            _LOG.error("A step of stopping failed", extra=extra, exc_info=error)


def _collect_less() -> None:
    """Leave what start-up made out of garbage collection, and collect less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTION_THRESHOLDS)


def run_process(
    name: str,
    settings_cls: type[SettingsT],
    wire: Callable[[SettingsT, Runtime[SettingsT]], Awaitable[None]],
) -> int:
    """Run a service until it is told to stop and return the exit code; see `runtime.main`."""
    try:
        settings = load_settings(settings_cls)
    except SettingsError as error:
        sys.stderr.write(f"kurto {name}: {error}\n")
        return _EXIT_WRONG_SETTINGS
    configure_logs(level=settings.log_level, form=settings.log_format, service=name)
    _log_settings(settings)

    async def run() -> int:
        return await Process(name, settings, wire).run()

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(run())
    except (*_WRONG_SETTINGS, BindError, DependencyTimeout) as error:
        extra = {"action": "start_failed", "problem": str(error)}
        _LOG.critical("Cannot start", extra=extra)
        return _EXIT_WRONG_SETTINGS if isinstance(error, _WRONG_SETTINGS) else _EXIT_FAILURE
    except Exception:
        _LOG.critical("Failed", extra={"action": "crashed"}, exc_info=True)
        return _EXIT_FAILURE


def _log_settings(settings: ServiceSettings) -> None:
    extra = {"action": "settings", "settings": masked_settings(settings)}
    _LOG.info("Settings", extra=extra)
    for variable in unknown_variables(type(settings)):
        extra = {"action": "unknown_setting", "variable": variable}
        _LOG.warning("Variable is not a setting of this service", extra=extra)
