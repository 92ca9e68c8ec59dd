"""Generate the stubs from protos/, or check that the committed ones are up to date.

Only the directories ``kurto/<area>/`` that come from a proto are touched: what is written by hand
beside them stays.
"""

import argparse
import filecmp
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
DASHBOARD = Path("services/gateway/dashboard")


@dataclass(frozen=True)
class Target:
    """Where one kind of generated code lives.

    Parameters
    ----------
    template : str
        buf's template, relative to the repository.
    output : Path
        Directory of the generated tree, relative to the repository.
    areas : str
        Pattern, relative to ``output``, of the directories that hold nothing but generated code.
    package : bool
        Whether directories are Python packages.
    """

    template: str
    output: Path
    areas: str
    package: bool = False


PYTHON = Target("buf.gen.yaml", Path("packages/kurto/src"), "kurto/*/v[0-9]*", package=True)
TYPESCRIPT = Target("buf.gen.dashboard.yaml", DASHBOARD / "src/gen", "*")


def targets(repository: Path) -> list[Target]:
    """Return what can be generated: TypeScript needs the dashboard's packages."""
    plugin = repository / DASHBOARD / "node_modules/.bin/protoc-gen-es"
    return [PYTHON, TYPESCRIPT] if plugin.exists() else [PYTHON]


def generate(repository: Path, target: Target, output: Path) -> None:
    """Run buf's generators and complete the packages in ``output``."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    words = ["buf", "generate", "--template", target.template, "--output", str(output)]
    subprocess.run(words, check=True, cwd=repository, env={**os.environ, "PATH": path})
    if not target.package:
        return
    for area in output.glob(target.areas):
        for folder in (area, area.parent):
            name = ".".join(folder.relative_to(output).parts)
            text = f'"""Generated from the protos of {name}; don\'t edit."""\n'
            (folder / "__init__.py").write_text(text, encoding="utf-8")


def generated_files(root: Path, target: Target) -> Iterator[Path]:
    """Yield the files of the generated directories, relative to ``root``."""
    for area in sorted(root.glob(target.areas)):
        if area.is_file():
            yield area.relative_to(root)
        for path in sorted(area.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(root)
        if target.package and (area.parent / "__init__.py").exists():
            yield (area.parent / "__init__.py").relative_to(root)


def install(fresh: Path, place: Path, target: Target) -> None:
    """Replace the generated files below ``place``."""
    wanted = set(generated_files(fresh, target))
    for stale in set(generated_files(place, target)) - wanted:
        (place / stale).unlink()
    for path in sorted(wanted):
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        if not (place / path).exists() or not filecmp.cmp(fresh / path, place / path, False):
            shutil.copyfile(fresh / path, place / path)


def differences(fresh: Path, place: Path, target: Target) -> list[str]:
    """Return the files that are missing, left over or different in ``place``."""
    wanted, found = set(generated_files(fresh, target)), set(generated_files(place, target))
    changed = {p for p in wanted & found if not filecmp.cmp(fresh / p, place / p, False)}
    return sorted(str(path) for path in (wanted ^ found) | changed)


def main() -> int:
    """Generate, or with ``--check`` compare; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with the committed files")
    parser.add_argument("--repository", type=Path, default=REPOSITORY)
    arguments = parser.parse_args()
    repository: Path = arguments.repository
    stale: list[str] = []
    for target in targets(repository):
        with tempfile.TemporaryDirectory() as directory:
            fresh, place = Path(directory), repository / target.output
            generate(repository, target, fresh)
            if arguments.check:
                stale += [f"{target.output}/{path}" for path in differences(fresh, place, target)]
            else:
                install(fresh, place, target)
    if stale:
        sys.stderr.write("generated code is not up to date; run make generate:\n  ")
        sys.stderr.write("\n  ".join(stale) + "\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
