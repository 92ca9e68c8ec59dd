"""Finding a bearing by its designation, or by its geometry typed in."""

import difflib
import functools
import re
from collections.abc import Iterable, Sequence
from importlib import resources

from kurto_dsp.bearings.geometry import BearingGeometry
from kurto_dsp.bearings.table import read_bearings
from kurto_dsp.exceptions import ParameterError

NEAREST_NAMED = 5
"""Designations named when one is unknown."""

MATCHES_NAMED = 8
"""Designations named when several match."""

_SUFFIXES = re.compile(
    r"(?<=\d)(?:[-/ ]*(?:2rs[hr]?1?|2rz|rsh?1?|rz|zz|2z|z|ddu?|ll[ub]|vv|c[2-5n]|cm|m|nr?|tn9|"
    r"etn9|jem))+$"
)
"""Seals, shields, clearance and cage: they say nothing about balls and pitch circle."""


@functools.cache
def known_bearings() -> tuple[BearingGeometry, ...]:
    """Return the catalogue that comes with the package, measured geometries first.

    Each entry has its maker and source. Balls of one number differ by maker and variant;
    where the pitch diameter is the mean of bore and outside diameter the entry is marked
    approximate.
    """
    table = resources.files("kurto_dsp.bearings").joinpath("catalogue.csv")
    return read_bearings(table.read_text(encoding="utf-8"))


def find_bearing(
    name: str, *, bearings: Iterable[BearingGeometry] | None = None
) -> BearingGeometry:
    """Return the bearing of a designation; case, blanks and hyphens do not matter.

    The whole designation is looked for first, then part of one that begins with a word of
    it (``6205``, ``er-16k``), then both without suffixes for seals, clearance and cage.

    Parameters
    ----------
    name : str
    bearings : iterable of BearingGeometry, optional
        Where to look: the catalogue by default. ``(*read_bearings(text), *known_bearings())``
        puts own ones first.

    Raises
    ------
    ParameterError
        If no designation matches, naming the nearest, or if more than one does.

    Examples
    --------
    >>> find_bearing("6205-2rs").designation
    'SKF 6205-2RS JEM'
    >>> find_bearing("SKF 6308 C3").element_count
    8
    """
    candidates = tuple(known_bearings() if bearings is None else bearings)
    wanted = " ".join(name.lower().split())
    bare = _SUFFIXES.sub("", wanted)
    for text in dict.fromkeys((wanted, bare)):
        found = _matching(text, candidates)
        if len(found) == 1:
            return found[0]
        if found:
            listed = ", ".join(bearing.designation for bearing in found[:MATCHES_NAMED])
            more = ", ..." if len(found) > MATCHES_NAMED else ""
            raise ParameterError(f"{name!r} matches several bearings: {listed}{more}")
    nearest = ", ".join(one.designation for one in nearest_bearings(bare, bearings=candidates))
    raise ParameterError(
        f"{name!r} is not a known bearing; the nearest are {nearest}. "
        "Give its geometry instead: element count, element diameter, pitch diameter in mm"
        "[, contact angle in degrees]"
    )


def parse_bearing(
    text: str, *, bearings: Iterable[BearingGeometry] | None = None
) -> BearingGeometry:
    """Return the bearing that a text means: ``n,d,D[,angle]`` or a designation.

    Parameters
    ----------
    text : str
        Element count, element diameter in mm, pitch diameter in mm and, if not 0, contact
        angle in degrees; or a designation, as for `find_bearing`.
    bearings : iterable of BearingGeometry, optional
        Where to look for a designation.

    Raises
    ------
    ParameterError
        If the numbers make no bearing, or the designation is unknown.

    Examples
    --------
    >>> parse_bearing("9, 7.94, 39.04").element_count
    9
    >>> parse_bearing("UER204").pitch_diameter_mm
    34.55
    """
    if "," not in text:
        return find_bearing(text, bearings=bearings)
    parts = [part.strip() for part in text.split(",")]
    try:
        count, *sizes = [float(part) for part in parts]
    except ValueError:
        count, sizes = 0.5, []
    if not count.is_integer() or len(sizes) not in (2, 3):
        raise ParameterError(
            f"a bearing is a designation or n,d,D[,angle]: whole number of elements, element "
            f"and pitch diameter in mm, contact angle in degrees; got {text!r}"
        )
    return BearingGeometry(int(count), sizes[0], sizes[1], sum(sizes[2:]))


