"""Renew the pins: exact versions and hashes of all third-party packages, without addresses."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
HEADER = "# Pinned third-party packages; renew them with `make lock`.\n"


def lock(repository: Path, *, upgrade: bool) -> None:
    """Write ``constraints.txt`` from all members and ``tools/installer.txt`` for uv itself."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        raise SystemExit("uv isn't installed: run make setup")
    words = [uv, "lock", "--quiet", *(["--upgrade"] if upgrade else [])]
    subprocess.run(words, check=True, cwd=repository)
    export = [uv, "export", "--quiet", "--all-packages", "--all-extras", "--all-groups", "--locked"]
    export += ["--no-emit-workspace", "--no-header", "--no-annotate", "--format=requirements.txt"]
    pins = subprocess.run(export, check=True, cwd=repository, capture_output=True, text=True)
    (repository / "constraints.txt").write_text(HEADER + pins.stdout, encoding="utf-8")
    version = subprocess.run([uv, "--version"], check=True, capture_output=True, text=True)
    with tempfile.TemporaryDirectory() as directory:
        wanted = Path(directory) / "installer.in"
        wanted.write_text(f"uv=={version.stdout.split()[1]}\n", encoding="utf-8")
        words = [uv, "pip", "compile", "--quiet", "--generate-hashes", "--no-header"]
        words += ["--no-annotate", str(wanted)]
        installer = subprocess.run(words, check=True, cwd=directory, capture_output=True, text=True)
    (repository / "tools/installer.txt").write_text(HEADER + installer.stdout, encoding="utf-8")


if __name__ == "__main__":
    lock(REPOSITORY, upgrade="--upgrade" in sys.argv[1:])
