"""Bearings as a table of comma-separated values: the catalogue's format, and a user's own."""

import csv
import io
from collections.abc import Mapping

from kurto_dsp.bearings.geometry import BearingGeometry
from kurto_dsp.exceptions import ParameterError

REQUIRED_COLUMNS = (
    "designation",
    "element_count",
    "element_diameter_mm",
    "pitch_diameter_mm",
)
"""Columns of every table. ``contact_angle_deg``, ``approximate``, ``maker`` and ``source`` may
be left out; further columns are ignored."""


def read_bearings(text: str) -> tuple[BearingGeometry, ...]:
    """Return the bearings of a table with a header line.

    Parameters
    ----------
    text : str
        Comma-separated values. ``approximate`` is ``yes`` or ``no`` (or empty: no), the
        contact angle is 0 where it is empty.

    Returns
    -------
    tuple of BearingGeometry

    Raises
    ------
    ParameterError
        If a column is missing or a value makes no sense; the message names the line.

    Examples
    --------
    >>> text = '''designation,element_count,element_diameter_mm,pitch_diameter_mm
    ... ACME 1,9,8.0,40.0'''
    >>> read_bearings(text)[0].pitch_diameter_mm
    40.0
    """
    rows = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), skipinitialspace=True)
    names = [name.strip() for name in rows.fieldnames or ()]
    missing = [name for name in REQUIRED_COLUMNS if name not in names]
    if missing:
        raise ParameterError(
            f"a table of bearings needs a header line with {', '.join(REQUIRED_COLUMNS)}; "
            f"missing: {', '.join(missing)}"
        )
    rows.fieldnames = names
    bearings = []
    for row in rows:
        try:
            bearings.append(_bearing(row))
        except (TypeError, ValueError) as error:
            raise ParameterError(f"line {rows.line_num} of the bearings: {error}") from None
    return tuple(bearings)


def _bearing(row: Mapping[str, str | None]) -> BearingGeometry:
    values = {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
    if not values["designation"]:
        raise ParameterError("a bearing needs a designation to be found by")
    approximate = values.get("approximate", "").lower()
    if approximate not in ("", "no", "yes"):
        raise ParameterError(f'approximate must be "yes" or "no", got {approximate!r}')
    return BearingGeometry(
        element_count=int(values["element_count"]),
        element_diameter_mm=float(values["element_diameter_mm"]),
        pitch_diameter_mm=float(values["pitch_diameter_mm"]),
        contact_angle_deg=float(values.get("contact_angle_deg") or 0.0),
        designation=values["designation"],
        is_approximate=approximate == "yes",
        maker=values.get("maker", ""),
        source=values.get("source", ""),
    )
