"""The release before this one, and databases that either has made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.conftest import Databases
from tests.migrations.releases import SERVICES, Release, unpack

from kurto_service.postgres import migrate


@pytest.fixture(scope="session")
def previous(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Sources of the release that is named in ``previous_release.txt``."""
    commit = (Path(__file__).parent / "previous_release.txt").read_text().strip()
    release = unpack(repository, commit, tmp_path_factory.mktemp("previous"))
    if release is None:
        pytest.skip(f"this clone has no commit {commit}: fetch the whole history")
    return release


def migrate_all(dsn: str) -> None:
    """Bring all schemas up to date, as services do that start together."""

    async def together() -> None:
        await asyncio.gather(*(migrate(dsn, one, f"kurto_{one}:migrations") for one in SERVICES))

    asyncio.run(together())


@pytest.fixture
def new_database(databases: Databases) -> Iterator[Callable[[str], str]]:
    """Makes databases from a template, each by its DSN."""
    names: list[str] = []

    def create(template: str = "template1") -> str:
        names.append(databases.create(template))
        return databases.server.dsn(names[-1])

    yield create
    for name in names:
        databases.drop(name)


@pytest.fixture
def dsn_before(previous: Release, databases: Databases, new_database: Callable[[str], str]) -> str:
    """A database that the release before has made."""
    template = databases.template(
        "previous release", lambda dsn: asyncio.run(previous.migrate(dsn))
    )
    return new_database(template)


@pytest.fixture
def dsn_after(databases: Databases, new_database: Callable[[str], str]) -> str:
    """A database that this release has made."""
    return new_database(databases.template("present release", migrate_all))
