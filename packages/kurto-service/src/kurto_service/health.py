"""Truthful ``grpc.health.v1``: serving only while wired, not draining, and every probe passes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from grpc.aio import ServicerContext
from grpc_health.v1 import health_pb2, health_pb2_grpc

from kurto_service.clock import Clock
from kurto_service.exceptions import NotFound, ResourceExhausted
from kurto_service.metrics import DependencyMetrics

__all__ = ["Health", "HealthServicer", "Probe"]

_LOG = logging.getLogger(__name__)
_MAX_WATCHERS = 1024
_STATUS = health_pb2.HealthCheckResponse
_Response: Any = health_pb2.HealthCheckResponse
_ListResponse: Any = getattr(health_pb2, "HealthListResponse")  # noqa: B009 (not in the stubs yet)
Check = Callable[[], Awaitable[object]]


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A check of one dependency.

    Attributes
    ----------
    name : str
        The dependency, as logs and metrics call it.
    check : async callable
        Raises when the dependency does not answer.
    services : frozenset of str or None
        Full names of the services that cannot work without it; None means all of them.
    """

    name: str
    check: Check
    services: frozenset[str] | None


class Health:
    """State of health of this process and of each of its services.

    Parameters
    ----------
    clock : Clock
        Paces the checks.
    metrics : DependencyMetrics
        Shows every state.
    interval_s, timeout_s : float
        Seconds between two rounds of checks, and after which one check has failed.
    """

    def __init__(
        self, clock: Clock, metrics: DependencyMetrics, *, interval_s: float, timeout_s: float
    ) -> None:
        self._clock = clock
        self._metrics = metrics
        self._interval_s = interval_s
        self._timeout_s = timeout_s
        self._probes: list[Probe] = []
        self._failing: dict[str, str] = {}
        self._services: set[str] = {""}
        self._wired = False
        self._draining = False
        self._changed = asyncio.Event()

    def add_service(self, full_name: str) -> None:
        """Answer for the service called `full_name` too."""
        self._services.add(full_name)

    def add_probe(self, name: str, check: Check, services: Iterable[str] | None = None) -> None:
        """Add a dependency; it counts as failing until its first check passed."""
        wanted = None if services is None else frozenset(services)
        self._probes.append(Probe(name=name, check=check, services=wanted))
        self._failing[name] = "not checked yet"
        self._metrics.up.labels(name).set(0)

    @property
    def failing(self) -> dict[str, str]:
        """Failing dependencies and why, by name."""
        return dict(self._failing)

    @property
    def draining(self) -> bool:
        """True once the process has begun to stop."""
        return self._draining

    def is_serving(self, service: str = "") -> bool:
        """Tell whether `service` (the whole process by default) can do its work."""
        return self._wired and not self._draining and not self._failing_for(service)

    @property
    def services(self) -> frozenset[str]:
        """Full names of the services of this process; the empty name is the process itself."""
        return frozenset(self._services)

    def knows(self, service: str) -> bool:
        """Tell whether `service` is one of this process."""
        return service in self._services

    def _failing_for(self, service: str) -> bool:
        return any(
            probe.name in self._failing
            for probe in self._probes
            if service == "" or probe.services is None or service in probe.services
        )

    async def wired(self) -> None:
        """Declare that construction is complete, after a first round of checks."""
        await self.check_once()
        self._wired = True
        self._notify()

    def drain(self) -> None:
        """Report NOT_SERVING from now on, whatever the probes say."""
        self._draining = True
        self._notify()

    async def run(self) -> None:
        """Check all dependencies for ever."""
        while True:
            await self._clock.sleep(self._interval_s)
            await self.check_once()

    async def check_once(self) -> None:
        """Check all dependencies once, side by side, each bounded by the timeout."""
        before = dict(self._failing)
        problems = await asyncio.gather(*(self._problem(probe) for probe in self._probes))
        pairs = zip(self._probes, problems, strict=True)
        self._failing = {probe.name: problem for probe, problem in pairs if problem}
        for probe in self._probes:
            self._report(probe.name, before.get(probe.name))
        self._notify()

    async def _problem(self, probe: Probe) -> str:
        try:
            async with asyncio.timeout(self._timeout_s):
                await probe.check()
        except TimeoutError:
            return f"no answer within {self._timeout_s:g} s"
        except Exception as error:  # any failure means the same: it is not there
            return f"{type(error).__name__}: {error}"
        return ""

    def _report(self, name: str, before: str | None) -> None:
        problem = self._failing.get(name)
        self._metrics.up.labels(name).set(0 if problem else 1)
        if problem and not before:
            extra = {"action": "dependency_lost", "dependency": name, "problem": problem}
            _LOG.warning("Dependency does not answer", extra=extra)
        elif before and not problem:
            extra = {"action": "dependency_up", "dependency": name}
            _LOG.info("Dependency answers", extra=extra)

    def _notify(self) -> None:
        self._metrics.serving.set(1 if self.is_serving() else 0)
        self._changed.set()
        self._changed = asyncio.Event()

    async def changes(self) -> None:
        """Wait until any state may have changed."""
        await self._changed.wait()


class HealthServicer(health_pb2_grpc.HealthServicer):
    """``grpc.health.v1.Health``.

    A watcher that does not read holds back nobody (the reference servicer writes under the lock
    that a change of status needs), and watchers end when the process drains.
    """

    def __init__(self, health: Health) -> None:
        self._health = health
        self._watcher_count = 0

    def _status(self, service: str) -> int:
        if not self._health.knows(service):
            return _STATUS.SERVICE_UNKNOWN
        return _STATUS.SERVING if self._health.is_serving(service) else _STATUS.NOT_SERVING

    async def Check(
        self,
        request: health_pb2.HealthCheckRequest,
        context: ServicerContext[Any, Any],
    ) -> Any:
        """Answer with the present status of one service."""
        if not self._health.knows(request.service):
            raise NotFound(
                f"This process has no service {request.service!r}: list them by reflection.",
                service=request.service,
            )
        return _Response(status=self._status(request.service))

    async def List(
        self,
        request: Any,
        context: ServicerContext[Any, Any],
    ) -> Any:
        """Answer with the present status of every service."""
        statuses = {name: _Response(status=self._status(name)) for name in self._health.services}
        return _ListResponse(statuses=statuses)

    async def Watch(
        self,
        request: health_pb2.HealthCheckRequest,
        context: ServicerContext[Any, Any],
    ) -> AsyncIterator[health_pb2.HealthCheckResponse]:
        """Send the status of one service now and whenever it changes, until draining."""
        if self._watcher_count >= _MAX_WATCHERS:
            raise ResourceExhausted("Too many health watchers: use Check.", retry_after_s=10.0)
        self._watcher_count += 1
        try:
            last = None
            while True:
                status, draining = self._status(request.service), self._health.draining
                if status != last:
                    yield _Response(status=status)
                    last = status
                if draining:
                    return
                await self._wait_while(request.service, status)
        finally:
            self._watcher_count -= 1

    async def _wait_while(self, service: str, status: int) -> None:
        while self._status(service) == status and not self._health.draining:
            await self._health.changes()
