"""Reads a user's table of bearings at the start of the process."""

from __future__ import annotations

from pathlib import Path

from kurto_analyzer.bearing_catalogue.designations import BearingCatalogue
from kurto_dsp import ParameterError
from kurto_dsp.bearings import read_bearings
from kurto_service.access import StartRefused

__all__ = ["load_catalogue"]

_SETTING = "KURTO_ANALYZER_BEARINGS_FILE"


def load_catalogue(path: Path | None) -> BearingCatalogue:
    """Return the package's bearings, and those of a table before them.

    Parameters
    ----------
    path : Path or None
        The table, as ``kurto analyze --bearing-catalogue`` takes it; None without own bearings.

    Raises
    ------
    StartRefused
        When the table cannot be read or holds no bearing, with the line that makes no sense.
    """
    if path is None:
        return BearingCatalogue()
    try:
        own = read_bearings(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StartRefused(
            f"{_SETTING}={path} cannot be read: {error.strerror}. Give a file that the analyzer "
            "may read, or unset it."
        ) from None
    except UnicodeDecodeError:
        raise StartRefused(f"{_SETTING}={path} is not UTF-8 text: save it as CSV UTF-8.") from None
    except ParameterError as error:
        raise StartRefused(f"{_SETTING}={path}: {error}.") from None
    if not own:
        raise StartRefused(f"{_SETTING}={path} has no line after its header: add a bearing to it.")
    return BearingCatalogue(own)
