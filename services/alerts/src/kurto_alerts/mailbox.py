"""What the rest of the process tells the evaluator, until it is taken up."""

from collections.abc import Callable, Sequence

from kurto_alerts.data_quality.silence import StreamReport
from kurto_alerts.frames import SensorProfile


class Mailbox:
    """What the rest of the process tells the evaluator.

    Attributes
    ----------
    rules_changed : bool
        True until the changed rules are taken up.
    """

    def __init__(self) -> None:
        self.rules_changed = False
        self._profiles: dict[str, SensorProfile] = {}
        self._streams: tuple[Sequence[StreamReport] | None, int] | None = None
        self._listener: Callable[[], None] | None = None

    def listen(self, listener: Callable[[], None]) -> None:
        """Have `listener` called for each piece of news."""
        self._listener = listener

    def put_rules(self) -> None:
        """Say that rules have changed."""
        self.rules_changed = True
        if self._listener is not None:
            self._listener()

    def put_profiles(self, profiles: Sequence[SensorProfile]) -> None:
        """Pass on what the registry said."""
        self._profiles.update({profile.sensor_id: profile for profile in profiles})
        if self._listener is not None:
            self._listener()

    def put_streams(self, reports: Sequence[StreamReport] | None, now_us: int) -> None:
        """Pass on what ingest said of the streams at a time of day; the newest counts."""
        self._streams = (reports, now_us)
        if self._listener is not None:
            self._listener()

    def take_streams(self) -> tuple[Sequence[StreamReport] | None, int] | None:
        """Return what was said last, None if that is nothing new."""
        streams, self._streams = self._streams, None
        return streams

    def take_profiles(self) -> list[SensorProfile]:
        """Return the profiles that have come since the last call."""
        profiles, self._profiles = list(self._profiles.values()), {}
        return profiles
