"""Stores in memory, and an analyzer that computes nothing."""
