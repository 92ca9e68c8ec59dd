"""The local stack: PostgreSQL, Valkey, Envoy and the kurto services as children of one launcher."""
