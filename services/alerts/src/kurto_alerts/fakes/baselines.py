"""Baselines in memory: their owner, and what is kept of it."""

from collections.abc import Sequence

from kurto_alerts.references.baselines import BaselineVersion
from kurto_alerts.references.ports import BaselineNews


class FakeBaselineSource:
    """Implements `BaselineSource`.

    Attributes
    ----------
    failures : list of Exception
        Raised by the next calls, one each.
    """

    def __init__(self) -> None:
        self.failures: list[Exception] = []
        self._news: list[BaselineNews] = []
        self._versions: dict[int, BaselineVersion] = {}

    def tell(self, version: BaselineVersion) -> None:
        """Freeze a baseline, or end it."""
        self._versions[version.baseline_id] = version
        number = len(self._news) + 1
        self._news.append(BaselineNews(number, version.sensor_id, version.baseline_id))

    async def news(self, after_number: int) -> Sequence[BaselineNews]:
        """Return the next events behind one, oldest first; none for now if empty."""
        if self.failures:
            raise self.failures.pop(0)
        return self._news[after_number : after_number + 2]

    async def get(self, sensor_id: str, baseline_id: int) -> BaselineVersion | None:
        """Return a baseline; None unless it is frozen."""
        return self._versions.get(baseline_id)


class MemoryBaselines:
    """Implements `BaselineVersionStore`."""

    def __init__(self) -> None:
        self._versions: dict[int, BaselineVersion] = {}
        self._event_number = 0

    async def load_baselines(self) -> tuple[list[BaselineVersion], int]:
        """Return all that are kept and the number of the newest event that is taken up."""
        return [self._versions[number] for number in sorted(self._versions)], self._event_number

    async def save_baselines(self, versions: Sequence[BaselineVersion], event_number: int) -> None:
        """Keep new baselines and ends of known ones, up to an event."""
        if event_number > self._event_number:
            self._event_number = event_number
            self._versions.update({version.baseline_id: version for version in versions})
