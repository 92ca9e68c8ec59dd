"""Generated from the protos of kurto.gateway.v1; don't edit."""
