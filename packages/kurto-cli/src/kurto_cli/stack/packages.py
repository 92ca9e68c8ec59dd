"""Find the servers that Python packages carry, without importing those packages."""

import importlib.util
from pathlib import Path

from kurto_cli.stack.exceptions import MissingPackageError


def package_directory(module: str, distribution: str) -> Path:
    """Return the directory of an installed package.

    Importing some of these packages makes folders or starts helpers, so they're only located.

    Raises
    ------
    MissingPackageError
        If it isn't installed.
    """
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise MissingPackageError(distribution)
    return Path(spec.submodule_search_locations[0])
