"""The life of a real process: health, drain, signals, dead tasks, refusals to start."""

import asyncio
import signal
import socket
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from kurto_service.errors import error_info
from kurto_service.tokens import hash_token

SERVICE = "kurto.room.v1.RoomService"


def echo(channel: grpc.aio.Channel) -> Any:
    return channel.unary_unary(
        f"/{SERVICE}/Echo",
        request_serializer=StringValue.SerializeToString,
        response_deserializer=StringValue.FromString,
    )


def known(error: grpc.aio.AioRpcError) -> ErrorInfo:
    info = error_info(error)
    assert info is not None
    return info


async def test_health_follows_the_dependency(start_room: Any, tmp_path: Path) -> None:
    room = await start_room()
    await room.record("ready")
    assert await room.serving("")
    assert await room.serving(SERVICE)

    (tmp_path / "dependency").rename(tmp_path / "away")
    await room.becomes(False)
    assert (await room.record("dependency_lost"))["dependency"] == "dependency"

    (tmp_path / "away").rename(tmp_path / "dependency")
    await room.becomes(True)

    (tmp_path / "dependency").write_text("hang")
    await room.becomes(False)


async def test_health_answers_while_a_dependency_is_awaited(
    start_room: Any, tmp_path: Path
) -> None:
    (tmp_path / "dependency").unlink()
    room = await start_room()
    await room.record("dependency_wait")
    assert not await room.serving()
    async with room.channel() as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await echo(channel)(StringValue(value="x"))
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
    assert known(caught.value).reason == "DEPENDENCY_UNAVAILABLE"

    (tmp_path / "dependency").write_text("up")
    await room.record("ready")
    assert await room.serving()


async def test_a_dependency_that_never_comes_ends_the_start(
    start_room: Any, tmp_path: Path
) -> None:
    (tmp_path / "dependency").unlink()
    room = await start_room(startup_timeout_s=0.6)

    assert await room.exit_code() == 1
    problem = (await room.record("start_failed"))["problem"]
    assert "dependency did not come up within 0.6 s (KURTO_STARTUP_TIMEOUT_S)" in problem


async def test_a_signal_while_starting_ends_the_process(start_room: Any, tmp_path: Path) -> None:
    (tmp_path / "dependency").unlink()
    room = await start_room()
    await room.record("dependency_wait")

    room.signal(signal.SIGTERM)

    assert await room.exit_code() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_lets_calls_end_and_refuses_new_ones(
    start_room: Any, number: signal.Signals
) -> None:
    room = await start_room()
    await room.record("ready")
    async with room.channel() as channel:
        health: Any = health_pb2_grpc.HealthStub(channel)
        watch = health.Watch(health_pb2.HealthCheckRequest(service=SERVICE))
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        slow = echo(channel)(StringValue(value="3.0"))
        await room.busy()

        room.signal(number)

        assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await echo(channel)(StringValue(value="late"))
        assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
        assert known(caught.value).reason == "DRAINING"
        assert (await slow).value == "anonymous: 3.0"
    assert await room.exit_code() == 0
    assert room.notes == ["drain", "ticker ended", "close"]


async def test_a_call_that_does_not_end_is_cut_after_the_grace_period(start_room: Any) -> None:
    room = await start_room(grace_period_s=0.5)
    await room.record("ready")
    async with room.channel() as channel:
        endless = asyncio.ensure_future(echo(channel)(StringValue(value="60")))
        await room.busy()
        started = time.monotonic()
        room.signal(signal.SIGTERM)
        with pytest.raises(grpc.aio.AioRpcError):
            await endless
    assert await room.exit_code() == 0
    assert time.monotonic() - started < 30.0  # of the 60 that the call would take


async def test_a_drain_that_hangs_is_cut(start_room: Any) -> None:
    room = await start_room(grace_period_s=0.5, room_fault="drain hangs")
    await room.record("ready")

    room.signal(signal.SIGTERM)

    assert await room.exit_code() == 0
    assert (await room.record("stop_late"))["step"] == "drain"


async def test_stopping_ends_within_ten_seconds_even_when_the_loop_hangs(start_room: Any) -> None:
    room = await start_room(room_fault="loop blocks at close")
    await room.record("ready")
    started = time.monotonic()

    room.signal(signal.SIGTERM)

    assert await room.exit_code() == 1
    assert time.monotonic() - started < 15.0  # ten, and the end of the process
    await room.record("watchdog")


async def test_a_second_signal_ends_at_once(start_room: Any) -> None:
    room = await start_room(room_fault="drain hangs")
    await room.record("ready")
    room.signal(signal.SIGTERM)
    await room.record("stop")
    started = time.monotonic()

    room.signal(signal.SIGINT)

    assert await room.exit_code() == 128 + signal.SIGINT
    assert time.monotonic() - started < 2.0


