"""Generated from the protos of kurto.analyzer.v1; don't edit."""
