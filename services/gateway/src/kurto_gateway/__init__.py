"""Gateway: live fan-out to browsers, dashboard, Envoy configuration."""
