"""Generated from the protos of kurto.assets; don't edit."""
