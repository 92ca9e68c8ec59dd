"""What long windows need from the outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from kurto_analyzer.long_windows.results import (
    ChannelDiagnosis,
    DiagnosisQuery,
    LongFeatureQuery,
    LongFeatures,
    LongResult,
)

__all__ = ["GrowthSource", "LongResultStore", "NoBaselines"]


class LongResultStore(Protocol):
    """Results of long windows, durable."""

    async def save(self, result: LongResult) -> bool:
        """Store features and diagnoses of a window together; False if they are there already."""
        ...

    async def newest_diagnoses(self, sensor_id: str) -> list[ChannelDiagnosis]:
        """Return the diagnoses of the newest window that has any, in the order of channels."""
        ...

    async def list_diagnoses(self, query: DiagnosisQuery) -> list[ChannelDiagnosis]:
        """Return diagnoses by end time, epoch, window index and channel."""
        ...

    async def list_features(self, query: LongFeatureQuery) -> list[LongFeatures]:
        """Return features by end time, epoch and window index."""
        ...


class GrowthSource(Protocol):
    """Learned baselines, in memory."""

    def growth(self, sensor_id: str) -> Mapping[str, float]:
        """Return level over baseline by channel; without the channels that have no baseline."""
        ...


class NoBaselines:
    """`GrowthSource` of an analyzer without baselines."""

    def growth(self, sensor_id: str) -> Mapping[str, float]:
        """Return nothing."""
        return {}
