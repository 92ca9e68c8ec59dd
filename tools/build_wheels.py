"""Build the wheels of all members, offline, with the build tools of this environment."""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def members(repository: Path) -> list[Path]:
    """Return the directories of the workspace's members."""
    return sorted(
        path.parent
        for root in ("packages", "services")
        for path in repository.glob(f"{root}/*/pyproject.toml")
    )


def build(repository: Path, output: Path) -> None:
    """Build one wheel for each member into ``output``."""
    uv = str(Path(sys.executable).parent / "uv")
    for member in members(repository):
        words = [uv, "build", "--quiet", "--wheel", "--offline", "--no-build-isolation"]
        words += ["--python", sys.executable, "--out-dir", str(output), str(member)]
        subprocess.run(words, check=True)


if __name__ == "__main__":
    build(REPOSITORY, Path(sys.argv[1]))
