"""Alerts: rules, alarm state, acknowledgments."""
