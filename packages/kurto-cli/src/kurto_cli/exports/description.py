"""What stands in an exported file besides the samples."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import kurto

FORMAT = "kurto-samples-1"
_ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)


def describe(
    header: kurto.SamplesHeader,
    *,
    scaled: bool,
    holes: Sequence[kurto.SamplesHole] | None = None,
) -> dict[str, Any]:
    """Return a description for JSON.

    Parameters
    ----------
    header : kurto.SamplesHeader
        What holds for the samples.
    scaled : bool
        Whether the file holds values in the unit, not integer steps of the converter.
    holes : sequence of kurto.SamplesHole, optional
        What is not there, if that is known already.
    """
    description = asdict(header)
    anchor = _ORIGIN + timedelta(microseconds=header.anchor_us)
    description |= {"format": FORMAT, "scaled": scaled, "anchor_time": anchor.isoformat()}
    if holes is not None:
        description["holes"] = [
            {"first_index": hole.first_index, "end_index": hole.end_index, "reason": hole.reason}
            for hole in holes
        ]
    return description


def description_text(
    header: kurto.SamplesHeader,
    *,
    scaled: bool,
    holes: Sequence[kurto.SamplesHole] | None = None,
) -> str:
    """Return a description as one line of JSON."""
    return json.dumps(describe(header, scaled=scaled, holes=holes), separators=(",", ":"))


def header_from(text: str) -> tuple[kurto.SamplesHeader, dict[str, Any]]:
    """Return the header that a description holds, and the whole description.

    Raises
    ------
    ValueError
        If the text is no description of exported samples.
    """
    description = json.loads(text)
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise ValueError(f"not written by kurto export: its description is not {FORMAT!r}")
    fields = {name: description[name] for name in kurto.SamplesHeader.__dataclass_fields__}
    for name in ("channels", "units", "scales"):
        fields[name] = tuple(fields[name])
    return kurto.SamplesHeader(**fields), description
