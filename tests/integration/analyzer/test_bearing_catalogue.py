"""The catalogue of bearings as FeatureService serves it, and what is said of unknown ones."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import grpc
import pytest
from tests.integration.analyzer.conftest import Room
from tests.integration.analyzer.sender import sender
from tests.integration.analyzer.test_diagnoses import diagnosed, machine, send

from kurto.analyzer.v1 import baselines_pb2, diagnoses_pb2
from kurto.analyzer.v1 import bearings_pb2 as pb
from kurto.assets.v1 import assets_pb2
from kurto_dsp.bearings import find_bearing, known_bearings
from kurto_service.errors import error_info

ANSWER_S = 60.0


async def listed(room: Room, **values: Any) -> pb.ListBearingsResponse:
    return await room.features.ListBearings(pb.ListBearingsRequest(**values))


async def test_all_bearings_are_read_in_pages(room: Room) -> None:
    names, token = [], ""
    while True:
        page = await listed(room, page_size=20, page_token=token)
        assert page.total_count == len(known_bearings()) >= 60
        assert not page.HasField("match")
        assert not page.problem
        names += [bearing.designation for bearing in page.bearings]
        token = page.next_page_token
        if not token:
            break
        assert len(page.bearings) == 20
    assert names == [bearing.designation for bearing in known_bearings()]


async def test_a_bearing_has_geometry_source_and_orders(room: Room) -> None:
    page = await listed(room, search="6205-2rs")
    bearing = page.bearings[0]
    assert page.match == bearing
    assert (bearing.designation, bearing.maker) == ("SKF 6205-2RS JEM", "SKF")
    assert bearing.element_count == 9
    assert (bearing.element_diameter_mm, bearing.pitch_diameter_mm) == (7.94, 39.04)
    assert not bearing.approximate
    assert "Case Western" in bearing.source
    # At 1800 r/min 107.54, 162.46, 70.70 and 11.95 Hz.
    orders = (bearing.bpfo_order, bearing.bpfi_order, bearing.bsf_order, bearing.ftf_order)
    assert orders == pytest.approx((3.5848, 5.4152, 2.3567, 0.3983), abs=1e-4)
    assert (await listed(room, search="skf 608")).match.approximate


@pytest.mark.parametrize("search", ["case western", "western CASE", "university, cincinnati"])
async def test_words_of_the_source_find_a_bearing_too(room: Room, search: str) -> None:
    page = await listed(room, search=search)
    assert page.total_count in {1, 2}
    assert all("University" in bearing.source for bearing in page.bearings)


async def test_what_is_unknown_has_its_nearest(room: Room) -> None:
    page = await listed(room, search="SKF 62005")
    assert not page.HasField("match")
    assert 1 <= len(page.bearings) == page.total_count <= 5
    assert "not a known bearing" in page.problem
    assert all(bearing.designation in page.problem for bearing in page.bearings)


async def test_what_means_several_is_no_match(room: Room) -> None:
    page = await listed(room, search="SKF", page_size=3)
    assert page.total_count > 10
    assert "matches several" in page.problem


async def test_every_bearing_listed_may_be_declared(room: Room) -> None:
    for bearing in (await listed(room, page_size=500)).bearings:
        assert find_bearing(bearing.designation).designation == bearing.designation


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"search": "x" * 65}, "INVALID_FIELD"),
        ({"page_size": 501}, "INVALID_FIELD"),
        ({"page_size": -1}, "INVALID_FIELD"),
        ({"page_token": "AAAA"}, "INVALID_CURSOR"),
    ],
)
async def test_refusals(room: Room, values: dict[str, Any], reason: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await listed(room, **values)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    info = error_info(caught.value)
    assert info is not None
    assert info.reason == reason


async def test_a_token_belongs_to_its_search(room: Room) -> None:
    token = (await listed(room, search="SKF", page_size=3)).next_page_token
    with pytest.raises(grpc.aio.AioRpcError, match="page token"):
        await listed(room, search="FAG", page_token=token)


async def test_an_unknown_designation_is_named_before_there_is_a_long_window(room: Room) -> None:
    recording = machine(hops=20, bearing=assets_pb2.Bearing(designation="SKF 62005"))
    request = diagnoses_pb2.GetDiagnosisRequest(sensor_id="pump-7")
    async with sender(room.windows) as stream:
        await send(stream, recording)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await room.features.GetDiagnosis(request)
        details = caught.value.details() or ""
        answer = await room.features.GetCondition(
            baselines_pb2.GetConditionRequest(sensor_id="pump-7")
        )
    assert "'SKF 62005' is not a known bearing; the nearest are SKF 6005" in details
    assert answer.condition.bearing_problem.startswith("'SKF 62005' is not a known bearing")


async def test_old_diagnoses_say_that_no_new_ones_come(room: Room) -> None:
    """Somebody mistypes the bearing of a sensor that was diagnosed before."""
    recording = machine(hops=105)
    request = diagnoses_pb2.GetDiagnosisRequest(sensor_id="pump-7")
    async with sender(room.windows) as stream:
        await send(stream, recording)
        await diagnosed(room)
        assert not (await room.features.GetDiagnosis(request)).problem
        mistyped = replace(recording, bearing=assets_pb2.Bearing(designation="SKF 62005"))
        await stream.open(mistyped)
        async with asyncio.timeout(ANSWER_S):
            while not (answer := await room.features.GetDiagnosis(request)).problem:
                await asyncio.sleep(0.05)
    assert "'SKF 62005' is not a known bearing" in answer.problem
    assert len(answer.diagnoses) == 2
