"""The file that tells where the stack is."""

import json
from pathlib import Path

from kurto_cli.stack import ready_file
from kurto_cli.stack.ready_file import Endpoints

ENDPOINTS = Endpoints(
    http="http://127.0.0.1:1",
    https="https://127.0.0.1:2",
    grpc={"ingest": "127.0.0.1:3"},
    metrics={"ingest": "http://127.0.0.1:4/metrics"},
    postgres_dsn="postgresql://x",
    valkey_url="redis://x",
)


def test_it_holds_what_other_programs_rely_on(tmp_path: Path) -> None:
    path = tmp_path / "below" / "ready.json"
    ready_file.write(path, ENDPOINTS, {"ingest": 7, "postgres": None})
    content = json.loads(path.read_text())
    assert content == {
        "http": "http://127.0.0.1:1",
        "https": "https://127.0.0.1:2",
        "grpc": {"ingest": "127.0.0.1:3"},
        "metrics": {"ingest": "http://127.0.0.1:4/metrics"},
        "postgres_dsn": "postgresql://x",
        "valkey_url": "redis://x",
        "pids": {"ingest": 7, "postgres": None},
    }


def test_only_its_owner_reads_it_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    path.write_text("old")
    path.chmod(0o644)
    ready_file.write(path, ENDPOINTS, {})
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
