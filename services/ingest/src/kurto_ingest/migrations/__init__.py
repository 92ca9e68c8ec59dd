"""Revisions of the schema ``ingest``, oldest first."""
