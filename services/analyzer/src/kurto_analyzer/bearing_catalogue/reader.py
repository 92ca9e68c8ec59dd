"""Answers about the catalogue: pure."""

from __future__ import annotations

from collections.abc import Sequence

from kurto.analyzer.v1 import bearings_pb2 as pb
from kurto_analyzer.cursors import read_place_token, write_place_token
from kurto_analyzer.exceptions import InvalidField
from kurto_dsp import ParameterError
from kurto_dsp.bearings import (
    BearingGeometry,
    find_bearing,
    known_bearings,
    nearest_bearings,
    search_bearings,
)

__all__ = ["BearingReader"]

_DEFAULT_PAGE, _LARGEST_PAGE = 50, 500
_LONGEST_SEARCH = 64  # as long as a designation may be


class BearingReader:
    """Searches the catalogue.

    Parameters
    ----------
    bearings : sequence of BearingGeometry, optional
        The catalogue: by default the one by which sensors are diagnosed.
    """

    def __init__(self, bearings: Sequence[BearingGeometry] | None = None) -> None:
        self._bearings = tuple(known_bearings() if bearings is None else bearings)

    def list_page(self, request: pb.ListBearingsRequest) -> pb.ListBearingsResponse:
        """Return one page of the bearings that hold the words of a request.

        Raises
        ------
        InvalidField, InvalidCursor
            When the request cannot be answered.
        """
        _check(request)
        size, first = request.page_size or _DEFAULT_PAGE, read_place_token(request) or 0
        found = search_bearings(request.search, bearings=self._bearings)
        if not found:
            found = nearest_bearings(request.search, bearings=self._bearings)
        response = pb.ListBearingsResponse(
            bearings=map(_message, found[first : first + size]), total_count=len(found)
        )
        if first + size < len(found):
            response.next_page_token = write_place_token(request, first + size)
        if request.search.strip():
            self._match(response, request.search)
        return response

    def _match(self, response: pb.ListBearingsResponse, designation: str) -> None:
        try:
            response.match.CopyFrom(_message(find_bearing(designation, bearings=self._bearings)))
        except ParameterError as error:
            response.problem = str(error)


def _check(request: pb.ListBearingsRequest) -> None:
    if len(request.search) > _LONGEST_SEARCH:
        raise InvalidField(
            f"search may have {_LONGEST_SEARCH} characters, got {len(request.search)}: leave "
            "words out.",
            field="search",
        )
    if not 0 <= request.page_size <= _LARGEST_PAGE:
        raise InvalidField(
            f"page_size must be 0 to {_LARGEST_PAGE}, got {request.page_size}.", field="page_size"
        )


def _message(bearing: BearingGeometry) -> pb.CatalogueBearing:
    orders = bearing.defect_frequencies(1.0)
    return pb.CatalogueBearing(
        designation=bearing.designation,
        maker=bearing.maker,
        element_count=bearing.element_count,
        element_diameter_mm=bearing.element_diameter_mm,
        pitch_diameter_mm=bearing.pitch_diameter_mm,
        contact_angle_deg=bearing.contact_angle_deg,
        approximate=bearing.is_approximate,
        source=bearing.source,
        bpfo_order=orders.bpfo_hz,
        bpfi_order=orders.bpfi_hz,
        bsf_order=orders.bsf_hz,
        ftf_order=orders.ftf_hz,
    )
