"""Code, example file and documentation name the same settings."""

import re
import subprocess
import sys
from pathlib import Path

from tools.settings_reference import EXAMPLE, REFERENCE, SERVICES, sections, settings_class


def test_files_are_up_to_date(repository: Path) -> None:
    command = [sys.executable, "tools/settings_reference.py", "--check"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_variable_stands_in_both_files(repository: Path) -> None:
    variables = {row.env for section in sections() for row in section.rows}
    example = re.findall(r"^#(KURTO_\w+)=", (repository / EXAMPLE).read_text(), re.MULTILINE)
    page = re.findall(r"^\| `(KURTO_\w+)`", (repository / REFERENCE).read_text(), re.MULTILINE)
    assert sorted(example) == sorted(page) == sorted(variables)


def test_every_setting_says_what_it_means() -> None:
    for section in sections():
        for row in section.rows:
            assert row.description.endswith("."), row.env


def test_every_field_is_described() -> None:
    described = {row.field for section in sections() for row in section.rows}
    for service in SERVICES:
        assert set(settings_class(service).model_fields) <= described
