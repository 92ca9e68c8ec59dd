"""What `kurto up` refuses, and that every refusal says what to change."""

import io
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kurto_cli.stack import external, launcher
from kurto_cli.stack.exceptions import StackError
from kurto_cli.stack.options import UpOptions

TIMEOUT_S = 60.0


@pytest.fixture
def options(tmp_path: Path) -> UpOptions:
    return UpOptions(data_dir=tmp_path / "data", http_port=0, tls_port=0)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


async def refusal(options: UpOptions, environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(StackError) as caught:
        await launcher.run(options, {**os.environ, **(environ or {})}, io.StringIO())
    return str(caught.value)


def test_the_command_prints_the_reason_and_fails(options: UpOptions, taken_port: int) -> None:
    words = [sys.executable, "-m", "kurto_cli", "up", "--data-dir", str(options.data_dir)]
    done = subprocess.run(
        [*words, "--http-port", str(taken_port)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"kurto: port {taken_port} is in use by ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("option", ["http_port", "tls_port"])
async def test_a_taken_port(options: UpOptions, taken_port: int, option: str) -> None:
    changes: dict[str, Any] = {option: taken_port}
    message = await refusal(replace(options, **changes))
    assert f"port {taken_port} is in use by " in message
    assert f"(pid {os.getpid()})" in message
    assert f"--{option.replace('_', '-')}" in message


async def test_one_port_for_both(options: UpOptions, free_port: int) -> None:
    message = await refusal(replace(options, http_port=free_port, tls_port=free_port))
    assert "choose different ones" in message


async def test_a_data_directory_in_use(options: UpOptions, stack: Any) -> None:
    message = await refusal(replace(options, data_dir=stack.directory / "data"))
    assert f"used by another `kurto up` (pid {stack.launcher.pid})" in message


async def test_a_data_directory_that_cannot_be_made(options: UpOptions, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    message = await refusal(replace(options, data_dir=tmp_path / "file" / "below"))
    assert "can't be used" in message
    assert "--data-dir" in message


@pytest.mark.parametrize("option", ["ready_file", "log_dir"])
async def test_a_place_that_cannot_be_written(
    options: UpOptions, tmp_path: Path, option: str
) -> None:
    (tmp_path / "file").write_text("")
    changes: dict[str, Any] = {option: tmp_path / "file" / "below"}
    message = await refusal(replace(options, **changes))
    assert f"choose another place with --{option.replace('_', '-')}" in message


async def test_other_machines_without_tokens(options: UpOptions) -> None:
    message = await refusal(replace(options, host="0.0.0.0"), {"KURTO_TOKENS_FILE": ""})
    assert "KURTO_TOKENS_FILE" in message


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("KURTO_POSTGRES_DSN", "postgresql://nobody@127.0.0.1:{port}/x"),
        ("KURTO_POSTGRES_DSN", "no address"),
        ("KURTO_VALKEY_URL", "redis://127.0.0.1:{port}/0"),
        ("KURTO_VALKEY_URL", "no address"),
    ],
)
async def test_a_server_that_cannot_be_reached(
    options: UpOptions, free_port: int, variable: str, value: str
) -> None:
    message = await refusal(options, {variable: value.format(port=free_port)})
    assert f"{variable} can't be used" in message


async def test_a_user_that_the_server_does_not_know(options: UpOptions, postgres_dsn: str) -> None:
    wrong = postgres_dsn.replace("postgres:test@", "stranger:test@")
    assert "KURTO_POSTGRES_DSN can't be used" in await refusal(
        options, {"KURTO_POSTGRES_DSN": wrong}
    )


async def test_a_server_that_is_too_old(
    options: UpOptions, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(external, "OLDEST_POSTGRES", 99)
    message = await refusal(options, {"KURTO_POSTGRES_DSN": postgres_dsn})
    assert "and kurto needs 99 or newer" in message


@pytest.mark.parametrize("version", ["6.2.14", "7.0.15", "7.1"])
def test_a_redis_that_is_too_old(version: str) -> None:
    with pytest.raises(StackError, match=f"leads to Redis {version}"):
        external.require_recent_valkey({"redis_version": version})


@pytest.mark.parametrize(
    "answer",
    [{"redis_version": "7.2.4"}, {"redis_version": "8.0"}, {"valkey_version": "9.1.2"}],
)
def test_a_redis_or_valkey_that_is_recent(answer: dict[str, str]) -> None:
    external.require_recent_valkey(answer)
