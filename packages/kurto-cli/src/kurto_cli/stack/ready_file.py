"""The file that tells other programs where the stack is and that all of it is serving."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Endpoints:
    """Where the stack is.

    Parameters
    ----------
    http, https : str
        Addresses of Envoy: plaintext, and TLS with HTTP/2.
    grpc : mapping of str to str
        ``host:port`` of each service itself, past Envoy.
    metrics : mapping of str to str
        Address of each service's Prometheus page.
    postgres_dsn, valkey_url : str
        With passwords.
    """

    http: str
    https: str
    grpc: Mapping[str, str]
    metrics: Mapping[str, str]
    postgres_dsn: str
    valkey_url: str


def write(path: Path, endpoints: Endpoints, pids: Mapping[str, int | None]) -> None:
    """Write the file in one step: a reader sees the old one or the new one.

    Parameters
    ----------
    path : Path
        The file; readable by its owner only, as it holds passwords.
    endpoints : Endpoints
        Where the stack is.
    pids : mapping of str to int or None
        Process ids; None for servers that somebody else runs.
    """
    content = {
        "http": endpoints.http,
        "https": endpoints.https,
        "grpc": dict(endpoints.grpc),
        "metrics": dict(endpoints.metrics),
        "postgres_dsn": endpoints.postgres_dsn,
        "valkey_url": endpoints.valkey_url,
        "pids": dict(pids),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
    draft.replace(path)
