"""From a folder of Alembic revisions to the SQL that brings a schema up to date; no database.

Revisions are written as plain SQL in ``op.execute``. What they hold reaches the server verbatim:
several statements in one string, colons and percent signs included.
"""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path
from typing import Any

from alembic.ddl.postgresql import PostgresqlImpl
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

__all__ = ["VERSION_TABLE", "migrations_folder", "upgrade_script"]

VERSION_TABLE = "alembic_version"


class _VerbatimImpl(PostgresqlImpl):
    """Writes SQL as it stands, where Alembic would look for bind parameters in it."""

    def execute(self, sql: Any, execution_options: dict[str, Any] | None = None) -> None:
        if isinstance(sql, str):
            self.static_output(
                f"{sql.strip()}\n;"
            )  # on a line of its own: SQL may end in a comment
        else:
            super().execute(sql, execution_options)


def migrations_folder(package: str) -> Path:
    """Return the folder that ``"kurto_ingest:migrations"`` names, without importing the package.

    Raises
    ------
    ModuleNotFoundError
        When the package or the folder does not exist.
    """
    name, _, inner = package.partition(":")
    spec = importlib.util.find_spec(name)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(location) / inner
        if folder.is_dir():
            return folder
    raise ModuleNotFoundError(f"no folder of migrations at {package!r}")


def upgrade_script(folder: Path, schema: str, current: str | None) -> str | None:
    """Return the SQL from revision `current` to the newest one.

    Parameters
    ----------
    folder : Path
        Holds the revisions, one file each.
    schema : str
        Schema of the version table.
    current : str or None
        Revision that the database is at; None when it has none.

    Returns
    -------
    str or None
        Empty when the database is up to date; None when `current` is not a revision in `folder`,
        which means that a newer release has been here.
    """
    scripts = ScriptDirectory(str(folder), version_locations=[str(folder)])
    known = {revision.revision for revision in scripts.walk_revisions()}
    if current is not None and current not in known:
        return None
    buffer = io.StringIO()
    context = _offline_context(scripts, schema, current, buffer)
    with Operations.context(context):
        context.run_migrations()
    return buffer.getvalue()


def _offline_context(
    scripts: ScriptDirectory, schema: str, current: str | None, buffer: io.StringIO
) -> MigrationContext:
    def steps(revision: Any, context: MigrationContext) -> Any:
        return scripts._upgrade_revs("head", revision)

    # numeric_dollar: the dialect must not double percent signs.
    make_dialect: Any = PGDialect_asyncpg
    dialect = make_dialect(paramstyle="numeric_dollar")
    options = {
        "as_sql": True,
        "output_buffer": buffer,
        "starting_rev": current,
        "version_table": VERSION_TABLE,
        "version_table_schema": schema,
        "fn": steps,
    }
    context = MigrationContext.configure(dialect=dialect, opts=options)
    context.impl = _VerbatimImpl(dialect, context.connection, True, None, buffer, options)
    return context
