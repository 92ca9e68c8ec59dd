"""Figures about alarms as lines for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kurto.alerts.v1 import alarm_report_pb2 as pb
from kurto.alerts.v1 import alerts_pb2, operator_actions_pb2


def report_lines(report: pb.AlarmReport) -> Iterator[str]:
    """Yield a report as lines."""
    start = report.start_time.ToJsonString()
    yield f"{start} to {report.end_time.ToJsonString()}: {report.alarm_count} alarms"
    yield from _table(
        ("alarms per", "mean", "most", "acceptable", "manageable"),
        (
            (name, f"{rate.mean:.2f}", rate.maximum, f"{rate.acceptable:g}",
             f"{rate.maximum_manageable:g}")
            for name, rate in (
                ("10 minutes", report.per_ten_minutes),
                ("hour", report.per_hour),
                ("day", report.per_day),
            )
        ),
    )  # fmt: skip
    yield f"in flood (more than 10 in 10 minutes): {report.flood_share:.1%} of the time"
    yield from _table(
        ("priority", "alarms", "share", "suggested"),
        (
            (alerts_pb2.Priority.Name(one.priority).removeprefix("PRIORITY_"), one.alarm_count,
             f"{one.share:.1%}", f"{one.suggested_share:.0%}")
            for one in report.priorities
        ),
    )  # fmt: skip
    yield _acknowledgments(report)
    yield from _sources("bad actors", report.bad_actors)
    yield from _sources(f"chattering: {report.chattering_count}", report.chattering)
    yield from _table(
        (f"stale: {report.stale_count}", "since"),
        ((_name(one.key), one.raise_time.ToJsonString()) for one in report.stale),
    )
    yield from _table(
        ("findings", "true", "false", "not said", "false share"),
        (
            (one.rule_id, one.true_count, one.false_count, one.open_count,
             f"{one.false_share:.1%}" if one.HasField("false_share") else "-")
            for one in report.findings
        ),
    )  # fmt: skip


def _acknowledgments(report: pb.AlarmReport) -> str:
    if not report.HasField("acknowledge_median"):
        return "acknowledgments: none"
    median = report.acknowledge_median.ToTimedelta().total_seconds()
    p95 = report.acknowledge_p95.ToTimedelta().total_seconds()
    return f"acknowledgments: {report.acknowledgment_count}, median {median:.0f} s, p95 {p95:.0f} s"


def _sources(title: str, sources: Iterable[pb.AlarmSource]) -> Iterator[str]:
    return _table(
        (title, "alarms", "share", "most in a minute"),
        (
            (_name(one.key), one.alarm_count, f"{one.share:.1%}", one.largest_per_minute)
            for one in sources
        ),
    )


def _name(key: operator_actions_pb2.AlertKey) -> str:
    place = [name for name in (key.machine_id, key.sensor_id, key.channel) if name]
    return f"{'/'.join(place)} {key.rule_id}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield an empty line, heads and rows; the first column stands left, the others right."""
    lines = [heads, *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(heads))]
    yield ""
    for first, *rest in lines:
        cells = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        yield "  ".join([first.ljust(widths[0]), *cells]).rstrip()
