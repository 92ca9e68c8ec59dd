"""Generated from the protos of kurto.analyzer; don't edit."""
