"""Tell whether a process is ready; none of these raises."""

import asyncio
import urllib.parse
from pathlib import Path

import asyncpg
import grpc
from grpc_health.v1 import health_pb2

from kurto_cli.stack.process_spec import Probe

_TIMEOUT_S = 2.0
_STATUS_LINE = 7  # of postmaster.pid
_HEALTH_CHECK = "/grpc.health.v1.Health/Check"


def grpc_serving(address: str) -> Probe:
    """Ready when the server's ``grpc.health.v1`` says SERVING."""
    request = health_pb2.HealthCheckRequest().SerializeToString()

    async def probe() -> bool:
        # A channel of its own for each try: one that failed waits longer and longer before it
        # tries again, which would delay the launch.
        async with grpc.aio.insecure_channel(address) as channel:
            check: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
                _HEALTH_CHECK
            )
            try:
                answer = await check(request, timeout=_TIMEOUT_S)
            except grpc.RpcError:
                return False
        response = health_pb2.HealthCheckResponse.FromString(answer)
        return response.status == health_pb2.HealthCheckResponse.SERVING

    return probe


def http_ok(url: str) -> Probe:
    """Ready when a plain HTTP address answers 200."""
    parts = urllib.parse.urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    request = (
        f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    ).encode()

    async def probe() -> bool:
        answer = await _ask(host, port, request)
        return answer.split(b" ", 2)[1:2] == [b"200"]

    return probe


def valkey_answers(host: str, port: int, password: str) -> Probe:
    """Ready when the server answers PING."""
    request = f"AUTH {password}\r\nPING\r\n".encode()

    async def probe() -> bool:
        return (await _ask(host, port, request, lines=2)).endswith(b"+PONG\r\n")

    return probe


def postgres_accepts(dsn: str, status_file: Path) -> Probe:
    """Ready when the server lets a session in.

    It's asked only once its own ``postmaster.pid`` says so: it logs every session that comes too
    early as FATAL.
    """

    async def probe() -> bool:
        if not _says_ready(status_file):
            return False
        try:
            connection = await asyncpg.connect(dsn, timeout=_TIMEOUT_S)
            await connection.close(timeout=_TIMEOUT_S)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return True

    return probe


def _says_ready(status_file: Path) -> bool:
    try:
        lines = status_file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"


async def always() -> bool:
    """Ready as soon as it has started."""
    return True


async def _ask(host: str, port: int, request: bytes, lines: int = 1) -> bytes:
    """Return the first lines that a server answers, or nothing."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(request)
                return b"".join([await reader.readline() for _ in range(lines)])
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return b""
