"""Samples that lie too far in the future: which they are, how many, and for how long."""
