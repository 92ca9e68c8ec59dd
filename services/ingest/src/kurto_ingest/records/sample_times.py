"""From sample indexes to times that are corrected by what was measured of the sender's clock."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from kurto_ingest.streams.stream_format import StreamFormat

__all__ = ["SampleTime", "corrected_time"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleTime:
    """What was known of the time of one sample: one row of ``ingest.stream_times``.

    Attributes
    ----------
    sensor_id : str
        Sensor in question.
    epoch : int
        Epoch of the index.
    first_index : int
        The sample; what the row says holds from it on.
    device_us : int
        The sender's clock at it, in microseconds since 1970-01-01T00:00:00Z.
    offset_us : int
        Its corrected minus its nominal time.
    rate_error_ppm : float
        How much faster than nominal the converter samples, in parts per million.
    jump : bool
        True if the offset jumped at this sample: it does not lie on a line with the row before.
    """

    sensor_id: str
    epoch: int
    first_index: int
    device_us: int
    offset_us: int
    rate_error_ppm: float
    jump: bool = False


def corrected_time(
    rows: Sequence[SampleTime], stream_format: StreamFormat, index: int
) -> int | None:
    """Return the corrected time of a sample.

    Parameters
    ----------
    rows : sequence of SampleTime
        Rows of the epoch, ascending; at least the last one at or before `index` and the first one
        after it, as `kurto_ingest.ports.SampleTimeStore.between` returns them.
    stream_format : StreamFormat
        The epoch.
    index : int
        Absolute sample index.

    Returns
    -------
    int or None
        Microseconds since 1970-01-01T00:00:00Z; None if there are no rows.

    Notes
    -----
    Between two rows the offset is interpolated linearly. Before the first, after the last, and up
    to a jump it is extrapolated from the nearest row by its rate error.
    """
    if not rows:
        return None
    after = bisect_right(rows, index, key=lambda row: row.first_index)
    before = rows[max(after - 1, 0)]
    following = rows[after] if 0 < after < len(rows) else None
    nominal_us = stream_format.time_us(index)
    elapsed_us = nominal_us - stream_format.time_us(before.first_index)
    if following is None or following.jump:
        slope = -before.rate_error_ppm * 1e-6
    else:
        span_us = stream_format.time_us(following.first_index) - nominal_us + elapsed_us
        slope = (following.offset_us - before.offset_us) / span_us
    return nominal_us + before.offset_us + round(slope * elapsed_us)
