"""Generated from the protos of kurto.signal.v1; don't edit."""
