"""Stored samples read back, exactly as they were sent."""
