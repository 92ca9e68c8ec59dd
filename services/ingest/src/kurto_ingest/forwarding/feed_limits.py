"""How far the feed of one stream goes."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FeedLimits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLimits:
    """How far a feed goes.

    Attributes
    ----------
    in_flight_hops : int
        Hops sent beyond those of acknowledged windows.
    backlog_bytes : int
        Hops read from the store ahead of sending.
    max_lag_s : float
        Lag beyond which the newest epoch skips to its newest hop: in time of the samples, and in
        time for which they have been waiting.
    retention_s : float
        How long samples can be read from the store.
    """

    in_flight_hops: int
    backlog_bytes: int
    max_lag_s: float
    retention_s: float
