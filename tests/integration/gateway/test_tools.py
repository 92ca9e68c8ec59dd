"""What people type works when pasted: reflection, health, every service, both ports."""

import asyncio
import base64
import json
import os
import signal
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tests.integration.gateway.conftest import Edge

from kurto.gateway.v1 import session_service_pb2, session_service_pb2_grpc
from kurto.ingest.v1 import ingest_service_pb2, ingest_service_pb2_grpc
from kurto_cli.stack import ports
from kurto_gateway.contract import public_services

BUF = str(Path(sys.executable).parent / "buf")
UNARY = [
    f"{service.full_name}/{method.name}"
    for service in public_services()
    for method in list(service.methods)[:1]
    if not (method.client_streaming or method.server_streaming)
]
STREAM_COUNT = 1500


async def buf(*words: str) -> str:
    """Run buf and return what it prints."""
    process = await asyncio.create_subprocess_exec(
        BUF, "curl", *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, said = await process.communicate()
    assert process.returncode == 0, said.decode()
    return out.decode()


H2C = ("--protocol", "grpc", "--http2-prior-knowledge")


@pytest.mark.parametrize("version", ["grpc-v1", "grpc-v1alpha"])
async def test_reflection_lists_every_method(edge: Edge, version: str) -> None:
    listed = await buf(*H2C, "--reflect-protocol", version, "--list-methods", edge.http)
    wanted = {
        f"{service.full_name}/{method.name}"
        for service in public_services()
        for method in service.methods
    }
    assert wanted <= set(listed.split())


@pytest.mark.parametrize("method", UNARY)
async def test_every_service_can_be_called_by_reflection(edge: Edge, method: str) -> None:
    json.loads(await buf(*H2C, "-d", "{}", f"{edge.http}/{method}"))


async def test_the_tls_port_speaks_http_2_with_a_certificate(edge: Edge) -> None:
    words = ("--protocol", "grpc", "--cacert", str(edge.certificate.certificate))
    method = "kurto.gateway.v1.SessionService/GetSession"
    assert json.loads(await buf(*words, f"{edge.https}/{method}"))["principal"] == "anonymous"
    certificate = edge.certificate.certificate.read_bytes()
    target = f"localhost:{edge.numbers['tls']}"
    async with grpc.aio.secure_channel(
        target, grpc.ssl_channel_credentials(certificate)
    ) as channel:
        stub = session_service_pb2_grpc.SessionServiceStub(channel)
        session = await stub.GetSession(session_service_pb2.GetSessionRequest())
    assert session.anonymous


async def test_grpc_web_is_framed_as_browsers_read_it(web: aiohttp.ClientSession) -> None:
    request = session_service_pb2.GetSessionRequest().SerializeToString()
    body = b"\x00" + struct.pack(">I", len(request)) + request
    headers = {"Content-Type": "application/grpc-web+proto", "X-Grpc-Web": "1"}
    path = "/kurto.gateway.v1.SessionService/GetSession"
    async with web.post(path, data=body, headers=headers) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "application/grpc-web+proto"
        content = await answer.read()
    length = struct.unpack(">I", content[1:5])[0]
    session = session_service_pb2.GetSessionResponse.FromString(content[5 : 5 + length])
    assert session.principal == "anonymous"
    trailers = content[5 + length :]
    assert trailers[0] == 0x80
    assert b"grpc-status:0" in trailers
    kind = "application/grpc-web-text"
    text = {"Content-Type": kind, "Accept": kind, "X-Grpc-Web": "1"}
    async with web.post(path, data=base64.b64encode(body), headers=text) as answer:
        assert base64.b64decode(await answer.read())[5 : 5 + length] == content[5 : 5 + length]


async def test_a_service_that_is_unknown_is_unimplemented(channel: grpc.aio.Channel) -> None:
    call: Any = channel.unary_unary("/kurto.nothing.v1.NoService/Do")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(b"")
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


async def test_health_tells_the_truth_about_every_service(own_edge: Any) -> None:
    with own_edge() as edge:
        async with grpc.aio.insecure_channel(edge.target) as channel:
            stub: Any = health_pb2_grpc.HealthStub(channel)

            async def status(service: str) -> int:
                answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))
                return int(answer.status)

            async def becomes(wanted: int, *services: str) -> None:
                async with asyncio.timeout(60):
                    while {await status(service) for service in services} != {wanted}:
                        await asyncio.sleep(0.05)

            names = [service.full_name for service in public_services()]
            own = [name for name in names if name.startswith("kurto.gateway.")]
            peers = [name for name in names if name not in own]
            await becomes(health_pb2.HealthCheckResponse.SERVING, "", *names)
            edge.kill("upstream")
            await becomes(health_pb2.HealthCheckResponse.NOT_SERVING, "", *peers)
            await becomes(health_pb2.HealthCheckResponse.SERVING, *own)
            edge.start_upstream()
            await becomes(health_pb2.HealthCheckResponse.SERVING, "", *names)


async def test_more_streams_than_the_usual_limits_pass_one_connection(edge: Edge) -> None:
    async with grpc.aio.insecure_channel(edge.target) as channel:
        stub = ingest_service_pb2_grpc.IngestServiceStub(channel)
        batch = ingest_service_pb2.StreamBatch(slot=1)
        batch.batch.planar = bytes(1000)
        calls: list[Any] = [stub.Push() for _ in range(STREAM_COUNT)]

        async def send(call: Any) -> None:
            async with asyncio.timeout(60):
                await call.write(ingest_service_pb2.PushRequest(batch=batch))

        await asyncio.gather(*map(send, calls))  # all are open at once
        await asyncio.gather(*(call.done_writing() for call in calls))
        answers = await asyncio.gather(*calls)
    assert [one.results[0].accepted_sample_count for one in answers] == [1000] * STREAM_COUNT


def test_the_entry_point_of_envoys_container_starts_envoy(edge: Edge, tmp_path: Path) -> None:
    ports_found = ports.free_ports("127.0.0.1", 3)
    upstream = f"localhost:{edge.numbers['upstream']}"
    environment = {
        "KURTO_ENVOY_HTTP_PORT": str(ports_found[0]),
        "KURTO_ENVOY_TLS_PORT": str(ports_found[1]),
        "KURTO_ENVOY_ADMIN_PORT": str(ports_found[2]),
        "KURTO_ENVOY_CERTIFICATE": str(edge.certificate.certificate),
        "KURTO_ENVOY_PRIVATE_KEY": str(edge.certificate.private_key),
        "KURTO_ENVOY_DIRECTORY": str(tmp_path / "envoy"),
        "KURTO_INGEST_ADDRESS": upstream,
        "KURTO_ANALYZER_ADDRESS": upstream,
        "KURTO_ALERTS_ADDRESS": upstream,
        "KURTO_GATEWAY_ADDRESS": f"localhost:{edge.numbers['gateway']}",
        "KURTO_GATEWAY_HTTP_PORT": str(edge.numbers["gateway_http"]),
    }
    edge.start("entry", [sys.executable, "-m", "kurto_gateway.envoy"], environment)
    try:
        edge.serving(f"http://127.0.0.1:{ports_found[0]}/api/stream/status")
        edge.serving(f"http://127.0.0.1:{ports_found[0]}/api/session")
        edge.serving(f"http://127.0.0.1:{ports_found[0]}/")
    finally:
        edge.kill("entry", signal.SIGTERM)


def test_a_container_without_certificate_says_so(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kurto_gateway.envoy"],
        env={**os.environ, "KURTO_ENVOY_CERTIFICATE": str(tmp_path / "none.crt")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "none.crt cannot be read" in done.stderr
