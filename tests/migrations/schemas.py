"""What a database looks like, from its catalogue."""

from __future__ import annotations

import asyncpg

SCHEMAS = ("ingest", "analyzer", "alerts", "reporting")

# Each query returns (kind, name, description). Partitions come and go: they are left out.
_QUERIES = (
    """
    SELECT 'schema', nspname::text, coalesce(obj_description(oid, 'pg_namespace'), '')
    FROM pg_namespace WHERE nspname = ANY($1::text[])
    """,
    """
    SELECT 'relation', c.oid::regclass::text,
        concat_ws(' ', c.relkind::text, c.reloptions::text, pg_get_partkeydef(c.oid),
            obj_description(c.oid, 'pg_class'))
    FROM pg_class AS c WHERE c.relnamespace::regnamespace::text = ANY($1::text[])
        AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND NOT c.relispartition
    """,
    """
    SELECT 'column', c.oid::regclass || '.' || a.attname,
        concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull::text,
            a.attidentity::text, a.attgenerated::text, a.attstorage::text, l.collname,
            pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum))
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
    LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
    LEFT JOIN pg_collation AS l ON l.oid = a.attcollation
    WHERE c.relnamespace::regnamespace::text = ANY($1::text[]) AND NOT a.attisdropped
        AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
    """,
    """
    SELECT 'constraint', x.conrelid::regclass || ' ' || x.conname, pg_get_constraintdef(x.oid)
    FROM pg_constraint AS x JOIN pg_class AS c ON c.oid = x.conrelid
    WHERE c.relnamespace::regnamespace::text = ANY($1::text[]) AND NOT c.relispartition
    """,
    """
    SELECT 'index', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
    WHERE c.relnamespace::regnamespace::text = ANY($1::text[]) AND NOT c.relispartition
    """,
    """
    SELECT 'view', c.oid::regclass::text, pg_get_viewdef(c.oid)
    FROM pg_class AS c
    WHERE c.relnamespace::regnamespace::text = ANY($1::text[]) AND c.relkind = 'v'
    """,
    """
    SELECT 'function', p.oid::regprocedure::text, md5(pg_get_functiondef(p.oid))
    FROM pg_proc AS p WHERE p.pronamespace::regnamespace::text = ANY($1::text[])
    """,
    """
    SELECT 'trigger', t.tgrelid::regclass || ' ' || t.tgname, pg_get_triggerdef(t.oid)
    FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
    WHERE c.relnamespace::regnamespace::text = ANY($1::text[]) AND NOT t.tgisinternal
        AND NOT c.relispartition
    """,
)

# A column of a table that was there before: what an INSERT that does not name it would do.
_NEW_COLUMNS = """
SELECT c.oid::regclass || '.' || a.attname AS name,
    a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AND a.attgenerated = '' AS required
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace::regnamespace::text = ANY($1::text[]) AND NOT a.attisdropped
    AND c.relkind IN ('r', 'p')
"""

Catalogue = dict[tuple[str, str], str]


async def catalogue(dsn: str) -> Catalogue:
    """Return the description of everything in the project's schemas, by kind and name."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SET search_path = pg_catalog")
        rows = [row for query in _QUERIES for row in await connection.fetch(query, SCHEMAS)]
        return {(row[0], row[1]): row[2] for row in rows}
    finally:
        await connection.close()


async def required_columns(dsn: str) -> set[str]:
    """Return the columns without which no row can be inserted."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SET search_path = pg_catalog")
        rows = await connection.fetch(_NEW_COLUMNS, SCHEMAS)
        return {row["name"] for row in rows if row["required"]}
    finally:
        await connection.close()
