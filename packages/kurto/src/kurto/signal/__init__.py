"""Generated from the protos of kurto.signal; don't edit."""
