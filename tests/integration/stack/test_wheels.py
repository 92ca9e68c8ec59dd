"""The wheels of all members install into an empty environment and import."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

MEMBERS = (
    "kurto",
    "kurto_alerts",
    "kurto_analyzer",
    "kurto_cli",
    "kurto_dsp",
    "kurto_gateway",
    "kurto_ingest",
    "kurto_service",
)
IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
for name in sys.argv[1:]:
    package = importlib.import_module(name)
    assert "site-packages" in package.__file__, package.__file__
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        if not module.name.endswith("__main__") and ".migrations." not in module.name:
            importlib.import_module(module.name)
"""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> list[Path]:
    folder = tmp_path_factory.mktemp("wheels")
    subprocess.run([sys.executable, "tools/build_wheels.py", folder], cwd=repository, check=True)
    return sorted(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def environment(
    tmp_path_factory: pytest.TempPathFactory, repository: Path, wheels: list[Path]
) -> Path:
    """An environment with the pinned packages that these wheels need, and the wheels."""
    folder = tmp_path_factory.mktemp("environment")
    uv = shutil.which("uv", path=str(Path(sys.executable).parent))
    assert uv is not None
    python = str(folder / "bin" / "python")
    settings = {"UV_NO_PROGRESS": "1", "UV_SYSTEM_CERTS": "1", **os.environ, "PYTHONPATH": ""}
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    install = [uv, "pip", "install", "--quiet", "--python", python]
    requirements = folder / "constraints.txt"
    # Pins as constraints, without hashes: wheels that were just built have none to be listed.
    pins = (repository / "constraints.txt").read_text().splitlines()
    requirements.write_text(
        "\n".join(line.rstrip(" \\") for line in pins if not line.lstrip().startswith("--hash"))
    )
    words = [*install, "--constraint", str(requirements), *map(str, wheels)]
    cli = next(wheel for wheel in wheels if wheel.name.startswith("kurto_cli-"))
    words.append(f"kurto-cli[stack] @ {cli.as_uri()}")
    # Set-up has left everything in uv's cache; only where that was emptied the network is needed.
    if subprocess.run([*words, "--offline"], check=False, env=settings).returncode != 0:
        subprocess.run(words, check=True, env=settings)
    return folder


def test_every_member_has_a_wheel(wheels: list[Path]) -> None:
    assert sorted(wheel.name.partition("-")[0] for wheel in wheels) == sorted(MEMBERS)


def test_everything_imports_in_an_empty_environment(environment: Path, tmp_path: Path) -> None:
    words = [str(environment / "bin" / "python"), "-c", IMPORT_EVERYTHING, *MEMBERS]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_command_is_there(environment: Path, tmp_path: Path) -> None:
    words = [str(environment / "bin" / "kurto"), "up", "--help"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--ready-file" in done.stdout


def test_what_is_not_python_is_inside(environment: Path) -> None:
    packages = next(environment.glob("lib/python*/site-packages"))
    assert (packages / "kurto_gateway/envoy/envoy.yaml").is_file()
    assert (packages / "kurto_gateway/static/dashboard/index.html").is_file()
    assert (packages / "kurto/py.typed").is_file()


@pytest.mark.parametrize("service", ["alerts", "analyzer", "ingest"])
def test_migrations_are_inside(environment: Path, repository: Path, service: str) -> None:
    packages = next(environment.glob("lib/python*/site-packages"))
    folder = Path(f"kurto_{service}/migrations")
    inside = {path.relative_to(packages) for path in (packages / folder).rglob("*.py")}
    source = repository / "services" / service / "src"
    assert inside == {path.relative_to(source) for path in (source / folder).rglob("*.py")}
    assert inside
