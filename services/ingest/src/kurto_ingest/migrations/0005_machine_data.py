"""What turns under a sensor, as part of its configuration."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

_MACHINE_DATA = """
-- The release before writes no such thing: its sensors have nothing declared.
ALTER TABLE ingest.sensor_configs ADD COLUMN machine_data jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN ingest.sensor_configs.machine_data IS
    'Speed, bearing, machine class, gears, mains and demodulation band, as far as declared.';
"""


def upgrade() -> None:
    """Add the column ``machine_data``."""
    op.execute(_MACHINE_DATA)
