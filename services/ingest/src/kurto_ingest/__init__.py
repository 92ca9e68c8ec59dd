"""Ingest: orders samples, makes them durable, forwards windows to the analyzer."""
