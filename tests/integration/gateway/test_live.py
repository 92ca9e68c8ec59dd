"""The live stream through a real Envoy: over gRPC, as server-sent events, and when things die."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import grpc
import pytest
from redis.asyncio import Redis
from tests.integration.gateway.conftest import Edge, eventually, sse_events
from tests.integration.gateway.publishing import publish_frames, publish_states

from kurto.alerts.v1 import alert_service_pb2, alert_service_pb2_grpc
from kurto.errors.v1 import errors_pb2
from kurto.gateway.v1 import live_service_pb2 as pb
from kurto.gateway.v1 import live_service_pb2_grpc
from kurto_service.errors import error_info

MIB = 1024 * 1024
Events = AsyncIterator[pb.SubscribeResponse]


def subscribe(channel: grpc.aio.Channel, *, token: str | None = None, **fields: Any) -> Any:
    metadata = None if token is None else (("authorization", f"Bearer {token}"),)
    stub = live_service_pb2_grpc.LiveServiceStub(channel)
    return stub.Subscribe(pb.SubscribeRequest(**fields), metadata=metadata)


async def until(call: Any, kind: str) -> pb.SubscribeResponse:
    async with asyncio.timeout(60):
        while True:
            event = await call.read()
            assert isinstance(event, pb.SubscribeResponse), f"the stream ended without {kind}"
            if event.WhichOneof("event") == kind:
                return event


def windows(event: pb.SubscribeResponse) -> list[tuple[str, int]]:
    return [(frame.sensor_id, frame.window_index) for frame in event.features.frames]


async def commit_transition(channel: grpc.aio.Channel) -> None:
    """Have the owner of the alerts store a transition, which is published nowhere."""
    stub = alert_service_pb2_grpc.AlertServiceStub(channel)
    await stub.AcknowledgeAlert(alert_service_pb2.AcknowledgeAlertRequest(alert_id="a"))


async def test_chosen_features_of_chosen_sensors_come_at_once(
    channel: grpc.aio.Channel, valkey: Redis
) -> None:
    call = subscribe(channel, sensor_ids=["live-1"], feature_names=["rms"])
    await until(call, "heartbeat")
    await asyncio.sleep(0.4)
    loop = asyncio.get_running_loop()
    delays = []
    for k in range(20):
        started = loop.time()
        await publish_frames(valkey, k, "live-1", "live-2")
        event = await until(call, "features")
        delays.append(loop.time() - started)
        assert windows(event) == [("live-1", k)]
        channels = event.features.frames[0].channels
        assert [dict(one.values) for one in channels] == [{"rms": k}, {"rms": k}]
    # At once: not at the next look of a loop. A busy machine delays some, but not nearly all.
    assert sorted(delays)[4] < 0.25
    call.cancel()


async def test_snapshot_states_and_alerts(channel: grpc.aio.Channel, valkey: Redis) -> None:
    call = subscribe(channel, include_alerts=True, include_stream_status=True)
    snapshot = await until(call, "alert_snapshot")
    assert "pump-7" in [
        state.sensor_id for state in (await until(call, "stream_status")).stream_status.streams
    ]
    await publish_states(valkey, "fan-1")
    streams = (await until(call, "stream_status")).stream_status.streams
    assert "fan-1" in [state.sensor_id for state in streams]
    await commit_transition(channel)
    event = await until(call, "alerts")
    first = int(snapshot.cursor.rpartition("~")[2]) + 1
    assert [one.transition_number for one in event.alerts.transitions] == [first]
    call.cancel()


async def test_a_client_that_comes_back_misses_nothing(
    channel: grpc.aio.Channel, valkey: Redis
) -> None:
    call = subscribe(channel, sensor_ids=["back-1"], include_alerts=True)
    await until(call, "heartbeat")
    await asyncio.sleep(0.4)
    await publish_frames(valkey, 1, "back-1")
    cursor = (await until(call, "features")).cursor
    call.cancel()
    for k in range(2, 30):
        await publish_frames(valkey, k, "back-1")
    for _ in range(3):
        await commit_transition(channel)
    call = subscribe(channel, sensor_ids=["back-1"], include_alerts=True, cursor=cursor)
    frames: list[tuple[str, int]] = []
    numbers: list[int] = []
    async with asyncio.timeout(60):
        while len(frames) < 28 or len(numbers) < 3:
            event = await call.read()
            assert event.WhichOneof("event") != "resync"
            frames += windows(event)
            numbers += [one.transition_number for one in event.alerts.transitions]
    assert frames == [("back-1", k) for k in range(2, 30)]
    first = int(cursor.rpartition("~")[2]) + 1
    assert numbers == [first, first + 1, first + 2]
    call.cancel()


@pytest.mark.parametrize("cursor", ["yesterday", "1~-~x"])
async def test_a_wrong_cursor_is_refused_with_a_reason(
    channel: grpc.aio.Channel, cursor: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await subscribe(channel, cursor=cursor).read()
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    info = error_info(caught.value)
    assert info is not None
    assert f"ERROR_REASON_{info.reason}" in errors_pb2.ErrorReason.keys()  # noqa: SIM118


async def test_too_many_clients_are_refused_with_a_reason(own_edge: Any) -> None:
    with own_edge(KURTO_GATEWAY_MAX_SUBSCRIBERS="1") as edge:
        async with grpc.aio.insecure_channel(edge.target) as channel:
            call = subscribe(channel)
            await until(call, "heartbeat")
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await subscribe(channel).read()
            info = error_info(caught.value)
            assert info is not None
            assert info.reason == "TOO_MANY_SUBSCRIBERS"
            call.cancel()


async def test_grpc_web_streams_event_by_event(web: aiohttp.ClientSession) -> None:
    request = pb.SubscribeRequest(include_alerts=True).SerializeToString()
    body = b"\x00" + struct.pack(">I", len(request)) + request
    headers = {"Content-Type": "application/grpc-web+proto", "X-Grpc-Web": "1"}
    path = "/kurto.gateway.v1.LiveService/Subscribe"
    kinds = []
    async with web.post(path, data=body, headers=headers) as answer, asyncio.timeout(60):
        for _ in range(3):
            head = await answer.content.readexactly(5)
            message = await answer.content.readexactly(struct.unpack(">I", head[1:])[0])
            kinds.append(pb.SubscribeResponse.FromString(message).WhichOneof("event"))
    assert kinds == ["alert_snapshot", "heartbeat", "heartbeat"]


async def test_server_sent_events_resume_by_their_ids(
    web: aiohttp.ClientSession, valkey: Redis
) -> None:
    address = "/api/live?sensor_id=sse-1&feature=rms&include_stream_status=false"
    async with web.get(address) as answer, asyncio.timeout(60):
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert "Content-Encoding" not in answer.headers
        events = sse_events(answer)
        kinds = {(await anext(events)).kind for _ in range(3)}
        assert {"alert_snapshot", "comment"} <= kinds
        await asyncio.sleep(0.4)
        await publish_frames(valkey, 1, "sse-1")
        event = await anext(_chosen(events, "features"))
        content: Any = event.json()
        (frame,) = content["features"]["frames"]
        assert frame["window_index"] == "1"
        assert frame["channels"][0]["values"] == {"rms": 1.0}
        assert content["cursor"] == event.event_id
    await publish_frames(valkey, 2, "sse-1")
    async with (
        web.get(address, headers={"Last-Event-ID": event.event_id}) as answer,
        asyncio.timeout(60),
    ):
        again = await anext(_chosen(sse_events(answer), "features"))
        content = again.json()
        assert [one["window_index"] for one in content["features"]["frames"]] == ["2"]


async def _chosen(events: AsyncIterator[Any], kind: str) -> AsyncIterator[Any]:
    async for event in events:
        if event.kind == kind:
            yield event


async def test_envoy_that_is_killed_costs_nothing(own_edge: Any, valkey: Redis) -> None:
    with own_edge() as edge:
        async with grpc.aio.insecure_channel(
            edge.target, options=[("grpc.max_reconnect_backoff_ms", 200)]
        ) as channel:
            call = subscribe(channel, sensor_ids=["kill-1"])
            await until(call, "heartbeat")
            await asyncio.sleep(0.4)
            await publish_frames(valkey, 1, "kill-1")
            cursor = (await until(call, "features")).cursor
            edge.kill("envoy")
            with pytest.raises(grpc.aio.AioRpcError):
                while await call.read():
                    pass
            await publish_frames(valkey, 2, "kill-1")
            edge.start_envoy()
            call = await reconnected(channel, sensor_ids=["kill-1"], cursor=cursor)
            assert windows(await until(call, "features")) == [("kill-1", 2)]
            call.cancel()


async def test_a_gateway_that_is_killed_costs_nothing(own_edge: Any, valkey: Redis) -> None:
    with own_edge() as edge:
        async with grpc.aio.insecure_channel(edge.target) as channel:
            call = subscribe(channel, sensor_ids=["kill-2"], include_alerts=True)
            await until(call, "heartbeat")
            await asyncio.sleep(0.4)
            await publish_frames(valkey, 1, "kill-2")
            cursor = (await until(call, "features")).cursor
            edge.kill("gateway")
            with pytest.raises(grpc.aio.AioRpcError):
                while await call.read():
                    pass
            for k in (2, 3, 4):
                await publish_frames(valkey, k, "kill-2")
            edge.start_gateway()
            call = await reconnected(channel, sensor_ids=["kill-2"], cursor=cursor)
            found: list[tuple[str, int]] = []
            while len(found) < 3:
                found += windows(await until(call, "features"))
            assert found == [("kill-2", k) for k in (2, 3, 4)]
            call.cancel()


async def reconnected(channel: grpc.aio.Channel, **fields: Any) -> Any:
    """Open a stream again and again until it lives."""
    async with asyncio.timeout(60):
        while True:
            call = subscribe(channel, **fields)
            with contextlib.suppress(grpc.aio.AioRpcError):
                await until(call, "heartbeat") if not fields.get("cursor") else None
                await call.wait_for_connection()
                return call
            await asyncio.sleep(0.1)


async def test_heartbeats_keep_an_idle_stream_and_its_absence_ends_one(own_edge: Any) -> None:
    with own_edge(KURTO_GATEWAY_HEARTBEAT_INTERVAL_S="0.5") as edge:
        edge.kill("envoy")
        edge.start_envoy(idle_timeout="2s")
        edge.serving()
        async with grpc.aio.insecure_channel(edge.target) as channel:
            call = subscribe(channel)
            loop = asyncio.get_running_loop()
            started = loop.time()
            while loop.time() - started < 5:
                await until(call, "heartbeat")
            call.cancel()
            edge.kill("gateway")
            edge.start_gateway(KURTO_GATEWAY_HEARTBEAT_INTERVAL_S="15")
            edge.serving()
            call = await reconnected(channel)
            with pytest.raises(grpc.aio.AioRpcError):
                async with asyncio.timeout(12):  # the next heartbeat would come after 15
                    while await call.read():
                        pass


async def test_a_client_that_never_reads_holds_little_and_disturbs_nobody(
    edge: Edge, channel: grpc.aio.Channel, valkey: Redis
) -> None:
    sensors = [f"stall-{n}" for n in range(40)]
    options = [("grpc.http2.lookahead_bytes", 65536), ("grpc.http2.bdp_probe", 0)]
    async with grpc.aio.insecure_channel(edge.target, options=options) as other:
        stalled = [subscribe(other, sensor_ids=sensors, include_alerts=True) for _ in range(5)]
        for call in stalled:
            await until(call, "heartbeat")
        reader = subscribe(channel, sensor_ids=sensors)
        await until(reader, "heartbeat")
        await asyncio.sleep(0.5)
        before = edge.memory_bytes("gateway")
        count = 600
        reading = asyncio.create_task(_read_all(reader, sensors, count))
        for k in range(count):  # what 40 sensors send in a minute
            await publish_frames(valkey, k, *sensors)
            if k % 50 == 0:
                assert edge.metric("kurto_gateway_longest_queue_bytes") <= MIB
        async with asyncio.timeout(120):
            await reading
        await eventually(lambda: edge.metric("kurto_gateway_conflated_frames_total") > 0)
        assert edge.metric("kurto_gateway_longest_queue_bytes") <= MIB
        assert edge.memory_bytes("gateway") - before < 64 * MIB
        newest: dict[str, int] = {}
        async with asyncio.timeout(60):  # one of them reads at last: old ones, then the newest
            while len(newest) < 40 or set(newest.values()) != {count - 1}:
                event = await stalled[0].read()
                for sensor_id, k in windows(event):
                    assert k > newest.get(sensor_id, -1)
                    newest[sensor_id] = k
        for call in (*stalled, reader):
            call.cancel()


async def _read_all(reader: Any, sensors: list[str], count: int) -> None:
    following = dict.fromkeys(sensors, 0)
    while set(following.values()) != {count}:
        event = await reader.read()
        assert event.WhichOneof("event") != "resync"
        for sensor_id, k in windows(event):
            assert k == following[sensor_id]
            following[sensor_id] += 1
