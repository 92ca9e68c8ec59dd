"""Refuse committed files that hold package download addresses or paths of one machine."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
BINARY_PROBE_BYTES = 8_192

FORBIDDEN = {
    "a package download address": re.compile(
        r'"resolved":\s*"|^\s*registry\s*=\s*["{h]|--(?:extra-)?index-url\b|--find-links\b'
        r"|files\.pythonhosted\.|registry\.npmjs\.|\.tgz#"
    ),
    "a path of one machine": re.compile(r"(?<![\w.$}>-])/(?:root|home|work|Users)/[\w.-]+"),
}


def committed_files(repository: Path) -> list[Path]:
    """Return the files that git knows or would add."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(words, cwd=repository, check=True, capture_output=True, text=True)
    paths = (repository / name for name in done.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


def findings(path: Path) -> Iterator[str]:
    """Yield what is wrong with a file, one line each."""
    content = path.read_bytes()
    if b"\0" in content[:BINARY_PROBE_BYTES]:
        return
    for number, line in enumerate(content.decode("utf-8", errors="replace").splitlines(), start=1):
        for what, pattern in FORBIDDEN.items():
            found = pattern.search(line)
            if found:
                yield f"{number}: {what}: {found.group().strip()}"


def main() -> int:
    """Check all files; return the exit code."""
    this = Path(__file__).resolve()
    wrong = [
        f"{path.relative_to(REPOSITORY)}:{finding}"
        for path in committed_files(REPOSITORY)
        if path != this
        for finding in findings(path)
    ]
    if wrong:
        print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
