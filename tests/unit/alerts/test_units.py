"""Units of limits."""

import pytest

from kurto_alerts.units import UNITS, conversion_factor, fits_feature
from kurto_dsp import AccelerationUnit, feature_catalogue


def test_every_feature_can_have_limits_in_its_unit() -> None:
    for definition in feature_catalogue():
        for acceleration in AccelerationUnit:
            unit = definition.unit(acceleration) or "1"
            assert unit in UNITS
            assert fits_feature(rule_unit=unit, feature_unit=unit)


def test_displacement_is_not_velocity() -> None:
    assert not fits_feature(rule_unit="um", feature_unit="mm/s")
    with pytest.raises(ValueError, match="cannot be converted"):
        conversion_factor(source="um", target="mm/s")
