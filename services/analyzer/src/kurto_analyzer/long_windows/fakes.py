"""The store in memory, for tests; it passes the same contract suite as the real one."""

from __future__ import annotations

from kurto_analyzer.long_windows.results import (
    ChannelDiagnosis,
    DiagnosisQuery,
    LongFeatureQuery,
    LongFeatures,
    LongResult,
    WindowKey,
)

__all__ = ["FakeLongResults"]


class FakeLongResults:
    """`LongResultStore` in memory.

    Attributes
    ----------
    failures : list of Exception
        Raised by the next calls of `save`, one each, before anything is stored.
    """

    def __init__(self) -> None:
        self.failures: list[Exception] = []
        self._results: dict[tuple[str, WindowKey], LongResult] = {}

    async def save(self, result: LongResult) -> bool:
        """Store features and diagnoses of a window together; False if they are there already."""
        if self.failures:
            raise self.failures.pop(0)
        key = (result.window.sensor_id, result.window.order)
        is_new = key not in self._results
        self._results.setdefault(key, result)
        return is_new

    async def newest_diagnoses(self, sensor_id: str) -> list[ChannelDiagnosis]:
        """Return the diagnoses of the newest window that has any, in the order of channels."""
        found = [result for result in self._of(sensor_id) if result.diagnoses]
        return list(found[-1].diagnoses) if found else []

    async def list_diagnoses(self, query: DiagnosisQuery) -> list[ChannelDiagnosis]:
        """Return diagnoses by end time, epoch, window index and channel."""
        found = [
            one
            for result in self._of(query.sensor_id)
            for one in result.diagnoses
            if _within(one.window.end_us, query)
            and (not query.channels or one.channel in query.channels)
            and (not query.faults or one.diagnosis.fault in query.faults)
            and (query.after is None or one.order > query.after)
        ]
        return sorted(found, key=lambda one: one.order)[: query.limit]

    async def list_features(self, query: LongFeatureQuery) -> list[LongFeatures]:
        """Return features by end time, epoch and window index."""
        found = [
            result.features
            for result in self._of(query.sensor_id)
            if _within(result.window.end_us, query)
            and (query.after is None or result.window.order > query.after)
        ]
        return found[: query.limit]

    def _of(self, sensor_id: str) -> list[LongResult]:
        found = [result for (name, _), result in self._results.items() if name == sensor_id]
        return sorted(found, key=lambda result: result.window.order)


def _within(end_us: int, query: DiagnosisQuery | LongFeatureQuery) -> bool:
    return (query.after_us is None or end_us > query.after_us) and (
        query.until_us is None or end_us <= query.until_us
    )
