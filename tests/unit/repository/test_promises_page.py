"""The page of promises names tests that exist, and takes the figures of any run."""

import re
from pathlib import Path

from tools.promises_page import PAGE, PROMISES, filled

RUN = [
    {
        "id": "7b",
        "promise": "p",
        "load": "2 sensors",
        "fault": "kill -9",
        "measured": "0 samples lost",
        "pass": True,
    },
    {
        "id": "12",
        "promise": "p",
        "load": "2 sensors",
        "fault": "drop",
        "measured": "3 gaps",
        "pass": False,
    },
]


def test_every_promise_has_a_place_for_its_figures(repository: Path) -> None:
    page = (repository / PAGE).read_text(encoding="utf-8")
    assert [int(number) for number in re.findall(r"<!-- measured (\d+) -->", page)] == [*PROMISES]
    assert [int(number) for number in re.findall(r"^### (\d+)\.", page, re.MULTILINE)] == [
        *PROMISES
    ]


def test_commands_name_tests_that_exist(repository: Path) -> None:
    page = (repository / PAGE).read_text(encoding="utf-8")
    drills = "\n".join(
        path.read_text(encoding="utf-8") for path in (repository / "tests/faults").glob("test_*.py")
    )
    commands = re.findall(r'`make faults ARGS="([^"]+)"`', page)
    assert len(commands) == len(PROMISES)
    for command in commands:
        if name := re.fullmatch(r"-k (\w+)", command):
            assert f"def {name[1]}(" in drills, command
        else:
            assert (repository / command).is_file(), command


def test_figures_are_put_where_they_belong(repository: Path) -> None:
    page = (repository / PAGE).read_text(encoding="utf-8")
    text = filled(page, RUN, "today, here")
    assert "<!-- measured 7 -->\n- kept: 0 samples lost.\n  Load: 2 sensors." in text
    assert "<!-- measured 12 -->\n- **BROKEN**: 3 gaps." in text
    assert "<!-- conditions -->\ntoday, here\n" in text
    assert text.count("Not measured yet.") == len(PROMISES) - 2
    assert filled(text, RUN, "today, here") == text
