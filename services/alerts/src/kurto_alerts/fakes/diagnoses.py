"""Diagnoses in memory."""

from kurto_alerts.diagnoses.ports import DiagnosisPage
from kurto_alerts.diagnoses.scores import DiagnosedWindow


class MemoryDiagnoses:
    """`DiagnosisSource` of what a test puts in.

    Parameters
    ----------
    page_size : int
        Windows in a page at most.

    Attributes
    ----------
    windows : list of DiagnosedWindow
        What is stored.
    asked : list of tuple
        Sensor and end of each question.
    """

    def __init__(self, page_size: int = 100) -> None:
        self._page_size = page_size
        self.windows: list[DiagnosedWindow] = []
        self.asked: list[tuple[str, int]] = []

    async def page(
        self, sensor_id: str, *, after_us: int, until_us: int | None = None
    ) -> DiagnosisPage:
        """Return the next stored diagnoses of a sensor."""
        self.asked.append((sensor_id, after_us))
        found = sorted(
            (
                window
                for window in self.windows
                if window.sensor_id == sensor_id
                and after_us < window.end_us
                and (until_us is None or window.end_us <= until_us)
            ),
            key=lambda window: window.end_us,
        )
        page = found[: self._page_size]
        return DiagnosisPage(sensor_id, page, len(page) == len(found))
