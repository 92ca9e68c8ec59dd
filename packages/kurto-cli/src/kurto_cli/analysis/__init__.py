"""Recordings analysed offline, by the code of the live path."""
