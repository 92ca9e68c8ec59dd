"""Renew the pins: exact versions and hashes of all third-party packages, without addresses."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
HEADER = "# Pinned third-party packages; renew them with `make lock`.\n"
_PEERS = ["--only-group=peers"]


def lock(repository: Path, *, upgrade: bool) -> None:
    """Write the pins of all members, of the benchmarks' peers, and of uv itself.

    The peers are what benchmarks compare with: half a gigabyte that nothing else needs.
    """
    uv = shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        raise SystemExit("uv isn't installed: run make setup")
    words = [uv, "lock", "--quiet", *(["--upgrade"] if upgrade else [])]
    subprocess.run(words, check=True, cwd=repository)
    export = [uv, "export", "--quiet", "--locked", "--no-emit-workspace"]
    export += ["--no-header", "--no-annotate", "--format=requirements.txt"]
    every = ["--all-packages", "--all-extras", "--all-groups", "--no-group=peers"]
    for name, chosen in (("constraints.txt", every), ("benchmarks/peers.txt", _PEERS)):
        words = [*export, *chosen]
        pins = subprocess.run(words, check=True, cwd=repository, capture_output=True, text=True)
        (repository / name).write_text(HEADER + pins.stdout, encoding="utf-8")
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
