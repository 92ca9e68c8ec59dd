"""The condition of every (sensor, channel, rule) at once, as arrays.

A condition is NORMAL, PENDING, ACTIVE at a severity, or RECOVERING. It is kept as counts of valid
windows per level, from which all four follow:

- `beyond[l]`: windows in a row beyond the limit of level l. A level whose count reaches its `for`
  is confirmed; the condition is ACTIVE at its most severe confirmed level.
- `inside[l]`: windows since the value came back inside the limit of level l by the deadband,
  without having been beyond the limit again in between (a hysteresis comparator). Once the count
  of the active level reaches the recovery time, the severity falls to the next level that has
  not recovered, or the condition is NORMAL again.

A window without a value changes no count: gaps, null features and stopped sensors freeze the
condition, they never resolve it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kurto_alerts.rules import SEVERITY_COUNT, Operator, Rule

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

UNREACHABLE = np.iinfo(np.int32).max
COUNT_CEILING = 1 << 30  # a count stops here: years of windows must not overflow


@dataclass(frozen=True)
class Limits:
    """The limits of one rule in a channel's unit; one entry a severity, INFO first.

    Attributes
    ----------
    lower, upper, deadband : FloatArray
        Shape (3,). A missing level can never be passed.
    sign : float
        -1 for INSIDE, which is OUTSIDE turned round; else 1.
    present : NDArray[np.bool_]
        Shape (3,): severities that the rule has.
    """

    lower: FloatArray
    upper: FloatArray
    deadband: FloatArray
    sign: float
    present: NDArray[np.bool_]

    def margin(self, value: float, severity: int) -> float:
        """Return how far `value` lies beyond the limits of a severity; negative means inside."""
        at = severity - 1
        return float(self.sign * max(self.lower[at] - value, value - self.upper[at]))


def limits_of(rule: Rule, factor: float) -> Limits:
    """Return the limits of a rule, multiplied by `factor` into the channel's unit."""
    inside = rule.operator is Operator.INSIDE
    absent = np.inf if inside else -np.inf  # inf, inf turned round is as far inside as -inf, inf
    lower = np.full(SEVERITY_COUNT, absent)
    upper = np.full(SEVERITY_COUNT, np.inf)
    deadband = np.zeros(SEVERITY_COUNT)
    present = np.zeros(SEVERITY_COUNT, bool)
    for level in rule.levels:
        at = level.severity - 1
        present[at] = True
        lower[at] = -np.inf if level.lower is None else level.lower * factor
        upper[at] = np.inf if level.upper is None else level.upper * factor
        # A single limit has its own size as the measure; the limit 0 has none: no deadband.
        bounds = [bound for bound in (lower[at], upper[at]) if np.isfinite(bound)]
        measure = bounds[1] - bounds[0] if len(bounds) == 2 else abs(bounds[0])
        deadband[at] = rule.deadband_ratio * measure
    return Limits(lower, upper, deadband, -1.0 if inside else 1.0, present)


