"""Window geometry, bands, units and the catalogue of features."""

import numpy as np
import pytest

from kurto_dsp import (
    AccelerationUnit,
    FrequencyBand,
    ParameterError,
    QualityFlag,
    WindowGeometry,
    feature_catalogue,
    feature_names,
    flag_names,
    parse_unit,
    plan_features,
    window_features,
)


@pytest.mark.parametrize(
    ("rate_hz", "hop"), [(25600, 2560), (12000, 1200), (48828, 4883), (100, 10), (102400, 10240)]
)
def test_hop_is_a_tenth_of_a_second(rate_hz: float, hop: int) -> None:
    geometry = WindowGeometry.continuous(rate_hz)
    assert geometry.hop_length == hop
    assert geometry.window_length == 10 * hop


def test_window_indices_are_dense_and_start_at_their_hop() -> None:
    geometry = WindowGeometry(2560, 10)
    assert geometry.window_of_hop(8) < 0
    assert geometry.window_of_hop(9) == 0
    assert geometry.window_start(7) == 7 * 2560
    counts = [geometry.window_count(n) for n in (0, 25599, 25600, 28159, 28160)]
    assert counts == [0, 0, 1, 1, 2]


def test_a_burst_is_hop_and_window() -> None:
    geometry = WindowGeometry.burst(2560)
    assert geometry.hop_length == geometry.window_length == 2560
    assert geometry.window_of_hop(3) == 3


def test_geometry_refuses_empty_hops() -> None:
    with pytest.raises(ParameterError, match="got 0 and 10"):
        WindowGeometry.continuous(4.0)
    with pytest.raises(ParameterError, match="got 5 and 0"):
        WindowGeometry(5, 0)


def test_names_in_column_order() -> None:
    assert feature_names() == (
        "mean",
        "rms",
        "peak",
        "peak_to_peak",
        "crest_factor",
        "kurtosis",
        "skewness",
        "shape_factor",
        "impulse_factor",
        "clearance_factor",
        "dominant_frequency",
        "spectral_centroid",
        "spectral_bandwidth",
        "spectral_entropy",
        "spectral_flatness",
        "band_rms.10_1000",
        "band_rms.1000_5000",
        "band_rms.5000_10000",
        "velocity_rms",
        "displacement_rms",
        "envelope_rms",
        "envelope_peak",
        "envelope_kurtosis",
    )


def test_band_list_makes_the_names_and_the_columns() -> None:
    bands = [FrequencyBand(0.5, 20), FrequencyBand(20, 62.5)]
    names = feature_names(bands=bands)
    assert names[15:18] == ("band_rms.0.5_20", "band_rms.20_62.5", "velocity_rms")
    window = window_features([0.0, 1.0] * 250, sample_rate_hz=500, bands=bands)
    assert window.names == names
    assert window.values.shape == (1, len(names))
    with pytest.raises(ParameterError, match="differ"):
        plan_features(sample_rate_hz=500, bands=bands * 2)


def test_units_follow_the_declared_unit_of_the_channel() -> None:
    units = {d.name: d.unit(AccelerationUnit.MPS2) for d in feature_catalogue()}
    assert units["rms"] == units["mean"] == units["band_rms.10_1000"] == "m/s2"
    assert units["velocity_rms"] == "mm/s"
    assert units["dominant_frequency"] == units["spectral_centroid"] == "Hz"
    assert units["kurtosis"] == units["crest_factor"] == units["skewness"] == ""
    assert units["displacement_rms"] == "um"
    assert units["spectral_bandwidth"] == "Hz"
    assert units["spectral_entropy"] == units["envelope_kurtosis"] == ""
    assert units["envelope_rms"] == units["envelope_peak"] == "m/s2"
    in_g = {d.unit(AccelerationUnit.G) for d in feature_catalogue()}
    assert in_g == {"g", "mm/s", "um", "Hz", ""}


def test_required_rates_agree_with_what_is_computed() -> None:
    for definition in feature_catalogue():
        rate_hz = definition.min_sample_rate_hz
        if not rate_hz:
            continue
        for rate, present in ((rate_hz, True), (rate_hz - 1, False)):
            samples = np.random.default_rng(0).standard_normal(10 * round(rate / 10))
            window = window_features(samples, sample_rate_hz=rate)
            assert (window.channel(0)[definition.name] is not None) == present


def test_every_definition_is_described() -> None:
    assert all(d.description.endswith(".") for d in feature_catalogue())


@pytest.mark.parametrize("edges", [(5, 5), (10, 5), (-1, 5), (float("nan"), 5), (1, float("inf"))])
def test_bands_need_ordered_edges(edges: tuple[float, float]) -> None:
    with pytest.raises(ParameterError, match="low_hz < high_hz"):
        FrequencyBand(*edges)


def test_units_are_parsed_never_guessed() -> None:
    assert parse_unit("g") is AccelerationUnit.G
    assert parse_unit("m/s²") is parse_unit("m/s2") is AccelerationUnit.MPS2
    with pytest.raises(ParameterError, match="got 'mV'"):
        parse_unit("mV")


def test_flag_numbers_are_part_of_the_data() -> None:
    assert [flag.value for flag in QualityFlag] == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert flag_names(0) == ()
    assert flag_names(1 + 128) == ("gap", "clipped")
