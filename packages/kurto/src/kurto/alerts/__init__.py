"""Generated from the protos of kurto.alerts; don't edit."""
