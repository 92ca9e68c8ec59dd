"""Generated from the protos of kurto.ingest; don't edit."""
