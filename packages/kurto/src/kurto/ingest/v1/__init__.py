"""Generated from the protos of kurto.ingest.v1; don't edit."""
