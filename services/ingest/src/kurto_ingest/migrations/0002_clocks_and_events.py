"""Times of senders' clocks, events of streams, uploads from buffers."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

_SQL = """
-- True for epochs that are uploaded from a sender's buffer: never the newest of their sensor.
ALTER TABLE ingest.streams ADD COLUMN backfill boolean NOT NULL DEFAULT false;
-- True when the sender named the time of sample 0.
ALTER TABLE ingest.streams ADD COLUMN recorded boolean NOT NULL DEFAULT false;

CREATE INDEX streams_live ON ingest.streams (sensor_id, epoch DESC) WHERE NOT backfill;

-- How the times of samples differ from the nominal ones. A row holds from its first_index on;
-- between two rows the offset lies on a straight line, unless the later one is a jump.
CREATE TABLE ingest.stream_times (
    sensor_id text NOT NULL,
    epoch bigint NOT NULL,
    first_index bigint NOT NULL,
    -- The sender's clock at that sample.
    device_time timestamptz NOT NULL,
    -- Corrected minus nominal time of that sample.
    offset_us bigint NOT NULL,
    -- How much faster than nominal the converter samples.
    rate_error_ppm double precision NOT NULL,
    jump boolean NOT NULL DEFAULT false,
    note_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sensor_id, epoch, first_index)
);
CREATE INDEX stream_times_note_time ON ingest.stream_times USING brin (note_time);

CREATE TABLE ingest.stream_events (
    event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sensor_id text NOT NULL,
    epoch bigint NOT NULL,
    kind smallint NOT NULL,
    event_time timestamptz NOT NULL,
    first_index bigint NOT NULL,
    end_index bigint NOT NULL,
    value double precision,
    message text NOT NULL
);
CREATE INDEX stream_events_sensor ON ingest.stream_events (sensor_id, event_id DESC);
CREATE INDEX stream_events_time ON ingest.stream_events (event_time);
"""


def upgrade() -> None:
    """Add what the protocol keeps about time and about what happened."""
    op.execute(_SQL)
