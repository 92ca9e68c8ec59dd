"""The guard around calls of every arity, over a real socket."""

import asyncio
import importlib.util
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from prometheus_client import CollectorRegistry

from kurto_service.errors import error_info
from kurto_service.exceptions import InvalidArgument, KurtoError
from kurto_service.identity import Principal, Role, requires
from kurto_service.testing import serve


def _load_echo() -> Any:
    spec = importlib.util.spec_from_file_location("echo", Path(__file__).with_name("echo.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["echo"] = module
    spec.loader.exec_module(module)
    return module


echo = _load_echo()
ARITIES = pytest.mark.parametrize("method", echo.ARITIES)
CODES = [code.name for code in grpc.StatusCode if code.name != "OK"]


def raising(error: BaseException) -> Callable[[str], object]:
    def act(_: str) -> object:
        raise error

    return act


async def failure(
    channel: grpc.aio.Channel, method: str, texts: tuple[str, ...] = ("x",)
) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        if method in {"ClientStream", "Duplex"}:
            await echo.call_open(channel, method, texts)
        else:
            await echo.call(channel, method, "x", timeout=60)
    return caught.value


def reason(error: grpc.aio.AioRpcError) -> str | None:
    info = error_info(error)
    return info.reason if info else None


def principal(*roles: Role) -> Principal:
    return Principal(name="alice", roles=frozenset(roles))


@ARITIES
async def test_messages_and_principal_arrive(method: str) -> None:
    who = principal("viewer", "sensor")
    async with serve(echo.add_echo, echo.EchoServicer(str), principal=who) as channel:
        answers = await echo.call(channel, method, "hello")

    assert set(answers) == {"alice:hello"}
    assert len(answers) == (1 if method in {"Unary", "ClientStream"} else 2)


@ARITIES
@pytest.mark.parametrize("code", CODES)
async def test_an_error_of_the_domain_becomes_its_status(method: str, code: str) -> None:
    cls = type("AnyError", (KurtoError,), {"status": code, "reason": "INVALID_FIELD"})
    act = raising(cls("change this", field="rate"))

    async with serve(echo.add_echo, echo.EchoServicer(act)) as channel:
        error = await failure(channel, method)

    assert (error.code().name, error.details()) == (code, "change this")
    info = error_info(error)
    assert info is not None
    assert (info.reason, info.domain, dict(info.metadata)) == (
        "INVALID_FIELD",
        "kurto",
        {"field": "rate"},
    )


@ARITIES
async def test_a_bug_is_told_to_the_log_alone(
    method: str, caplog: pytest.LogCaptureFixture
) -> None:
    act = raising(ValueError("the secret"))

    async with serve(echo.add_echo, echo.EchoServicer(act)) as channel:
        error = await failure(channel, method)

    assert error.code() == grpc.StatusCode.INTERNAL
    assert "secret" not in str(error.details())
    (record,) = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert record.exc_info is not None
    assert record.exc_info[0] is ValueError
    assert vars(record)["method"] == f"/{echo.SERVICE}/{method}"


@ARITIES
async def test_a_role_too_low_is_refused_before_the_method_runs(method: str) -> None:
    ran: list[str] = []
    lacking = principal("sensor" if method not in {"ClientStream", "Duplex"} else "viewer")

    async with serve(echo.add_echo, echo.EchoServicer(ran.append), principal=lacking) as channel:
        error = await failure(channel, method, texts=())

    assert error.code() == grpc.StatusCode.PERMISSION_DENIED
    info = error_info(error)
    assert info is not None
    assert info.reason == "ROLE_REQUIRED"
    assert ran == []


@ARITIES
async def test_a_caller_that_leaves_cancels_the_method(method: str) -> None:
    registry, seen = CollectorRegistry(), asyncio.Event()
    servicer = echo.EchoServicer(lambda _: seen.set())
    slow = asyncio.Event()

    async def forever(_: object, __: object = None) -> None:
        seen.set()
        await slow.wait()

    setattr(servicer, method, requires("viewer")(forever))
    async with serve(echo.add_echo, servicer, registry=registry) as channel:
        task = asyncio.create_task(echo.call(channel, method, "x"))
        await seen.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        labels = {"method": f"/{echo.SERVICE}/{method}", "code": "CANCELLED"}
        async with asyncio.timeout(30):
            while not registry.get_sample_value("kurto_rpc_calls_total", labels):
                await asyncio.sleep(0.01)
    assert registry.get_sample_value("kurto_rpc_calls_total", labels) == 1
    in_progress = {"method": labels["method"]}
    assert registry.get_sample_value("kurto_rpc_calls_in_progress", in_progress) == 0


async def test_calls_are_counted_by_method_and_code() -> None:
    registry = CollectorRegistry()

    def act(text: str) -> None:
        if text == "bad":
            raise InvalidArgument(field="text")

    async with serve(echo.add_echo, echo.EchoServicer(act), registry=registry) as channel:
        await echo.call(channel, "Unary", "good")
        with pytest.raises(grpc.aio.AioRpcError):
            await echo.call(channel, "Unary", "bad")

    def value(method: str, code: str) -> float | None:
        labels = {"method": f"/{echo.SERVICE}/{method}", "code": code}
        return registry.get_sample_value("kurto_rpc_calls_total", labels)

    assert (value("Unary", "OK"), value("Unary", "INVALID_ARGUMENT")) == (1, 1)
    assert value("Duplex", "OK") == 0
    latency = {"method": f"/{echo.SERVICE}/Unary"}
    async with asyncio.timeout(30):  # it is noted after the caller has its answer
        while registry.get_sample_value("kurto_rpc_latency_seconds_count", latency) != 2:
            await asyncio.sleep(0.01)


async def test_a_flood_of_failures_writes_few_records(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    act = raising(InvalidArgument(field="text"))

    async with serve(echo.add_echo, echo.EchoServicer(act)) as channel:
        for _ in range(30):
            await failure(channel, "Unary")

    assert caplog.messages.count("Call failed") == 10


async def test_a_method_without_a_role_cannot_be_served() -> None:
    servicer = echo.EchoServicer(str)

    async def undeclared(request: object, context: object) -> None: ...

    servicer.Unary = undeclared
    with pytest.raises(TypeError, match=r"EchoService/Unary declares no role.*@requires"):
        async with serve(echo.add_echo, servicer):
            raise AssertionError("it was served")


async def test_an_unknown_method_is_unimplemented() -> None:
    async with serve(echo.add_echo, echo.EchoServicer(str)) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary(f"/{echo.SERVICE}/Nothing", **echo.CODEC)(echo.StringValue())
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


@ARITIES
async def test_a_message_over_the_limit_is_refused_with_a_reason(method: str) -> None:
    servicer = echo.EchoServicer(str)
    async with serve(echo.add_echo, servicer, max_message_bytes=1000) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await echo.send_bytes(channel, method, b"x" * 1001)

    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert caught.value.details() == (
        "A message of 1001 bytes is over the limit of 1000: send smaller ones."
    )
    assert reason(caught.value) == "MESSAGE_TOO_LARGE"


@ARITIES
async def test_a_message_far_over_the_limit_is_refused_by_the_transport(method: str) -> None:
    servicer = echo.EchoServicer(str)
    async with serve(echo.add_echo, servicer, max_message_bytes=1000) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await echo.send_bytes(channel, method, b"x" * 1500)
        assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert await echo.call(channel, "Unary", "next")


@ARITIES
async def test_bytes_that_are_no_message_are_refused_with_a_reason(method: str) -> None:
    async with serve(echo.add_echo, echo.EchoServicer(str)) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await echo.send_bytes(channel, method, b"\xff\xff\xff")

    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert reason(caught.value) == "INVALID_FIELD"


@ARITIES
async def test_calls_beyond_the_limit_are_refused_while_health_answers(method: str) -> None:
    servicer, release = echo.EchoServicer(str), asyncio.Event()
    both_wait = asyncio.Barrier(3)

    async def wait(_: object, __: object) -> object:
        await both_wait.wait()
        await release.wait()
        return echo.StringValue()

    servicer.Unary = requires("viewer")(wait)
    async with serve(echo.add_echo, servicer, max_concurrent_calls=2) as channel:
        busy = [asyncio.create_task(echo.call(channel, "Unary", "x")) for _ in range(2)]
        async with asyncio.timeout(30):
            await both_wait.wait()

        error = await failure(channel, method, texts=())

        assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert reason(error) == "OVERLOADED"
        health: Any = health_pb2_grpc.HealthStub(channel)
        assert (await health.Check(health_pb2.HealthCheckRequest())).status
        release.set()
        await asyncio.gather(*busy)
        assert await echo.call(channel, "Duplex", "x")
