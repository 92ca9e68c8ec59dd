"""Put the stack together: choose ports, prepare servers, describe every process."""

import datetime as dt
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kurto_cli.stack import external, postgres, valkey
from kurto_cli.stack.certificate import ensure_certificate
from kurto_cli.stack.envoy import EnvoyPorts, envoy_spec
from kurto_cli.stack.exceptions import StackError
from kurto_cli.stack.options import UpOptions, require_safe
from kurto_cli.stack.ports import free_ports, require_free
from kurto_cli.stack.postgres import Postgres
from kurto_cli.stack.probes import postgres_accepts, valkey_answers
from kurto_cli.stack.process_spec import ProcessSpec
from kurto_cli.stack.ready_file import Endpoints
from kurto_cli.stack.secret import read_or_create
from kurto_cli.stack.services import (
    LOOPBACK,
    SERVICES,
    ServicePorts,
    demo_spec,
    service_environment,
    service_specs,
)
from kurto_cli.stack.valkey import Valkey


@dataclass(frozen=True)
class Stack:
    """The processes in their order, and where they will be."""

    specs: tuple[ProcessSpec, ...]
    endpoints: Endpoints


@dataclass(frozen=True)
class _Store:
    """Where a data store is; without a process if somebody else runs it."""

    url: str
    spec: ProcessSpec | None


@dataclass(frozen=True)
class _Ports:
    """Every TCP port of the stack."""

    envoy: EnvoyPorts
    services: dict[str, ServicePorts]
    gateway_http: int
    postgres: int
    valkey: int


async def assemble(options: UpOptions, directory: Path, environ: Mapping[str, str]) -> Stack:
    """Prepare everything that the processes need and describe them.

    Parameters
    ----------
    options : UpOptions
        The user's choices.
    directory : Path
        Data directory, locked by the caller.
    environ : mapping of str to str
        The caller's environment.

    Raises
    ------
    StackError
        If something needed is missing or taken; the message says what to change.
    """
    require_safe(options, environ)
    ports = _choose_ports(options)
    # What somebody else runs is asked first: quick, and nothing is made if it can't be used.
    await external.check(environ)
    database = _postgres(directory, ports.postgres, environ)
    cache = _valkey(directory, ports.valkey, environ)
    environment = service_environment(
        ports.services,
        gateway_http=ports.gateway_http,
        postgres_dsn=database.url,
        valkey_url=cache.url,
        environ={**_demo_environment(options), **_disk_environment(database, directory), **environ},
    )
    specs = [store.spec for store in (database, cache) if store.spec is not None]
    waits = tuple(spec.name for spec in specs)
    here = Path.cwd()
    # Stopped in reverse order: the way in outlives the services, so that their last answers pass.
    specs.append(_envoy(options, directory, ports))
    specs += service_specs(
        SERVICES, ports.services, environment=environment, directory=here, after=waits
    )
    if options.demo:
        target = f"{options.local_host}:{ports.envoy.http}"
        everything = tuple(spec.name for spec in specs)
        specs.append(demo_spec(target, environment=environment, directory=here, after=everything))
    return Stack(tuple(specs), _endpoints(options, ports, database, cache))


def _demo_environment(options: UpOptions) -> dict[str, str]:
    # A demonstration that is forgotten must not fill the disk: 1.5 GB an hour.
    return {"KURTO_INGEST_RAW_RETENTION_H": "1"} if options.demo else {}


def _disk_environment(database: _Store, directory: Path) -> dict[str, str]:
    # Only of PostgreSQL on this machine is the disk known.
    return {"KURTO_INGEST_DISK_PATH": str(directory)} if database.spec is not None else {}


def _endpoints(options: UpOptions, ports: _Ports, database: _Store, cache: _Store) -> Endpoints:
    return Endpoints(
        http=f"http://{options.local_host}:{ports.envoy.http}",
        https=f"https://{options.local_host}:{ports.envoy.tls}",
        grpc={name: its.address for name, its in ports.services.items()},
        metrics={name: its.metrics_url for name, its in ports.services.items()},
        postgres_dsn=database.url,
        valkey_url=cache.url,
    )


def _choose_ports(options: UpOptions) -> _Ports:
    http, tls = _edge_ports(options)
    free = iter(free_ports(LOOPBACK, 4 + 2 * len(SERVICES), without={http, tls}))
    return _Ports(
        envoy=EnvoyPorts(http=http, tls=tls, admin=next(free)),
        services={service.name: ServicePorts(next(free), next(free)) for service in SERVICES},
        gateway_http=next(free),
        postgres=next(free),
        valkey=next(free),
    )


def _edge_ports(options: UpOptions) -> tuple[int, int]:
    if options.http_port == options.tls_port != 0:
        raise StackError(
            f"--http-port and --tls-port are both {options.http_port}: choose different ones"
        )
    for port, option in ((options.http_port, "--http-port"), (options.tls_port, "--tls-port")):
        if port != 0:
            require_free(options.host, port, option=option)
    first, second = free_ports(options.host, 2, without={options.http_port, options.tls_port})
    return options.http_port or first, options.tls_port or second


def _envoy(options: UpOptions, directory: Path, ports: _Ports) -> ProcessSpec:
    return envoy_spec(
        directory / "envoy",
        host=options.host,
        ports=ports.envoy,
        services=ports.services,
        gateway_http=ports.gateway_http,
        certificate=ensure_certificate(directory / "tls", options.host, dt.datetime.now(dt.UTC)),
    )


def _postgres(directory: Path, port: int, environ: Mapping[str, str]) -> _Store:
    dsn = environ.get(external.POSTGRES_VARIABLE)
    if dsn:
        return _Store(dsn, None)
    server = Postgres(directory / "postgres", port, read_or_create(directory / "postgres.password"))
    server.initialise()
    spec = ProcessSpec(
        name="postgres",
        command=tuple(server.command()),
        probe=postgres_accepts(server.dsn(), server.status_file),
        environment=postgres.environment(),
        stop_signal=postgres.STOP_SIGNAL,
        stop_timeout_s=20.0,
    )
    return _Store(server.dsn(), spec)


def _valkey(directory: Path, port: int, environ: Mapping[str, str]) -> _Store:
    url = environ.get(external.VALKEY_VARIABLE)
    if url:
        return _Store(url, None)
    server = Valkey(directory / "valkey", port, read_or_create(directory / "valkey.password"))
    server.initialise()
    spec = ProcessSpec(
        name="valkey",
        command=tuple(server.command()),
        probe=valkey_answers(LOOPBACK, port, server.password),
        environment=dict(os.environ),
        stop_signal=valkey.STOP_SIGNAL,
    )
    return _Store(server.url, spec)
