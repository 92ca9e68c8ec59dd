"""What the tutorial shows is what its commands print."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

RECORDS = ("105_IR007_0.mat", "97_Normal_0_first_half.mat")
NUMBER = re.compile(r"-?\d+(\.\d+)?")


def console_blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command and what the page says that it prints."""
    for block in re.findall(r"```console\n\$ (.*?)```", text, re.DOTALL):
        lines = block.splitlines()
        count = 1
        while goes_on("\n".join(lines[:count])):
            count += 1
        yield "\n".join(lines[:count]), "\n".join(lines[count:])


def goes_on(command: str) -> bool:
    """Tell whether a command is not complete yet."""
    return command.endswith("|") or command.count("'") % 2 == 1


def shape(text: str) -> list[str]:
    """Return titles, headings, rows with verdicts and other lines, without their figures.

    Figures and evidence change with the machine's last digit; what is claimed does not.
    """
    told = [line for line in text.splitlines() if line.strip() and not line.startswith("    ")]
    return [" ".join(NUMBER.sub("#", line).split()) for line in told]


def test_the_tutorial_is_true(repository: Path, shared_data: Path, tmp_path: Path) -> None:
    page = repository / "docs" / "tutorial" / "diagnose-a-bearing.md"
    for name in RECORDS:
        shutil.copy(shared_data / "cwru" / name, tmp_path)
    found = list(console_blocks(page.read_text(encoding="utf-8")))
    assert len(found) == 6
    for command, promised in found:
        words = command.replace("python3", sys.executable)
        words = words.replace("kurto analyze", f"{sys.executable} -m kurto_cli analyze")
        done = subprocess.run(
            words, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert shape(done.stdout + done.stderr) == shape(promised), command
    assert {path.name for path in tmp_path.glob("*.png")} == {"105.png", "97.png"}


@pytest.mark.parametrize("name", ["analyze-105.png", "analyze-97.png"])
def test_the_pictures_are_there(repository: Path, name: str) -> None:
    page = repository / "docs" / "tutorial" / "diagnose-a-bearing.md"
    assert f"../images/{name}" in page.read_text(encoding="utf-8")
    assert (repository / "docs" / "images" / name).read_bytes().startswith(b"\x89PNG")
