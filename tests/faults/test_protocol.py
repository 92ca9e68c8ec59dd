"""Senders that repeat themselves and leave things out."""

from __future__ import annotations

import datetime as dt
import random
from urllib.parse import urlsplit

from tests.conftest import RunningStack
from tests.faults.message_plans import batches, dropped, merged, repeated, spans
from tests.faults.plain_sender import CHANNELS, PlainSender, open_channel, ranges
from tests.faults.rig.report import DrillBook, at_least, holds, none_of
from tests.faults.rig.scale import Scale
from tests.faults.stored import Stored, read_back

RATE_HZ = 2000.0
HOP, WINDOW = 200, 2000
GAP = 1  # EmptyReason
CALLS = 6


def windows_of(total: int) -> int:
    """Return the number of whole windows in `total` samples."""
    return (total - WINDOW) // HOP + 1


async def send(
    sender: PlainSender, plan: list[tuple[int, int]], *, calls: int, start_time: dt.datetime
) -> int:
    """Send a plan in several calls, with a resumption in the middle; return the duplicates."""
    await sender.create()
    await sender.open(start_time=start_time)
    duplicates = 0
    size = -(-len(plan) // calls)
    for number, at in enumerate(range(0, len(plan), size)):
        if number == calls // 2:
            await sender.open()  # as after a break: the same epoch under the next fence
        messages = [sender.batch(first, end) for first, end in plan[at : at + size]]
        duplicates += (await sender.push(messages)).duplicate_sample_count
    return duplicates


async def stored(stack: RunningStack, sender: PlainSender, total: int) -> Stored:
    """Read what is stored of a sender's epoch."""
    return await read_back(
        stack.ready["postgres_dsn"],
        sender.sensor_id,
        sender.epoch,
        hop=HOP,
        channels=len(CHANNELS),
        window_count=windows_of(total),
    )


async def test_batches_sent_several_times_leave_the_rows_of_a_clean_run(
    stack: RunningStack, book: DrillBook, scale: Scale
) -> None:
    chance = random.Random(11)
    seconds = scale.seconds(10, 120)
    total = round(seconds * RATE_HZ)
    plan = batches(chance, total, smallest=20, largest=700)
    copies = list(repeated(chance, plan, most=4, reach=2000))
    start_time = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=seconds + 60)
    async with open_channel(urlsplit(stack.ready["http"]).netloc) as channel:
        clean = PlainSender(channel, "repeat-clean", seed="repeat")
        faulty = PlainSender(channel, "repeat-often", seed="repeat")
        assert await send(clean, plan, calls=CALLS, start_time=start_time) == 0
        duplicates = await send(faulty, copies, calls=CALLS, start_time=start_time)
    expected, found = await stored(stack, clean, total), await stored(stack, faulty, total)
    sent = sum(end - first for first, end in copies)
    book.add(
        *("11", "each batch sent 1 to 4 times, overlapping: rows identical"),
        load=f"1 sensor of 2 channels at 2 kHz for {seconds:g} s in {len(plan)} batches",
        fault=f"{len(copies)} batches sent for {len(plan)}, each up to 2000 samples early or late",
        figures=[
            holds(f"all {total} samples of the clean run stored", expected.sample_count == total),
            holds(f"{len(found.cells)} cells identical", found.cells == expected.cells),
            none_of("samples lost or doubled", abs(found.sample_count - total)),
            none_of("duplicates miscounted", abs(duplicates - (sent - total))),
            holds(
                f"{windows_of(total)} windows identical",
                found.windows == expected.windows and len(found.windows) == windows_of(total),
            ),
            none_of("windows doubled", found.doubled_window_count),
        ],
    )


async def test_batches_that_never_come_are_reported_exactly(
    stack: RunningStack, book: DrillBook, scale: Scale
) -> None:
    chance = random.Random(12)
    seconds = scale.seconds(30, 300)
    total = round(seconds * RATE_HZ)
    plan = batches(chance, total, smallest=50, largest=400)
    lost = dropped(chance, plan, 0.02)
    gaps = merged(lost)
    async with open_channel(urlsplit(stack.ready["http"]).netloc) as channel:
        sender = PlainSender(channel, "left-out")
        await sender.create()
        await sender.open(start_time=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=seconds + 60))
        sent = [one for one in plan if one not in set(lost)]
        acknowledged: list[tuple[int, int]] = []
        for at in range(0, len(sent), 100):
            messages = [sender.batch(first, end) for first, end in sent[at : at + 100]]
            acknowledged = ranges((await sender.push(messages)).missing_ranges)
        position, status = await sender.position(), await sender.status()
        # Given up, they are no longer waited for, and stay gaps all the same.
        await sender.push([sender.abandon(first, end) for first, end in gaps])
        given_up, status_after = await sender.position(), await sender.status()
    found = await stored(stack, sender, total)
    held = merged(sorted((b[0], b[0] + b[1]) for cell in found.cells.values() for b in cell))  # type: ignore[operator,misc]
    spanning = {k for k in range(windows_of(total)) if spans(gaps, k, hop=HOP, window=WINDOW)}
    values = {k for k, window in found.windows.items() if window.empty_reason == 0}
    missing = sum(end - first for first, end in gaps)
    book.add(
        *("12", "random batches dropped for good: gaps exact, no window with values spans one"),
        load=f"1 sensor of 2 channels at 2 kHz for {seconds:g} s in {len(plan)} batches",
        fault=f"{len(lost)} batches never sent, {missing} samples in {len(gaps)} gaps",
        figures=[
            holds("gaps in the acknowledgment exact", acknowledged == gaps),
            holds("gaps in the position exact", ranges(position.missing_ranges) == gaps),
            holds(
                "gaps in the status exact",
                (status.gap_count, status.missing_sample_count) == (len(gaps), missing),
            ),
            holds("stored is what was sent", held == merged(sent)),
            none_of("ranges waited for once given up", len(given_up.missing_ranges)),
            holds("still counted once given up", status_after.missing_sample_count == missing),
            none_of("windows with values over a gap", len(values & spanning)),
            none_of(
                "windows over a gap that do not say so",
                sum(found.windows[k].empty_reason != GAP for k in spanning & set(found.windows)),
            ),
            none_of("windows missing", windows_of(total) - len(found.windows)),
            none_of(
                "windows without a gap and without values",
                len(set(found.windows) - spanning - values),
            ),
            at_least("windows with values", len(values), 1),
        ],
    )
