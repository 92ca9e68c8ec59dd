"""Analyzer: vibration features ten times a second."""
