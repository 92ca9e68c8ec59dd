"""kurto SDK."""
