"""Generated from the protos of kurto.errors; don't edit."""
