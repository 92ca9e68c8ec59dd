"""Families of fault lines, as rules and verdicts name them."""

FAMILIES = ("outer_race", "inner_race", "ball")
NO_FAULT, UNCERTAIN = "none", "uncertain"
HIGHEST = ""
"""Column of the highest score, as a rule names it that names no family."""
COLUMNS = (HIGHEST, *FAMILIES)
