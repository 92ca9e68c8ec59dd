"""Generated from the protos of kurto.alerts.v1; don't edit."""