@pytest.mark.parametrize(
    ("fault", "trace"),
    [("task dies", "ValueError: the ticker broke"), ("task returns", "the task returned")],
)
async def test_a_dead_task_stops_the_process(start_room: Any, fault: str, trace: str) -> None:
    room = await start_room(room_fault=fault)

    assert await room.exit_code() == 1
    record = await room.record("task_died")
    assert record["task"] == "ticker"
    assert trace in record["exc_info"]
    assert room.notes == ["ticker ended", "drain", "close"]


async def test_failing_construction_ends_with_its_trace(start_room: Any) -> None:
    room = await start_room(room_fault="wire fails")

    assert await room.exit_code() == 1
    assert "ValueError: cannot be built" in (await room.record("crashed"))["exc_info"]


@pytest.mark.parametrize("variable", ["room_grpc_port", "room_metrics_port"])
async def test_a_taken_port_is_named(start_room: Any, variable: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        room = await start_room(**{variable: port})

        assert await room.exit_code() == 1

    problem = (await room.record("start_failed"))["problem"]
    assert f"127.0.0.1:{port}" in problem
    assert f"KURTO_{variable.upper()}" in problem


async def test_an_open_address_without_tokens_is_refused(start_room: Any) -> None:
    room = await start_room(host="0.0.0.0")

    assert await room.exit_code() == 2
    assert "set KURTO_TOKENS_FILE" in (await room.record("start_failed"))["problem"]


async def test_wrong_settings_are_all_named(start_room: Any) -> None:
    room = await start_room(grace_period_s="long", room_grpc_port=70000)

    assert await room.exit_code() == 2
    text = "\n".join(record["plain"] for record in room.records)
    assert "KURTO_GRACE_PERIOD_S='long'" in text
    assert "KURTO_ROOM_GRPC_PORT='70000'" in text


async def test_settings_are_logged_without_secrets(start_room: Any) -> None:
    room = await start_room(
        service_token="hunter2", postgres_dsn="postgresql://me:hunter3@db/kurto", room_typo="1"
    )
    settings = (await room.record("settings"))["settings"]

    assert settings["postgres_dsn"] == "postgresql://me:***@db/kurto"
    assert (await room.record("unknown_setting"))["variable"] == "KURTO_ROOM_TYPO"
    await room.record("ready")
    assert "hunter" not in str(room.records)


async def test_tokens_decide_who_may_call(start_room: Any, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.toml"
    entry = '[[tokens]]\nsha256 = "{}"\nprincipal = "{}"\nroles = ["{}"]\n'
    tokens.write_text(
        entry.format(hash_token("a"), "alice", "viewer")
        + entry.format(hash_token("s"), "pump-7", "sensor")
    )
    room = await start_room(tokens_file=tokens)
    await room.record("ready")
    assert await room.serving()  # without a token

    async with room.channel() as channel:
        call = echo(channel)
        answer = await call(StringValue(value="x"), metadata=(("authorization", "Bearer a"),))
        assert answer.value == "alice: x"
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(StringValue(value="x"))
        assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(StringValue(value="x"), metadata=(("authorization", "Bearer s"),))
        assert caught.value.code() == grpc.StatusCode.PERMISSION_DENIED
        assert known(caught.value).metadata["role"] == "viewer"


async def test_reflection_lists_the_services(start_room: Any) -> None:
    room = await start_room()
    await room.record("ready")
    async with room.channel() as channel:
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
        call = stub.ServerReflectionInfo()
        await call.write(reflection_pb2.ServerReflectionRequest(list_services=""))
        names = {one.name for one in (await call.read()).list_services_response.service}
        await call.done_writing()
    assert {SERVICE, "grpc.health.v1.Health"} <= names


async def test_metrics_are_exported(start_room: Any) -> None:
    room = await start_room()
    await room.record("ready")
    async with room.channel() as channel:
        await echo(channel)(StringValue(value="x"))
    port = (await room.record("listen"))["metrics_port"]

    def scrape() -> str:
        with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            return str(answer.read().decode())

    text = await asyncio.to_thread(scrape)
    assert f'kurto_rpc_calls_total{{code="OK",method="/{SERVICE}/Echo"}} 1.0' in text
    assert f'kurto_rpc_calls_total{{code="OK",method="/{SERVICE}/Mirror"}} 0.0' in text
    assert 'kurto_dependency_up{dependency="dependency"} 1.0' in text
    assert "process_resident_memory_bytes" in text
