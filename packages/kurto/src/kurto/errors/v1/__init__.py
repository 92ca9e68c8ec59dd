"""Generated from the protos of kurto.errors.v1; don't edit."""
