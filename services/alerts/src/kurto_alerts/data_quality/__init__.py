"""Alarms about the data themselves: they do not come, or cannot be trusted."""
