"""Generated from the protos of kurto.gateway; don't edit."""
