"""Revisions of the schema `alerts`, forward only."""
