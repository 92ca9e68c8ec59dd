"""PostgreSQL behind the ports."""

from kurto_ingest.postgres.archive import PostgresSampleArchive
from kurto_ingest.postgres.events import PostgresEventStore
from kurto_ingest.postgres.kept import PostgresKeepStore
from kurto_ingest.postgres.partitions import Partitions
from kurto_ingest.postgres.places import PostgresPlaceStore
from kurto_ingest.postgres.process_values import PostgresProcessValueStore
from kurto_ingest.postgres.quarantine import PostgresQuarantineStore
from kurto_ingest.postgres.samples import PostgresSampleStore
from kurto_ingest.postgres.sensors import PostgresSensorStore
from kurto_ingest.postgres.space import PostgresSpaceStore
from kurto_ingest.postgres.streams import PostgresStreamStore
from kurto_ingest.postgres.times import PostgresSampleTimeStore

__all__ = [
    "Partitions",
    "PostgresEventStore",
    "PostgresKeepStore",
    "PostgresPlaceStore",
    "PostgresProcessValueStore",
    "PostgresQuarantineStore",
    "PostgresSampleArchive",
    "PostgresSampleStore",
    "PostgresSampleTimeStore",
    "PostgresSensorStore",
    "PostgresSpaceStore",
    "PostgresStreamStore",
]