class ConditionTable:
    """Conditions by slot; a slot is one (sensor, channel, rule).

    All arrays have one row a slot, those of levels one column a severity. Slots are given out by
    `allocate` in runs and never given back; whoever changes rules or sensors makes a new table.
    """

    def __init__(self, capacity: int = 64) -> None:
        self.size = 0
        self.lower = np.empty((capacity, SEVERITY_COUNT))
        self.upper = np.empty((capacity, SEVERITY_COUNT))
        self.deadband = np.empty((capacity, SEVERITY_COUNT))
        self.present = np.empty((capacity, SEVERITY_COUNT), bool)
        self.required = np.empty((capacity, SEVERITY_COUNT), np.int32)
        self.sign = np.empty((capacity, 1))
        self.recovery = np.empty(capacity, np.int32)
        self.lowest = np.empty(capacity, np.intp)
        self.beyond = np.empty((capacity, SEVERITY_COUNT), np.int32)
        self.inside = np.empty((capacity, SEVERITY_COUNT), np.int32)
        self.severity = np.empty(capacity, np.int8)
        self.recovering = np.empty(capacity, bool)
        self.worst_margin = np.empty(capacity)
        self.worst_value = np.empty(capacity)

    def allocate(self, count: int) -> int:
        """Reserve `count` slots in a row, all NORMAL, and return the first."""
        start, end = self.size, self.size + count
        if end > len(self.sign):
            self._grow(max(end, 2 * len(self.sign)))
        rows = slice(start, end)
        self.beyond[rows] = 0
        self.inside[rows] = 0
        self.severity[rows] = 0
        self.recovering[rows] = False
        self.worst_margin[rows] = -np.inf
        self.worst_value[rows] = 0.0
        self.size = end
        return start

    def _grow(self, capacity: int) -> None:
        for name, array in vars(self).items():
            if isinstance(array, np.ndarray):
                larger = np.empty((capacity, *array.shape[1:]), array.dtype)
                larger[: len(array)] = array
                setattr(self, name, larger)

    def configure(self, slot: int, limits: Limits, *, required: list[int], recovery: int) -> None:
        """Set what the condition in `slot` is compared with.

        Parameters
        ----------
        slot : int
            Row to set.
        limits : Limits
            Limits in the channel's unit.
        required : list of int
            Windows that confirm each severity, INFO first; ignored where the level is missing.
        recovery : int
            Windows inside that end a level.
        """
        self.lower[slot] = limits.lower
        self.upper[slot] = limits.upper
        self.deadband[slot] = limits.deadband
        self.sign[slot] = limits.sign
        self.present[slot] = limits.present
        self.required[slot] = np.where(limits.present, required, UNREACHABLE)
        self.recovery[slot] = recovery
        self.lowest[slot] = int(np.argmax(limits.present))

    def scale_limits(self, slot: int, limits: Limits, multiplier: float) -> None:
        """Multiply the limits of a slot, and with them the deadband, by a number > 0."""
        self.lower[slot] = limits.lower * multiplier
        self.upper[slot] = limits.upper * multiplier
        self.deadband[slot] = limits.deadband * multiplier

    def step(self, slots: IntArray, values: FloatArray) -> tuple[IntArray, IntArray]:
        """Take one window of each slot and return what changed.

        Parameters
        ----------
        slots : IntArray
            Shape (n,): distinct slots.
        values : FloatArray
            Shape (n,): their values in the channels' units; NaN for null, which freezes.

        Returns
        -------
        changed : IntArray
            Positions in `slots` whose severity or recovering changed.
        before : IntArray
            Severities of these before the window.
        """
        valid = np.isfinite(values)
        if not valid.all():
            kept = np.flatnonzero(valid)
            changed, before = self.step(slots[kept], values[kept])
            return kept[changed], before
        margin = self.margins(slots, values)
        return self.step_margins(slots, values, margin, margin)

    def margins(self, slots: IntArray, values: FloatArray) -> FloatArray:
        """Return how far values lie beyond each level's limit; negative means inside.

        Parameters
        ----------
        slots : IntArray
            Shape (n,).
        values : FloatArray
            Shape (n,), or (n, m) for m channels of each slot; NaN gives NaN.

        Returns
        -------
        FloatArray
            Shape (n, 3) or (n, m, 3).
        """
        shape = (len(slots), *(1,) * (values.ndim - 1), SEVERITY_COUNT)
        column = values[..., None]
        lower, upper = self.lower[slots].reshape(shape), self.upper[slots].reshape(shape)
        sign = self.sign[slots].reshape((*shape[:-1], 1))
        margin: FloatArray = sign * np.maximum(lower - column, column - upper)
        return margin

    def step_margins(
        self, slots: IntArray, values: FloatArray, least: FloatArray, most: FloatArray
    ) -> tuple[IntArray, IntArray]:
        """Take one window of each slot by margins beyond the limits, and return what changed.

        Parameters
        ----------
        slots : IntArray
            Shape (n,): distinct slots.
        values : FloatArray
            Shape (n,): the values that are reported.
        least, most : FloatArray
            Shape (n, 3): margins that are certain, and those that are possible where something
            is missing; the same where nothing is.

        Returns
        -------
        changed, before : IntArray
            As from `step`.
        """
        self._count(slots, least, most)
        severity_before = self.severity[slots]
        recovering_before = self.recovering[slots]
        severity, recovering = self._decide(slots, severity_before)
        self.severity[slots] = severity
        self.recovering[slots] = recovering
        self._keep_worst(slots, values, least)
        changed = np.flatnonzero((severity != severity_before) | (recovering != recovering_before))
        return changed, severity_before[changed].astype(np.int64)

    def _count(self, slots: IntArray, least: FloatArray, most: FloatArray) -> None:
        """Advance the counts of each level."""
        beyond = least > 0
        clear = most <= -self.deadband[slots]
        present = self.present[slots]
        # Back from a milder level is back from every more severe one, whatever their deadbands.
        clear[:, 1] |= clear[:, 0] & present[:, 0]
        clear[:, 2] |= clear[:, 1] & present[:, 1] | clear[:, 0] & present[:, 0]
        inside = self.inside[slots]
        counts = np.minimum(self.beyond[slots] + 1, COUNT_CEILING)
        self.beyond[slots] = np.where(beyond, counts, 0)
        counted = ~(most > 0) & (clear | (inside > 0))
        self.inside[slots] = np.where(counted, np.minimum(inside + 1, COUNT_CEILING), 0)

    def _decide(
        self, slots: IntArray, severity: NDArray[np.int8]
    ) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
        """Return severity and recovering after the counts were advanced."""
        rows = np.arange(len(slots))
        ranks = np.arange(1, SEVERITY_COUNT + 1, dtype=np.int8)
        inside = self.inside[slots]
        confirmed = ((self.beyond[slots] >= self.required[slots]) * ranks).max(axis=1, initial=0)
        active = severity > 0
        current_inside = inside[rows, severity - 1]
        held = self.present[slots] & (inside < self.recovery[slots][:, None])
        lower = held & (ranks < severity[:, None])
        fallback = (lower * ranks).max(axis=1, initial=0)
        ended = active & (current_inside >= self.recovery[slots])
        after = np.where(ended, fallback, severity)
        after = np.where(confirmed > severity, confirmed, after).astype(np.int8)
        lowest_inside = inside[rows, self.lowest[slots]] > 0
        return after, (after > 0) & lowest_inside & (inside[rows, after - 1] > 0)

    def _keep_worst(self, slots: IntArray, values: FloatArray, margin: FloatArray) -> None:
        """Remember the value furthest beyond the mildest limit since it was first passed."""
        lowest = self.lowest[slots]
        beyond_mildest = margin[np.arange(len(slots)), lowest]
        before = self.worst_margin[slots]  # -inf unless active or pending
        going_on = (self.severity[slots] > 0) | (self.beyond[slots, lowest] > 0)
        better = going_on & (beyond_mildest > before)
        after = np.where(better, beyond_mildest, before)
        self.worst_margin[slots] = np.where(going_on, after, -np.inf)
        self.worst_value[slots] = np.where(better, values, self.worst_value[slots])
