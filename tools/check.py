"""Run every check of `make check`, all of them even if one fails, offline."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
DASHBOARD = REPOSITORY / "services/gateway/dashboard"
NODE_EXAMPLE = REPOSITORY / "examples/node-push"
AT_ONCE = 2


@dataclass(frozen=True)
class Check:
    """One command that exits with 0 when all is well.

    Parameters
    ----------
    name : str
        Shown in the summary.
    words : tuple of str
        The command.
    remedy : str
        What to do when it fails.
    folder : Path
        Where it runs.
    """

    name: str
    words: tuple[str, ...]
    remedy: str = ""
    folder: Path = REPOSITORY


@dataclass(frozen=True)
class Outcome:
    """What a check said."""

    check: Check
    passed: bool
    duration_s: float
    output: str


def checks() -> list[Check]:
    """Return the checks, the slow ones first."""
    python = sys.executable
    against = ("--against", "protos/released.json")
    found = [
        Check("types", ("mypy",)),
        Check("generated code", (python, "tools/generate.py", "--check"), "make generate"),
        Check("layers", ("lint-imports",)),
        Check("style", ("ruff", "check", ".")),
        Check("format", ("ruff", "format", "--check", "."), "make format"),
        Check("protos", ("buf", "lint")),
        Check(
            "protos' format", ("buf", "format", "--diff", "--exit-code", "protos"), "make format"
        ),
        Check("protos stay compatible", ("buf", "breaking", "protos", *against)),
        Check("committed files", (python, "tools/check_committed_files.py")),
    ]
    if (DASHBOARD / "package.json").exists():
        types = ("npm", "run", "--silent", "typecheck")
        found.insert(1, Check("dashboard types", types, folder=DASHBOARD))
    if (NODE_EXAMPLE / "node_modules").exists():
        found.append(
            Check("node example's types", ("npm", "run", "-s", "typecheck"), folder=NODE_EXAMPLE)
        )
    return found


def run(check: Check) -> Outcome:
    """Run one check and keep what it said."""
    start = time.monotonic()
    done = subprocess.run(
        check.words,
        cwd=check.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Outcome(check, done.returncode == 0, time.monotonic() - start, done.stdout)


def main() -> int:
    """Run all checks and report; return the exit code."""
    failed = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for outcome in pool.map(run, checks()):
            verdict = "ok" if outcome.passed else "FAILED"
            print(f"{outcome.check.name:<24}{verdict:<8}{outcome.duration_s:5.1f} s", flush=True)
            if not outcome.passed:
                failed.append(outcome)
    for outcome in failed:
        remedy = f" (mend with: {outcome.check.remedy})" if outcome.check.remedy else ""
        print(f"\n--- {outcome.check.name}{remedy}\n{outcome.output}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
