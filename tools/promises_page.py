"""Put the figures of a run of ``make faults`` into docs/explanation/promises.md."""

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PAGE = Path("docs/explanation/promises.md")
PROMISES = (*range(1, 14), *range(17, 22), 23, *range(24, 28))
_REGION = re.compile(r"<!-- measured (\d+) -->\n.*?<!-- end -->", re.DOTALL)
_CONDITIONS = re.compile(r"<!-- conditions -->\n.*?<!-- end -->", re.DOTALL)

Entry = Mapping[str, object]


def filled(page: str, entries: Sequence[Entry], conditions: str) -> str:
    """Return the page with the figures of a run.

    Parameters
    ----------
    page : str
        The page; what stands between its marks is replaced.
    entries : sequence of mapping
        The content of ``faults.json``.
    conditions : str
        When and on what the run was made.
    """
    page = _CONDITIONS.sub(lambda _: f"<!-- conditions -->\n{conditions}\n<!-- end -->", page)
    return _REGION.sub(lambda found: _region(int(found[1]), entries), page)


def _region(number: int, entries: Sequence[Entry]) -> str:
    own = [entry for entry in entries if _number(str(entry["id"])) == number]
    lines = [line for entry in own for line in _lines(entry)] or ["Not measured yet."]
    return "\n".join([f"<!-- measured {number} -->", *lines, "<!-- end -->"])


def _lines(entry: Entry) -> list[str]:
    result = "kept" if entry["pass"] else "**BROKEN**"
    return [
        f"- {result}: {entry['measured']}.",
        f"  Load: {entry['load']}. Fault: {entry['fault']}.",
    ]


def _number(name: str) -> int:
    digits = re.match(r"\d+", name)
    return int(digits[0]) if digits else 0


def main() -> None:
    """Rewrite the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", nargs="?", type=Path, default=REPOSITORY / "faults.json")
    parser.add_argument(
        "--conditions", required=True, help="when and on what, such as '2026-01-31, 2 cores'"
    )
    options = parser.parse_args()
    entries: list[Entry] = json.loads(options.run.read_text(encoding="utf-8"))
    path = REPOSITORY / PAGE
    page = filled(path.read_text(encoding="utf-8"), entries, options.conditions)
    path.write_text(page, encoding="utf-8")
    print(f"{PAGE}: figures of {len(entries)} drills")


if __name__ == "__main__":
    main()
