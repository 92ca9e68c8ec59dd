"""The kurto command."""
