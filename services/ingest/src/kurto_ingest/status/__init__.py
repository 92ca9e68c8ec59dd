"""The state of streams, and the switch of their analysis."""
