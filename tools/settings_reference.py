"""Write docs/reference/settings.md and .env.example from the services' settings, or check them."""

import argparse
import importlib
import sys
from dataclasses import dataclass
from pathlib import Path

from kurto_service.settings import ServiceSettings, SettingRow, describe_settings

REPOSITORY = Path(__file__).resolve().parent.parent
REFERENCE = Path("docs/reference/settings.md")
EXAMPLE = Path(".env.example")
SERVICES = ("ingest", "analyzer", "alerts", "gateway")


@dataclass(frozen=True)
class Section:
    """The settings of one service, or of all.

    Parameters
    ----------
    name : str
        Name of the service; ``"all services"`` for the shared ones.
    rows : tuple of SettingRow
        One row a variable.
    """

    name: str
    rows: tuple[SettingRow, ...]


def sections() -> list[Section]:
    """Return the shared settings, then each service's own."""
    described = {name: describe_settings(settings_class(name)) for name in SERVICES}
    shared: dict[str, SettingRow] = {}
    for rows in described.values():
        for row in rows:
            if row.shared:
                shared.setdefault(row.env, row)
    own = [
        Section(name, tuple(row for row in rows if not row.shared))
        for name, rows in described.items()
    ]
    return [Section("all services", tuple(shared.values())), *own]


def settings_class(service: str) -> type[ServiceSettings]:
    """Return the settings of a service."""
    module = importlib.import_module(f"kurto_{service}.settings")
    found: type[ServiceSettings] = getattr(module, f"{service.capitalize()}Settings")
    return found


def reference(found: list[Section]) -> str:
    """Return the page."""
    lines = [
        "# Settings",
        "",
        "Written by `python tools/settings_reference.py` from the services' `settings.py`; a test",
        "keeps them equal. Settings are environment variables, read once at start and logged",
        "without secrets. A shared setting `KURTO_X` can be set for one service alone as",
        "`KURTO_<SERVICE>_X`.",
    ]
    for section in found:
        lines += ["", f"## {section.name[0].upper()}{section.name[1:]}", ""]
        lines += ["| variable | type | default | meaning |", "|---|---|---|---|"]
        lines += [_line(row) for row in section.rows]
    return "\n".join(lines) + "\n"


def example(found: list[Section]) -> str:
    """Return the example file: every variable with its default, commented out."""
    lines = ["# Every setting with its default. Copy to .env and uncomment what you change."]
    for section in found:
        lines += ["", f"# {section.name}"]
        for row in section.rows:
            lines += ["", f"# {row.description}", f"#{row.env}={row.default or ''}"]
    return "\n".join(lines) + "\n"


def _line(row: SettingRow) -> str:
    default = f"`{row.default}`" if row.default else "none"
    secret = " Secret." if row.secret else ""
    cells = (f"`{row.env}`", row.type, default, f"{row.description}{secret}")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main() -> int:
    """Write the files; with ``--check`` say which one is out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    found = sections()
    stale = []
    for path, text in ((REFERENCE, reference(found)), (EXAMPLE, example(found))):
        target = REPOSITORY / path
        if target.exists() and target.read_text() == text:
            continue
        stale.append(str(path))
        if not check:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
    if check and stale:
        print(f"out of date: {', '.join(stale)}; run python tools/settings_reference.py")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
