"""Link Google's protos into third_party/ from the installed googleapis-common-protos."""

import importlib.util
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
LINKED = ("api", "rpc")


def link(repository: Path) -> None:
    """Make ``third_party/google/{api,rpc}`` point to the installed package."""
    spec = importlib.util.find_spec("google.rpc")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("googleapis-common-protos isn't installed: run make setup")
    google = Path(spec.submodule_search_locations[0]).parent
    folder = repository / "third_party" / "google"
    folder.mkdir(parents=True, exist_ok=True)
    for name in LINKED:
        place = folder / name
        if place.is_symlink():
            place.unlink()
        place.symlink_to(google / name, target_is_directory=True)


if __name__ == "__main__":
    link(REPOSITORY)
