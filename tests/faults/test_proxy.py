"""The fault proxy does to a connection what it is told to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from tests.faults.rig.proxy import Direction, FaultProxy, Link, Verdict, fault_proxy

PATIENCE_S = 30.0


@dataclass
class End:
    """One end of a connection to an echo server, through the proxy."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, data: bytes, timeout_s: float = PATIENCE_S) -> bytes:
        self.writer.write(data)
        async with asyncio.timeout(timeout_s):
            return await self.reader.readexactly(len(data))


@pytest.fixture
async def proxy() -> AsyncIterator[FaultProxy]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(100_000):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with fault_proxy(server.sockets[0].getsockname()[1]) as proxy:
        yield proxy
    server.close()


async def connect(proxy: FaultProxy) -> End:
    return End(*await asyncio.open_connection("127.0.0.1", proxy.port))


async def test_forwards_what_comes(proxy: FaultProxy) -> None:
    end = await connect(proxy)
    data = bytes(range(256)) * 4096
    assert await end.ask(data) == data
    end.writer.close()


async def test_latency_delays_without_holding_others_up(proxy: FaultProxy) -> None:
    end = await connect(proxy)
    await end.ask(b"first")
    proxy.up.latency_s, proxy.down.latency_s = 0.3, 0.2
    started_s = time.monotonic()
    assert await end.ask(b"x") == b"x"
    once_s = time.monotonic() - started_s
    assert once_s >= 0.5
    started_s = time.monotonic()
    for _ in range(10):  # ten pieces on the way together
        end.writer.write(b"y")
        await asyncio.sleep(0.02)
    assert await end.reader.readexactly(10) == b"y" * 10
    assert time.monotonic() - started_s < 10 * 0.5
    end.writer.close()


async def test_reset_ends_connections_and_lets_new_ones_in(proxy: FaultProxy) -> None:
    end = await connect(proxy)
    await end.ask(b"hello")
    proxy.reset()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await end.ask(b"hello")
    again = await connect(proxy)
    assert await again.ask(b"hello") == b"hello"
    again.writer.close()


async def test_cut_refuses_until_mended(proxy: FaultProxy) -> None:
    proxy.cut()
    end = await connect(proxy)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await end.ask(b"hello")
    proxy.mend()
    again = await connect(proxy)
    assert await again.ask(b"hello") == b"hello"
    again.writer.close()


async def test_slices_and_bandwidth(proxy: FaultProxy) -> None:
    end = await connect(proxy)
    proxy.up.slice_bytes = 7
    assert await end.ask(b"0123456789" * 50) == b"0123456789" * 50
    proxy.up.clear()
    proxy.down.bytes_per_s = 50_000
    started_s = time.monotonic()
    await end.ask(bytes(20_000))
    assert 0.3 < time.monotonic() - started_s < PATIENCE_S
    end.writer.close()


async def test_a_black_hole_holds_back_and_loses_nothing(proxy: FaultProxy) -> None:
    end = await connect(proxy)
    proxy.black_hole()
    with pytest.raises(TimeoutError):
        await end.ask(b"hello", timeout_s=0.3)
    proxy.clear()
    async with asyncio.timeout(PATIENCE_S):
        assert await end.reader.readexactly(5) == b"hello"
    end.writer.close()


async def test_one_direction_only(proxy: FaultProxy) -> None:
    end = await connect(proxy)
    seen: list[bytes] = []

    def watch(link: Link, direction: Direction, data: bytes) -> Verdict:
        if direction is Direction.UP:
            seen.append(data)
        return Verdict.FORWARD

    proxy.intercept = watch
    proxy.down.black_hole = True
    with pytest.raises(TimeoutError):
        await end.ask(b"one way", timeout_s=0.3)
    async with asyncio.timeout(PATIENCE_S):
        while b"".join(seen) != b"one way":
            await asyncio.sleep(0.01)
    end.writer.close()


@pytest.mark.parametrize(
    ("verdict", "arrives"), [(Verdict.CUT, False), (Verdict.FORWARD_AND_CUT, True)]
)
async def test_an_interceptor_cuts_at_a_message(verdict: Verdict, arrives: bool) -> None:
    got = asyncio.Event()

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(100):
                if data == b"COMMIT":
                    got.set()
        except OSError:
            pass
        finally:
            writer.close()

    begun = asyncio.Event()

    def intercept(link: Link, direction: Direction, data: bytes) -> Verdict:
        begun.set()
        return verdict if data == b"COMMIT" else Verdict.FORWARD

    server = await asyncio.start_server(receive, "127.0.0.1", 0)
    async with fault_proxy(server.sockets[0].getsockname()[1]) as proxy:
        proxy.intercept = intercept
        end = await connect(proxy)
        end.writer.write(b"BEGIN")
        async with asyncio.timeout(PATIENCE_S):
            await begun.wait()  # or both might be one piece
        await asyncio.sleep(0.1)
        end.writer.write(b"COMMIT")
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await end.reader.readexactly(1)
        end.writer.close()
        if arrives:
            async with asyncio.timeout(PATIENCE_S):
                await got.wait()
        await asyncio.sleep(0.1)
        assert got.is_set() == arrives
    server.close()
