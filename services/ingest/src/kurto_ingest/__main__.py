"""``python -m kurto_ingest``."""

from kurto_ingest.settings import IngestSettings
from kurto_ingest.wiring import wire
from kurto_service.runtime import main

if __name__ == "__main__":
    main("ingest", IngestSettings, wire)
