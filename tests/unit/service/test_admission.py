"""Queries stand in line, in order, and not for ever."""

import asyncio

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from tests.unit.service.echo import EchoServicer, add_echo, call

from kurto_service.admission import QueryLine, TooManyQueries, own_line
from kurto_service.identity import requires
from kurto_service.testing import serve


async def test_as_many_as_allowed_are_answered_at_a_time_in_the_order_of_arrival() -> None:
    line = QueryLine(2, patience_s=5)
    order: list[int] = []
    running = most = 0

    async def query(number: int) -> None:
        nonlocal running, most
        async with line.turn():
            order.append(number)
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.01)
            running -= 1

    await asyncio.gather(*(query(number) for number in range(7)))
    assert order == list(range(7))
    assert most == 2


async def test_a_query_that_waits_too_long_is_refused_and_the_next_one_is_served() -> None:
    line = QueryLine(1, patience_s=0.05)
    async with line.turn():
        with pytest.raises(TooManyQueries) as caught:
            async with line.turn():
                pytest.fail("there was no place")
        assert caught.value.status == "RESOURCE_EXHAUSTED"
        assert caught.value.retry_after_s
    async with line.turn():
        pass


async def test_a_query_whose_caller_leaves_gives_its_place_back() -> None:
    line = QueryLine(1, patience_s=5)

    async def query() -> None:
        async with line.turn():
            await asyncio.sleep(60)

    tasks = [asyncio.create_task(query()) for _ in range(2)]  # one at work, one in line
    await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(30), line.turn():
        pass


async def test_no_query_begins_while_something_goes_first() -> None:
    line = QueryLine(2, patience_s=5)
    begun = asyncio.Event()

    async def query() -> None:
        async with line.turn():
            begun.set()

    with line.held():
        task = asyncio.create_task(query())
        for _ in range(10):  # not in time: what is held is let go after a quarter of a second
            await asyncio.sleep(0)
        assert not begun.is_set()
    await task


async def test_queries_do_not_wait_long_behind_what_is_stuck() -> None:
    line = QueryLine(2, patience_s=60)
    with line.held():
        async with asyncio.timeout(30), line.turn():
            pass


class SelfBoundEcho(EchoServicer):
    """Its unary method keeps a line of its own."""

    @own_line
    @requires("viewer")
    async def Unary(self, request: StringValue, context: object) -> StringValue:
        return self._answer(request)


async def test_a_method_with_its_own_line_neither_waits_among_queries_nor_holds_them_up() -> None:
    line = QueryLine(1, patience_s=0.05)
    servicer = SelfBoundEcho(lambda _: None)
    async with serve(add_echo, servicer, queries=line) as channel, line.turn():
        assert await call(channel, "Unary", "a", timeout=30) == ["anonymous:a"]
    servicer_in_line = EchoServicer(lambda _: None)
    async with serve(add_echo, servicer_in_line, queries=line) as channel, line.turn():
        with pytest.raises(grpc.aio.AioRpcError, match="waiting") as caught:
            await call(channel, "Unary", "a", timeout=30)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
