"""Files that hold download addresses or paths of one machine are noticed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CLEAN = """
registry = CollectorRegistry()
see https://kurto.example/docs and {data}/home/x and $HOME/work/x and a/root/b
"""
ADDRESSES = [
    '  "resolved": ' + '"anything"',
    "registry" + ' = "somewhere"',
    "pip install --index" + "-url x",
    "url = https://files.python" + "hosted.org/x",
]
PATHS = ["cd /ro" + "ot/kurto", 'path = "/ho' + 'me/ann/kurto"', "/wo" + "rk/kurto"]


@pytest.fixture
def checkout(tmp_path: Path, repository: Path) -> Path:
    (tmp_path / "tools").mkdir()
    shutil.copy(repository / "tools/check_committed_files.py", tmp_path / "tools")
    (tmp_path / "clean.txt").write_text(CLEAN)
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\0" + ADDRESSES[0].encode())
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    return tmp_path


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "tools/check_committed_files.py"]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


def test_clean_files_pass(checkout: Path) -> None:
    done = check(checkout)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("line", ADDRESSES + PATHS)
def test_a_forbidden_line_is_named(checkout: Path, line: str) -> None:
    (checkout / "lock.txt").write_text(f"first\n{line}\n")
    done = check(checkout)
    assert done.returncode == 1
    assert done.stdout.startswith("lock.txt:2: ")


def test_ignored_files_are_left_alone(checkout: Path) -> None:
    (checkout / ".gitignore").write_text("uv.lock\n")
    (checkout / "uv.lock").write_text(ADDRESSES[1])
    assert check(checkout).returncode == 0
