"""Units of limits and values."""

STANDARD_GRAVITY = 9.80665  # m/s2 per g
ACCELERATION = "acceleration"
ACCELERATION_UNITS = frozenset({"g", "m/s2"})
UNITS = ("g", "m/s2", "mm/s", "um", "Hz", "1")


def conversion_factor(*, source: str, target: str) -> float:
    """Return what a quantity in `source` must be multiplied by to be one in `target`.

    Parameters
    ----------
    source, target : str
        Units. g and m/s2 are converted into each other.

    Raises
    ------
    ValueError
        If the units measure different quantities.
    """
    if source == target:
        return 1.0
    if {source, target} == ACCELERATION_UNITS:
        return STANDARD_GRAVITY if source == "g" else 1.0 / STANDARD_GRAVITY
    raise ValueError(f"{source!r} cannot be converted to {target!r}")


def fits_feature(*, rule_unit: str, feature_unit: str) -> bool:
    """Tell whether limits in `rule_unit` can be compared with a feature in `feature_unit`."""
    if feature_unit == ACCELERATION:
        return rule_unit in ACCELERATION_UNITS
    return rule_unit == feature_unit
