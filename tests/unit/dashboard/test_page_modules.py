"""The unit tests of the dashboard's own modules, written in TypeScript and run by vitest."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

DASHBOARD = Path("services/gateway/dashboard")


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """Environment in which the workspace's own Node comes first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path, "CI": "true", "NO_COLOR": "1"}


def test_the_modules_of_the_page(repository: Path, environment: dict[str, str]) -> None:
    words = ["npm", "run", "--silent", "test"]
    done = subprocess.run(
        words,
        cwd=repository / DASHBOARD,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lock_file_holds_hashes_and_no_address(repository: Path) -> None:
    text = (repository / DASHBOARD / "package-lock.json").read_text(encoding="utf-8")
    assert "integrity" in text
    assert "://" not in text
