"""Migrations only add, and lead to the same schema from wherever they begin."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from tests.migrations.conftest import migrate_all
from tests.migrations.releases import SERVICES, Release
from tests.migrations.schemas import Catalogue, catalogue, required_columns

from kurto_service.postgres import migrate


def revisions(root: Path) -> dict[str, bytes]:
    """Return the files of all revisions."""
    found = root.glob("services/*/src/*/migrations/[0-9]*.py")
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


def test_released_revisions_are_never_edited(previous: Release, repository: Path) -> None:
    assert previous.root is not None
    released, here = revisions(previous.root), revisions(repository)
    assert len(released) >= len(SERVICES)
    assert {name: here.get(name) for name in released} == released


async def test_an_upgraded_database_equals_a_new_one(dsn_before: str, dsn_after: str) -> None:
    await asyncio.to_thread(migrate_all, dsn_before)
    assert differences(await catalogue(dsn_before), await catalogue(dsn_after)) == {}


async def test_services_may_migrate_in_another_order(
    new_database: Callable[..., str], dsn_after: str
) -> None:
    dsn = new_database()
    for service in reversed(SERVICES):
        await migrate(dsn, service, f"kurto_{service}:migrations")
    assert differences(await catalogue(dsn), await catalogue(dsn_after)) == {}


async def test_revisions_only_add(dsn_before: str) -> None:
    """Whatever the release before uses is there as it was, and asks for nothing new."""
    before, needed = await catalogue(dsn_before), await required_columns(dsn_before)
    await asyncio.to_thread(migrate_all, dsn_before)
    after, needed_after = await catalogue(dsn_before), await required_columns(dsn_before)
    tables = {name for kind, name in before if kind == "relation"}
    changed = {key: text for key, text in before.items() if after.get(key) != text}
    assert {key: text for key, text in changed.items() if key[0] != "view"} == {}
    # A view may gain columns; all that it has said is said still, in the same order.
    for key, definition in changed.items():
        lines = iter(view_lines(after[key]))
        assert [line for line in view_lines(definition) if line not in lines] == [], key
    on_old_tables = {name for name in needed_after - needed if name.rpartition(".")[0] in tables}
    assert on_old_tables == set()
    # A new rule about old columns could refuse what the release before writes.
    added = {key: after[key] for key in after.keys() - before.keys() if key[0] == "constraint"}
    old_columns = {name for kind, name in before if kind == "column"}
    for (_, name), text in added.items():
        table = name.partition(" ")[0]
        assert table not in tables or not mentions(text, table, old_columns), (name, text)


def view_lines(definition: str) -> list[str]:
    """Return the lines of a view's definition: a column or a table each."""
    return [line.strip().rstrip(",;") for line in definition.splitlines()]


def mentions(constraint: str, table: str, columns: set[str]) -> bool:
    """Tell whether a constraint is about columns that were there before."""
    own = constraint.partition(" REFERENCES ")[0]
    words = set(own.replace("(", " ").replace(")", " ").replace(",", " ").split())
    return any(f"{table}.{word}" in columns for word in words)


def differences(one: Catalogue, other: Catalogue) -> dict[tuple[str, str], tuple[str, str]]:
    """Return what is described differently."""
    return {
        key: (one.get(key, "absent"), other.get(key, "absent"))
        for key in one.keys() | other.keys()
        if one.get(key) != other.get(key)
    }
