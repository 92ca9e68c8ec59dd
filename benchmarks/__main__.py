"""Run the benchmarks, print a table, write ``bench.json``."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path

from benchmarks import alarm_load, live_path, raw_path, window_features, window_peers
from benchmarks.figures import Figure


def main() -> None:
    """Measure everything and report."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("bench.json"))
    parser.add_argument("--sensors", type=int, default=10, help="sensors on the live path")
    parser.add_argument(
        "--all-features-sensors",
        type=int,
        default=20,
        help="sensors on the live path that is followed with all features, on two cores",
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the live run")
    options = parser.parse_args()
    figures = window_features.measure()
    figures += raw_path.measure()
    figures += live_path.measure(sensors=options.sensors, duration_s=options.seconds)
    figures += live_path.measure_all_features(
        sensors=options.all_features_sensors, duration_s=options.seconds
    )
    figures += alarm_load.measure(duration_s=options.seconds)
    print_table(figures)
    report = {
        "machine": machine(),
        "figures": [figure.as_json() for figure in figures],
        "peers": window_peers.report(figures),
    }
    options.output.write_text(json.dumps(report, indent=1) + "\n")


def machine() -> dict[str, object]:
    """Return what the figures were measured on."""
    return {
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def print_table(figures: Sequence[Figure]) -> None:
    """Print one line a figure."""
    print(f"{'figure':<36}{'p50':>12}{'p99':>12} {'unit':<8}{'n':>6}  ratio")
    for figure in figures:
        p99 = "" if figure.p99 is None else f"{figure.p99:.3f}"
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f} x {figure.ratio_to}"
        print(
            f"{figure.key:<36}{figure.value:>12.3f}{p99:>12} "
            f"{figure.unit:<8}{figure.count:>6}  {ratio}"
        )


if __name__ == "__main__":
    main()
