"""Runs of hops as they arrive, and what a track makes of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from kurto.analyzer.v1 import analyzer_service_pb2 as pb
from kurto.signal.v1.features_pb2 import EmptyReason
from kurto_analyzer.exceptions import ByteCountMismatch, InvalidField
from kurto_analyzer.sensor_spec import SensorSpec

__all__ = ["CompletedWindow", "HopRun", "check_run", "received_run", "skip_reason"]

_HAS_VALUES = int(EmptyReason.EMPTY_REASON_UNSPECIFIED)
_MAX_RUN_HOPS = 1_000_000
_RUN_OVERHEAD_BYTES = 256


@dataclass(frozen=True, slots=True)
class HopRun:
    """Consecutive hops as they arrived.

    Attributes
    ----------
    first_hop : int
        Index of the first hop.
    hop_count : int
        Number of hops.
    planar : bytes
        Samples, or nothing when the hops are empty.
    empty_reason : int
        An `EmptyReason`; 0 when there are samples.
    late : bool
        True for one window on its own.
    shaft_speeds_hz : tuple of float
        Shaft speed of each hop, NaN where none was measured; empty when none was at all.
    loads : tuple of float
        Load at the end of each hop, NaN where none is known; empty when none is at all.
    """

    first_hop: int
    hop_count: int
    planar: bytes = b""
    empty_reason: int = _HAS_VALUES
    late: bool = False
    shaft_speeds_hz: tuple[float, ...] = ()
    loads: tuple[float, ...] = ()

    @property
    def cost(self) -> int:
        """Bytes that it takes while it is pending; an empty run is not for nothing."""
        return len(self.planar) + _RUN_OVERHEAD_BYTES


@dataclass(frozen=True, slots=True)
class CompletedWindow:
    """A window that the last step completed.

    Attributes
    ----------
    spec : SensorSpec
        Configuration at that moment.
    window_index : int
        Number of the window.
    empty_reason : int
        An `EmptyReason`; 0 when the window was added to the batch.
    late : bool
        True when it replaces an empty one.
    shaft_speed_hz : float
        The last speed measured in the window; NaN when none was.
    load : float
        Load at its end; NaN when it is not known.
    """

    spec: SensorSpec
    window_index: int
    empty_reason: int = _HAS_VALUES
    late: bool = False
    shaft_speed_hz: float = math.nan
    load: float = math.nan


def received_run(message: pb.HopRun) -> HopRun:
    """Return a run as it arrived."""
    return HopRun(
        first_hop=message.hop_index,
        hop_count=message.hop_count,
        planar=message.planar,
        empty_reason=message.empty_reason,
        late=message.late,
        shaft_speeds_hz=tuple(message.shaft_speeds_hz),
        loads=tuple(message.loads),
    )


def check_run(run: HopRun, spec: SensorSpec) -> None:
    """Refuse a run that contradicts the announcement of its sensor.

    Raises
    ------
    InvalidField
        For an impossible number of hops, shaft speed or load, an unknown reason, or a late run
        that is not one window.
    ByteCountMismatch
        When the bytes are not those of so many hops.
    """
    if run.first_hop < 0 or not 1 <= run.hop_count <= _MAX_RUN_HOPS:
        raise InvalidField(
            f"A run of {spec.sensor_id} starts at hop {run.first_hop} with {run.hop_count} "
            f"hops: send 1 to {_MAX_RUN_HOPS} hops, or SkipWindows for more.",
            field="hop_count", sensor_id=spec.sensor_id,
        )  # fmt: skip
    if not spec.holds_hop(run.first_hop + run.hop_count):
        raise InvalidField(
            f"Hop {run.first_hop} of {spec.sensor_id} is too far ahead: its time is past 2199.",
            field="hop_index", sensor_id=spec.sensor_id,
        )  # fmt: skip
    if run.empty_reason not in EmptyReason.values():
        raise InvalidField(
            f"A run of {spec.sensor_id} has the unknown empty_reason {run.empty_reason}.",
            field="empty_reason", sensor_id=spec.sensor_id,
        )  # fmt: skip
    if run.late and (run.hop_count != spec.geometry.window_hops or run.empty_reason):
        raise InvalidField(
            f"A late run of {spec.sensor_id} must hold the {spec.geometry.window_hops} hops "
            "of one window, none of them empty.",
            field="late", sensor_id=spec.sensor_id,
        )  # fmt: skip
    if run.shaft_speeds_hz:
        _check_speeds(run, spec)
    if run.loads:
        _check_loads(run, spec)
    expected = 0 if run.empty_reason else run.hop_count * spec.hop_bytes
    if len(run.planar) != expected:
        raise ByteCountMismatch(
            sensor_id=spec.sensor_id,
            hop_count=run.hop_count,
            expected_bytes=expected,
            actual_bytes=len(run.planar),
        )


def _check_speeds(run: HopRun, spec: SensorSpec) -> None:
    possible = all(math.isnan(speed) or 0.0 <= speed < math.inf for speed in run.shaft_speeds_hz)
    if len(run.shaft_speeds_hz) != run.hop_count or not possible:
        raise InvalidField(
            f"A run of {spec.sensor_id} has {len(run.shaft_speeds_hz)} shaft speeds for "
            f"{run.hop_count} hops: send one a hop, finite and >= 0 (NaN where none was "
            "measured), or none.",
            field="shaft_speeds_hz", sensor_id=spec.sensor_id,
        )  # fmt: skip


def _check_loads(run: HopRun, spec: SensorSpec) -> None:
    if len(run.loads) != run.hop_count or any(map(math.isinf, run.loads)):
        raise InvalidField(
            f"A run of {spec.sensor_id} has {len(run.loads)} loads for {run.hop_count} hops: send "
            "one a hop, finite (NaN where it is not known), or none.",
            field="loads", sensor_id=spec.sensor_id,
        )  # fmt: skip


def skip_reason(reason: int) -> int:
    """Return why windows are skipped; a reason that is not known counts as ANALYSIS_SKIPPED."""
    known = reason if reason in EmptyReason.values() else _HAS_VALUES
    return known or int(EmptyReason.EMPTY_REASON_ANALYSIS_SKIPPED)
