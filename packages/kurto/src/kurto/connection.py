"""Connect to kurto."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc

from kurto.client import Client
from kurto.credentials import Token

_CHANNEL_OPTIONS = (
    # A retried client stream would send its samples twice.
    ("grpc.enable_retries", 0),
    # A channel that failed refuses calls until it tries again: no longer than those wait who call.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.max_receive_message_length", 16 * 1024 * 1024),
)


@asynccontextmanager
async def connect(
    target: str,
    *,
    token: Token | None = None,
    tls: bool = False,
    ca_certificate: Path | None = None,
) -> AsyncIterator[Client]:
    """Connect to kurto.

    Parameters
    ----------
    target : str
        ``host:port`` of the gateway, or of a service.
    token : str or callable, optional
        Bearer token, or a function that returns the present one, for tokens that expire; it is
        called for every call and must answer at once. Without TLS it travels in clear: use it on
        loopback only.
    tls : bool
        Whether to use TLS.
    ca_certificate : Path, optional
        Certificate authority in PEM form that signed the server's certificate; implies TLS.

    Yields
    ------
    Client
        The client. The channel connects on first use and closes with the block.

    Raises
    ------
    ValueError
        If `target` is no ``host:port``.
    """
    _require_target(target)
    if tls or ca_certificate is not None:
        root = await asyncio.to_thread(ca_certificate.read_bytes) if ca_certificate else None
        credentials = grpc.ssl_channel_credentials(root_certificates=root)
        channel = grpc.aio.secure_channel(target, credentials, options=_CHANNEL_OPTIONS)
    else:
        channel = grpc.aio.insecure_channel(target, options=_CHANNEL_OPTIONS)
    async with channel:
        yield Client(channel, token=token)


def _require_target(target: str) -> None:
    if target.startswith(("http://", "https://")) or not target.rpartition(":")[0]:
        raise ValueError(
            f"target is {target!r}; give host:port without a scheme, such as 'localhost:8080'"
            " (tls=True for the port with TLS)"
        )
