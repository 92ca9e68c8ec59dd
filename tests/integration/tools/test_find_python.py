"""What set-up says on machines where something is missing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A search path with nothing but what every machine has."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bash", "uname"):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    return folder


def add(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!{folder}/bash\n{script}\n")
    path.chmod(0o755)


def python(version: str = "3.12", *, has_venv: bool = True) -> str:
    """A stand-in for a Python: answers the three questions that are asked."""
    major, minor = version.split(".")
    old = int((int(major), int(minor)) < (3, 11))
    return f"""case "$2" in
*version_info\\ *) exit {old} ;;
*ensurepip*) exit {int(not has_venv)} ;;
*) echo {version} ;;
esac"""


def find(folder: Path, repository: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(folder / "bash"), str(repository / "tools/find_python.sh")],
        env={"PATH": str(folder), **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_this_python_is_found(machine: Path, repository: Path) -> None:
    done = find(machine, repository, PYTHON=sys.executable)
    assert (done.returncode, done.stdout) == (0, f"{sys.executable}\n")


def test_an_old_python3_is_passed_over(machine: Path, repository: Path) -> None:
    add(machine, "python3", python("3.9"))
    add(machine, "python3.12", python("3.12"))
    assert find(machine, repository).stdout == f"{machine / 'python3.12'}\n"


def test_no_python(machine: Path, repository: Path) -> None:
    add(machine, "python3", python("3.10"))
    done = find(machine, repository)
    assert done.returncode == 1
    assert "Python 3.11 or newer is missing; install it with: apt-get install" in done.stderr


def test_no_venv(machine: Path, repository: Path) -> None:
    add(machine, "python3", python("3.12", has_venv=False))
    done = find(machine, repository)
    assert done.returncode == 1
    assert "apt-get install python3.12-venv" in done.stderr


def test_another_machine(machine: Path, repository: Path) -> None:
    (machine / "uname").unlink()
    add(machine, "uname", "echo Linux aarch64")
    done = find(machine, repository)
    assert done.returncode == 1
    assert "needs Linux on x86-64; this is Linux aarch64" in done.stderr


def test_a_path_with_spaces(machine: Path, repository: Path) -> None:
    folder = machine / "my projects"
    folder.mkdir()
    words = [str(machine / "bash"), str(repository / "tools/find_python.sh")]
    done = subprocess.run(
        words,
        env={"PATH": str(machine), "PWD": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "can't work below a path with spaces" in done.stderr
    assert os.fspath(folder) in done.stderr
