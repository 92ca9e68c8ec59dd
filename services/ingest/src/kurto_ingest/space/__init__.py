"""Partitions, and a disk that must not run full."""
