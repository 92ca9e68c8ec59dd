"""The kurto services as processes."""

import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kurto_cli.stack.parent_death import tie_to_parent
from kurto_cli.stack.probes import always, grpc_serving
from kurto_cli.stack.process_spec import ProcessSpec

LOOPBACK = "127.0.0.1"
_STOP_TIMEOUT_S = 11.0
"""A service ends by itself within ten seconds of being asked."""


@dataclass(frozen=True)
class Service:
    """One kurto service.

    Parameters
    ----------
    name : str
        Its name; settings are read from ``KURTO_<NAME>_...``.
    module : str
        Run with ``python -m``.
    """

    name: str
    module: str


# Stopped backwards: the source of samples first, so that what follows it can finish.
SERVICES = (
    Service("alerts", "kurto_alerts"),
    Service("analyzer", "kurto_analyzer"),
    Service("ingest", "kurto_ingest"),
    Service("gateway", "kurto_gateway"),
)


@dataclass(frozen=True)
class ServicePorts:
    """TCP ports of one service on the loopback interface."""

    grpc: int
    metrics: int

    @property
    def address(self) -> str:
        """Where its gRPC server listens."""
        return f"{LOOPBACK}:{self.grpc}"

    @property
    def metrics_url(self) -> str:
        """Address of its Prometheus page."""
        return f"http://{LOOPBACK}:{self.metrics}/metrics"


def service_environment(
    ports: Mapping[str, ServicePorts],
    *,
    gateway_http: int,
    postgres_dsn: str,
    valkey_url: str,
    environ: Mapping[str, str],
) -> dict[str, str]:
    """Return the environment that all services share: the caller's, and where everything is."""
    environment = {
        "KURTO_LOG_FORMAT": "text",
        **environ,
        "KURTO_HOST": LOOPBACK,
        "KURTO_POSTGRES_DSN": postgres_dsn,
        "KURTO_VALKEY_URL": valkey_url,
        "KURTO_GATEWAY_HTTP_PORT": str(gateway_http),
        "PYTHONUNBUFFERED": "1",
    }
    for name, its in ports.items():
        environment[f"KURTO_{name.upper()}_GRPC_PORT"] = str(its.grpc)
        environment[f"KURTO_{name.upper()}_METRICS_PORT"] = str(its.metrics)
        environment[f"KURTO_{name.upper()}_ADDRESS"] = its.address
    return environment


def service_specs(
    services: Sequence[Service],
    ports: Mapping[str, ServicePorts],
    *,
    environment: Mapping[str, str],
    directory: Path,
    after: Sequence[str],
) -> list[ProcessSpec]:
    """Return the services' processes; they start together and wait for each other themselves."""
    return [
        ProcessSpec(
            name=service.name,
            command=python_module(service.module),
            probe=grpc_serving(ports[service.name].address),
            environment=_without_own_address(service.name, environment),
            directory=directory,
            after=tuple(after),
            stop_timeout_s=_STOP_TIMEOUT_S,
        )
        for service in services
    ]


def _without_own_address(name: str, environment: Mapping[str, str]) -> dict[str, str]:
    # A service takes variables with its own prefix for settings and warns of those it doesn't know.
    own = f"KURTO_{name.upper()}_ADDRESS"
    return {key: value for key, value in environment.items() if key != own}


def demo_spec(
    target: str, *, environment: Mapping[str, str], directory: Path, after: Sequence[str]
) -> ProcessSpec:
    """Return the process of the simulated machines."""
    return ProcessSpec(
        name="demo",
        command=python_module("kurto_cli", "demo-machines", "--target", target),
        probe=always,
        environment=environment,
        directory=directory,
        after=tuple(after),
        stop_timeout_s=5.0,
    )


def python_module(module: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs a module, tied to this process.

    ``-P`` keeps the working directory out of the search path: a file there mustn't replace a
    module.
    """
    words = [sys.executable, "-P", "-m", module, *arguments]
    return tuple(tie_to_parent(words, death_signal=signal.SIGKILL))
