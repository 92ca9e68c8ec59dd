"""PostgreSQL behind the ports."""

from kurto_ingest.postgres.partitions import Partitions
from kurto_ingest.postgres.places import PostgresPlaceStore
from kurto_ingest.postgres.samples import PostgresSampleStore
from kurto_ingest.postgres.sensors import PostgresSensorStore
from kurto_ingest.postgres.streams import PostgresStreamStore

__all__ = [
    "Partitions",
    "PostgresPlaceStore",
    "PostgresSampleStore",
    "PostgresSensorStore",
    "PostgresStreamStore",
]
