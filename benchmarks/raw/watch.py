"""What ingest's metrics say during a run: lag, and how long transactions took."""

from __future__ import annotations

import re
import threading
import time
import urllib.request
from collections.abc import Mapping
from statistics import median
from types import TracebackType

_LAG = "kurto_ingest_commit_lag_seconds"
_ANALYSIS_LAG = "kurto_ingest_analysis_lag_seconds"
_BUCKET = re.compile(r'kurto_ingest_commit_seconds_bucket\{le="([^"]+)"\}')
_GROWTH_S = 0.3
_LARGEST_S = 2.0


class Watch:
    """Looks at the metrics of ingest until the block ends.

    Parameters
    ----------
    url : str
        Address of the Prometheus page.
    interval_s : float
        Time between two looks.
    """

    def __init__(self, url: str, interval_s: float = 1.0) -> None:
        self._url = url
        self._interval_s = interval_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._before: Mapping[str, float] = {}
        self._after: Mapping[str, float] = {}
        self.commit_lags_s: list[float] = []
        self.analysis_lags_s: list[float] = []

    def __enter__(self) -> Watch:
        self._before = self._read()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._after = self._read()

    def _run(self) -> None:
        while not self._stop.wait(self._interval_s):
            values = self._read()
            self.commit_lags_s.append(values[_LAG])
            self.analysis_lags_s.append(values[_ANALYSIS_LAG])

    def _read(self) -> dict[str, float]:
        with urllib.request.urlopen(self._url, timeout=5.0) as answer:
            lines = answer.read().decode().splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if line.startswith("kurto_ingest_"))
        return {name: float(value) for name, value in pairs}

    @property
    def lag_grew(self) -> bool:
        """Whether samples waited ever longer for their commit, or for too long."""
        lags_s = self.commit_lags_s or [0.0]
        third = max(1, len(lags_s) // 3)
        first_s, last_s = median(lags_s[:third]), median(lags_s[-third:])
        return last_s - first_s > _GROWTH_S or last_s > _LARGEST_S

    def commit_ms(self, part: float) -> float:
        """Return a quantile of the transactions' duration, between the bounds of its bucket."""
        bounds, counts = [0.0], [0.0]
        for name, value in self._after.items():
            if found := _BUCKET.fullmatch(name):
                bounds.append(float(found[1]))
                counts.append(value - self._before.get(name, 0.0))
        wanted = part * counts[-1]
        above = next(k for k in range(1, len(counts)) if counts[k] >= wanted)
        share = (wanted - counts[above - 1]) / max(1.0, counts[above] - counts[above - 1])
        upper = bounds[above] if bounds[above] < float("inf") else bounds[above - 1]
        return 1e3 * (bounds[above - 1] + share * (upper - bounds[above - 1]))

    @property
    def commit_count(self) -> int:
        """Transactions."""
        name = "kurto_ingest_commit_seconds_count"
        return round(self._after[name] - self._before.get(name, 0.0))


def wait_until(monotonic_s: float) -> None:
    """Sleep until a monotonic time."""
    time.sleep(max(0.0, monotonic_s - time.monotonic()))