def _matching(text: str, candidates: Sequence[BearingGeometry]) -> list[BearingGeometry]:
    key = _key(text)
    if not key:
        return []
    exact = [bearing for bearing in candidates if _key(bearing.designation) == key]
    # The first of equals wins: own bearings are put before the catalogue's.
    return exact[:1] or [bearing for bearing in candidates if _begins_word(key, bearing)]


def _begins_word(key: str, bearing: BearingGeometry) -> bool:
    """Whether a word of the designation, and what follows it, begins with `key`."""
    words = re.findall(r"[a-z0-9]+", bearing.designation.lower())
    for place in range(len(words)):
        begins = "".join(words[place:]).startswith(key)
        # "620" is not the beginning of "6205", but "er16" may stand for "er16k".
        if begins and not (key[-1].isdigit() and _splits_number(words[place:], len(key))):
            return True
    return False


def _splits_number(words: Sequence[str], length: int) -> bool:
    """Whether the first `length` characters of the words end inside a run of digits."""
    for word in words:
        if length < len(word):
            return length > 0 and word[length].isdigit()
        length -= len(word)
    return False


def nearest_bearings(
    text: str, *, bearings: Iterable[BearingGeometry] | None = None
) -> tuple[BearingGeometry, ...]:
    """Return the few bearings whose designations are the most like a text, the nearest first.

    Parameters
    ----------
    text : str
    bearings : iterable of BearingGeometry, optional
        Where to look: the catalogue by default.

    Examples
    --------
    >>> [bearing.designation for bearing in nearest_bearings("6205", bearings=known_bearings()[:3])]
    ['SKF 6205-2RS JEM', 'SKF 6203-2RS JEM', 'LDK UER204']
    """
    by_key: dict[str, BearingGeometry] = {}
    for bearing in known_bearings() if bearings is None else bearings:
        by_key[_key(bearing.designation)] = bearing
        # A number is compared without the maker too: 6206 of nobody is near to SKF 6206.
        for word in re.findall(r"[a-z]*\d[a-z0-9]*", bearing.designation.lower()):
            by_key.setdefault(_key(word), bearing)
    # What follows the number are seals and cages: alike ones make no bearing nearer.
    wanted = {_key(text), *re.findall(r"[a-z]*\d{3,}", text.lower())}
    ranked = sorted(by_key, key=lambda key: -max(_likeness(key, one) for one in wanted))
    found = {by_key[key].designation: by_key[key] for key in ranked}
    return tuple(found.values())[:NEAREST_NAMED]


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


def search_bearings(
    text: str, *, bearings: Iterable[BearingGeometry] | None = None
) -> tuple[BearingGeometry, ...]:
    """Return the bearings whose designation, maker or source hold all words of a text.

    Case, blanks and hyphens do not matter. Those whose designation, or a word of it, begins with
    the text come first; else they are in the order of the catalogue.

    Parameters
    ----------
    text : str
        Without a letter or digit: all bearings.
    bearings : iterable of BearingGeometry, optional
        Where to look: the catalogue by default.

    Examples
    --------
    >>> [bearing.designation for bearing in search_bearings("6205 skf")]
    ['SKF 6205-2RS JEM']
    """
    candidates = tuple(known_bearings() if bearings is None else bearings)
    words = [word for word in map(_key, text.split()) if word]
    found = [one for one in candidates if all(word in _words_of(one) for word in words)]
    whole = _key(text)
    return tuple(sorted(found, key=lambda one: not (whole and _begins_word(whole, one))))


def _words_of(bearing: BearingGeometry) -> str:
    return _key(f"{bearing.designation} {bearing.maker} {bearing.source}")


def _key(text: str) -> str:
    return "".join(re.findall(r"[a-z0-9]+", text.lower()))
