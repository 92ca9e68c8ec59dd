"""The checks of the contract notice what they are there for."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def copy(tmp_path: Path, repository: Path) -> Path:
    """A copy of the contract and of what checks it."""
    for folder in ("protos", "tools", "packages/kurto/src/kurto"):
        shutil.copytree(repository / folder, tmp_path / folder)
    shutil.copytree(repository / "third_party", tmp_path / "third_party", symlinks=True)
    for template in repository.glob("buf*.yaml"):
        shutil.copy(template, tmp_path)
    return tmp_path


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    return subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def breaking(folder: Path) -> subprocess.CompletedProcess[str]:
    return run(folder, "buf", "breaking", "protos", "--against", "protos/released.json")


def generated_code(folder: Path) -> subprocess.CompletedProcess[str]:
    return run(folder, sys.executable, "tools/generate.py", "--check")


def edit(path: Path, pattern: str, replacement: str) -> None:
    text = path.read_text()
    changed, count = re.subn(pattern, replacement, text, count=1, flags=re.MULTILINE)
    assert count == 1
    path.write_text(changed)


def request_message(folder: Path) -> Path:
    """Return a proto that was released and has a message with a field of type string."""
    root = folder / "protos"
    released = (root / "released.json").read_text()
    return next(
        path
        for path in sorted(root.rglob("*.proto"))
        if f'"{path.relative_to(root).as_posix()}"' in released
        and re.search(r"^  string \w+ = \d+;$", path.read_text(), re.M)
    )


def test_the_committed_contract_passes(copy: Path) -> None:
    assert breaking(copy).returncode == 0, breaking(copy).stdout
    assert generated_code(copy).returncode == 0, generated_code(copy).stderr


def test_a_field_that_is_removed_breaks_the_contract(copy: Path) -> None:
    edit(request_message(copy), r"^  string \w+ = \d+;$", "")
    done = breaking(copy)
    assert done.returncode != 0
    assert "was deleted" in done.stdout


def test_a_field_that_changes_its_type_breaks_the_contract(copy: Path) -> None:
    edit(request_message(copy), r"^  string (\w+ = \d+;)$", r"  bytes \1")
    done = breaking(copy)
    assert done.returncode != 0
    assert "changed type" in done.stdout


def test_a_new_field_does_not_break_the_contract_but_shows_in_generated_code(copy: Path) -> None:
    proto = request_message(copy)
    edit(proto, r"^(  string \w+ = \d+;)$", r"\1\n  // New.\n  string entirely_new = 999;")
    assert breaking(copy).returncode == 0
    done = generated_code(copy)
    assert done.returncode == 1
    assert f"{proto.stem}_pb2.py" in done.stderr


def test_generated_code_that_differs_is_noticed_and_mended(copy: Path) -> None:
    edited, missing, *_ = sorted((copy / "packages").rglob("*_pb2.pyi"))
    left_over = missing.with_name("left_over_pb2.pyi")
    edited.write_text(edited.read_text() + "# by hand\n")
    missing.unlink()
    left_over.write_text("")
    done = generated_code(copy)
    assert done.returncode == 1
    for path in (edited, missing, left_over):
        assert str(path.relative_to(copy)) in done.stderr
    assert run(copy, sys.executable, "tools/generate.py").returncode == 0
    assert generated_code(copy).returncode == 0


def test_an_element_without_a_comment_is_noticed(copy: Path) -> None:
    proto = request_message(copy)
    edit(proto, r"^(  string \w+ = \d+;)$", r"\1\n  string entirely_new = 999;")
    done = run(copy, "buf", "lint")
    assert done.returncode != 0
    assert "entirely_new" in done.stdout
