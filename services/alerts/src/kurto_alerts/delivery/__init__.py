"""Tells receivers of alarms: routes, outbox, grouping, sending, log."""
