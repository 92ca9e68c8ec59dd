"""Which baselines sensors have, for the tracks that compare with them."""

from collections.abc import Iterable, Sequence

from kurto_alerts.frames import SensorProfile
from kurto_alerts.references.baselines import BaselineVersion
from kurto_alerts.references.track import SensorTrack, make_track
from kurto_alerts.rules import Rule

MOST_VERSIONS = 16
"""Newest baselines of one sensor that are remembered: older ones hold for no window to come."""


class BaselineBook:
    """Holds the frozen baselines of all sensors; what is put in holds from the next window on."""

    def __init__(self) -> None:
        self._versions: dict[str, list[BaselineVersion]] = {}

    def versions(self, sensor_id: str) -> Sequence[BaselineVersion]:
        """Return the baselines of a sensor by number; the same object changes with the book."""
        return self._versions.setdefault(sensor_id, [])

    def put(self, versions: Iterable[BaselineVersion]) -> None:
        """Take new baselines, and known ones that have ended."""
        for version in versions:
            held = self._versions.setdefault(version.sensor_id, [])
            known = {one.baseline_id: one for one in held} | {version.baseline_id: version}
            held[:] = [known[number] for number in sorted(known)][-MOST_VERSIONS:]

    def make_track(
        self, sensor_id: str, profile: SensorProfile | None, rules: Iterable[Rule]
    ) -> SensorTrack | None:
        """Return what follows the references of a sensor, None if none of these rules needs it."""
        return make_track(profile, rules, self.versions(sensor_id))
