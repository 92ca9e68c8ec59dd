"""Generated from the protos of kurto.assets.v1; don't edit."""
