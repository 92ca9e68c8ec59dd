"""What a service is given to build itself with, and the process around it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, Generic, TypeVar

import grpc
from prometheus_client import CollectorRegistry

from kurto_service.admission import QueryLine
from kurto_service.channels import open_channel
from kurto_service.clock import Clock
from kurto_service.dependencies import wait_until_up
from kurto_service.health import Health
from kurto_service.server import AddServicer, MethodTable
from kurto_service.settings import ServiceSettings
from kurto_service.supervisor import Supervisor

__all__ = ["Runtime", "main"]

_LOG = logging.getLogger(__name__)
SettingsT = TypeVar("SettingsT", bound=ServiceSettings)
SettingsT_co = TypeVar("SettingsT_co", bound=ServiceSettings, covariant=True)
ValueT = TypeVar("ValueT")
AsyncCallback = Callable[[], Awaitable[object]]


class Runtime(Generic[SettingsT_co]):
    """The process, as the wiring of a service sees it.

    Everything registered here is undone in reverse order at shutdown: background tasks first, then
    whatever was entered or pushed.

    Attributes
    ----------
    settings : ServiceSettings
        The service's settings.
    clock : Clock
        The only source of time.
    registry : CollectorRegistry
        Where metrics are registered.
    health : Health
        State of health; rarely needed directly.
    queries : QueryLine
        Where queries wait for their turn; held for what goes first.
    """

    def __init__(
        self,
        *,
        settings: SettingsT_co,
        clock: Clock,
        registry: CollectorRegistry,
        health: Health,
        table: MethodTable,
        supervisor: Supervisor,
        stack: AsyncExitStack,
        queries: QueryLine,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.registry = registry
        self.health = health
        self.queries = queries
        self._table = table
        self._supervisor = supervisor
        self._stack = stack
        self._drain_callbacks: list[AsyncCallback] = []
        self._services: list[str] = []

    def add_servicer(self, add_fn: AddServicer, servicer: object, full_service_name: str) -> None:
        """Serve `servicer`.

        Parameters
        ----------
        add_fn : callable
            The generated ``add_XServicer_to_server``.
        servicer : object
            Each of its methods is decorated with ``@requires(...)``.
        full_service_name : str
            Such as ``kurto.ingest.v1.IngestService``; listed by health and reflection.

        Raises
        ------
        TypeError
            When a method declares no role.
        """
        self._table.add(add_fn, servicer)
        self._services.append(full_service_name)
        self.health.add_service(full_service_name)

    async def enter(self, manager: AbstractAsyncContextManager[ValueT]) -> ValueT:
        """Enter `manager` now and leave it at shutdown; return what it yields."""
        return await self._stack.enter_async_context(manager)

    def push_close(self, close: AsyncCallback) -> None:
        """Await ``close()`` at shutdown."""
        self._stack.push_async_callback(close)

    def spawn(
        self, name: str, coroutine: Coroutine[Any, Any, object], *, finite: bool = False
    ) -> asyncio.Task[object]:
        """Run `coroutine` in the background until shutdown.

        Parameters
        ----------
        name : str
            Names the task in logs.
        coroutine : coroutine
            When it raises, or returns although not `finite`, the process stops with exit code 1 so
            that a supervisor restarts it.
        finite : bool
            True for work that ends by itself.
        """
        return self._supervisor.spawn(name, coroutine, finite=finite)

    def on_drain(self, callback: AsyncCallback) -> None:
        """Await ``callback()`` at shutdown, after NOT_SERVING and before calls are cut.

        The callbacks run side by side and have, with the calls in progress, the grace period.
        """
        self._drain_callbacks.append(callback)

    def add_probe(
        self, name: str, check: AsyncCallback, services: Iterable[str] | None = None
    ) -> None:
        """Report SERVING only while ``check()`` does not raise.

        Parameters
        ----------
        name : str
            The dependency.
        check : async callable
            Run every ``probe_interval_s``, cut after ``probe_timeout_s``.
        services : iterable of str, optional
            Full names of the services that depend on it; all by default.
        """
        self.health.add_probe(name, check, services)

    def channel(self, address: str) -> grpc.aio.Channel:
        """Return a channel to another service, with the service token; closed at shutdown."""
        token = self.settings.service_token
        channel = open_channel(
            address,
            token=token.get_secret_value() if token else None,
            max_message_bytes=self.settings.max_message_bytes,
        )
        self.push_close(channel.close)
        return channel

    async def connect(self, name: str, attempt: Callable[[], Awaitable[ValueT]]) -> ValueT:
        """Repeat ``attempt()`` until the dependency `name` is up, and return its result.

        `attempt` must be bounded by itself, as `create_pool`, `migrate` and `valkey.connect` are.

        Raises
        ------
        DependencyTimeout
            After ``startup_timeout_s``, with the last problem.
        DependencyRefused
            At once when address, credentials or version are wrong.
        """
        timeout_s = self.settings.startup_timeout_s
        return await wait_until_up(name, attempt, clock=self.clock, timeout_s=timeout_s)

    @property
    def services(self) -> tuple[str, ...]:
        """Full names of the services added so far."""
        return tuple(self._services)

    async def run_drain_callbacks(self) -> None:
        """Run what `on_drain` registered, side by side; a failing one does not stop the others."""
        results = await asyncio.gather(
            *(callback() for callback in self._drain_callbacks), return_exceptions=True
        )
        for result in results:
            if isinstance(result, Exception):
                _LOG.error("Draining failed", extra={"action": "drain_failed"}, exc_info=result)


def main(
    name: str,
    settings_cls: type[SettingsT],
    wire: Callable[[SettingsT, Runtime[SettingsT]], Awaitable[None]],
) -> None:
    """Run a service until a signal ends it; never returns.

    Parameters
    ----------
    name : str
        Short name, such as ``"ingest"``; appears in logs.
    settings_cls : type of ServiceSettings
        Read from the environment.
    wire : async callable
        Constructs the service: the only place that does.

    Raises
    ------
    SystemExit
        0 after a clean stop, 1 after a failure, 2 for wrong settings.
    """
    from kurto_service.process import run_process  # noqa: PLC0415 (process imports this module)

    raise SystemExit(run_process(name, settings_cls, wire))
