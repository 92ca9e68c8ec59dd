"""Baselines of sensors: learned on request from stored features, and growth against them."""
