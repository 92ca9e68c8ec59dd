"""One suite for the fake and for Valkey: streams that are read by ids that grow."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from redis.asyncio import Redis
from tests.unit.gateway.messages import batch, packed

from kurto_gateway.fakes import FakeLiveStreams
from kurto_gateway.live.cursors import EntryId
from kurto_gateway.ports import Away, LiveStreams
from kurto_gateway.valkey import ValkeyStreams

STREAM = "kurto:test:0"


@dataclass
class Room:
    """The streams under test, and how somebody else writes to them."""

    streams: LiveStreams
    append: Callable[[bytes], Awaitable[EntryId]]
    trim: Callable[[EntryId], Awaitable[object]]
    cache: Callable[[str, bytes], Awaitable[object]]


@pytest.fixture(params=["fake", "valkey"])
async def room(request: pytest.FixtureRequest) -> AsyncIterator[Room]:
    if request.param == "fake":
        yield fake_room()
        return
    url = request.getfixturevalue("valkey_url")
    streams = ValkeyStreams(url)
    async with Redis.from_url(url) as writer:
        yield valkey_room(streams, writer)
    await streams.aclose()


def fake_room() -> Room:
    fake = FakeLiveStreams()

    async def append(payload: bytes) -> EntryId:
        return fake.append(STREAM, payload)

    async def trim(before: EntryId) -> None:
        fake.trim(STREAM, before)

    async def cache(_: str, payload: bytes) -> None:
        fake.cache(type(batch()).FromString(payload))

    return Room(fake, append, trim, cache)


def valkey_room(streams: ValkeyStreams, writer: Redis) -> Room:
    async def append(payload: bytes) -> EntryId:
        raw = await writer.xadd(STREAM, {"b": payload})
        assert isinstance(raw, bytes)
        return EntryId.parse(raw.decode())

    async def trim(before: EntryId) -> None:
        await writer.xtrim(STREAM, minid=str(before), approximate=False)

    async def cache(sensor_id: str, payload: bytes) -> None:
        await writer.set(f"kurto:latest:{sensor_id}", payload, ex=60)

    return Room(streams, append, trim, cache)


async def test_a_stream_that_never_was(room: Room) -> None:
    assert await room.streams.newest(STREAM) == EntryId(0, 0)
    assert await room.streams.oldest(STREAM) is None
    assert not await room.streams.read(STREAM, EntryId(0, 0), wait_s=0.02)
    assert not await room.streams.read_from(STREAM, EntryId(0, 0), count=5)


async def test_entries_come_after_an_id_in_order(room: Room) -> None:
    ids = [await room.append(b"%d" % n) for n in range(5)]
    assert ids == sorted(set(ids))
    found = await room.streams.read(STREAM, ids[1], wait_s=0.02)
    assert [(entry.entry_id, entry.payload) for entry in found] == [
        (ids[2], b"2"),
        (ids[3], b"3"),
        (ids[4], b"4"),
    ]
    assert await room.streams.newest(STREAM) == ids[4]
    assert await room.streams.oldest(STREAM) == ids[0]


async def test_a_reader_is_woken_by_the_next_entry(room: Room) -> None:
    await room.append(b"old")
    newest = await room.streams.newest(STREAM)
    reading = asyncio.create_task(_read(room.streams, newest))
    await asyncio.sleep(0.05)
    await room.append(b"\x00\xffnew\n")
    async with asyncio.timeout(15):  # long before the wait is over
        assert await reading == [b"\x00\xffnew\n"]


async def _read(streams: LiveStreams, after: EntryId) -> list[bytes]:
    return [entry.payload for entry in await streams.read(STREAM, after, wait_s=60)]


async def test_reading_from_an_id_is_inclusive_and_bounded(room: Room) -> None:
    ids = [await room.append(b"%d" % n) for n in range(5)]
    found = await room.streams.read_from(STREAM, ids[1], count=3)
    assert [entry.payload for entry in found] == [b"1", b"2", b"3"]


async def test_trimming_moves_the_oldest_but_not_the_newest(room: Room) -> None:
    ids = [await room.append(b"%d" % n) for n in range(5)]
    await room.trim(ids[3])
    assert await room.streams.oldest(STREAM) == ids[3]
    assert await room.streams.newest(STREAM) == ids[4]
    found = await room.streams.read_from(STREAM, ids[0], count=9)
    assert [entry.payload for entry in found] == [b"3", b"4"]


async def test_cached_frames_are_found_by_sensor(room: Room) -> None:
    cached = batch(packed("a", 5))
    await room.cache("a", cached.SerializeToString())
    assert list(await room.streams.latest(["b", "a"])) == [cached]
    assert not await room.streams.latest([])
    await room.streams.ping()


async def test_valkey_that_is_not_there_is_away(free_port: int) -> None:
    streams = ValkeyStreams(f"redis://127.0.0.1:{free_port}/0")
    for ask in (
        streams.ping(),
        streams.newest(STREAM),
        streams.read(STREAM, EntryId(0, 0), wait_s=0.01),
        streams.latest(["a"]),
    ):
        with pytest.raises(Away):
            await ask
    await streams.aclose()
