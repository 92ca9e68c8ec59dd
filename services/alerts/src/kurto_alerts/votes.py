"""Several channels under one condition: the k-th furthest beyond counts."""

from dataclasses import dataclass

import numpy as np

from kurto_alerts.conditions import ConditionTable, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Ballot:
    """One window of the conditions of several channels.

    Attributes
    ----------
    slots, votes : IntArray
        Shape (n,): slots, and how many channels must be beyond.
    values, held : FloatArray
        Shape (n, channels): values of the window, NaN for null or no channel, and the last valid
        ones up to it.
    """

    slots: IntArray
    votes: IntArray
    values: FloatArray
    held: FloatArray


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a ballot changed: positions of it, the values that are reported, and whose they are."""

    changed: IntArray
    values: FloatArray
    channels: IntArray


def joined(ballots: list[Ballot]) -> Ballot:
    """Return ballots as one, the narrower ones filled up with NaN."""
    width = max(ballot.values.shape[1] for ballot in ballots)

    def widened(values: FloatArray) -> FloatArray:
        missing = width - values.shape[1]
        return np.pad(values, ((0, 0), (0, missing)), constant_values=np.nan)

    return Ballot(
        np.concatenate([ballot.slots for ballot in ballots]),
        np.concatenate([ballot.votes for ballot in ballots]),
        np.vstack([widened(ballot.values) for ballot in ballots]),
        np.vstack([widened(ballot.held) for ballot in ballots]),
    )


def vote(table: ConditionTable, ballot: Ballot) -> Verdict:
    """Take one window of each slot and return what changed.

    A channel without a value counts for nothing towards a limit, while an alert ends only if its
    last value would not stand against that: a dead channel must not clear its own alert. Where
    these two differ the condition is frozen, and also where no channel has a value.
    """
    rows = np.arange(len(ballot.slots))
    lowest = table.lowest[ballot.slots]
    margins = _beyond(table, ballot.slots, ballot.values)
    held = _beyond(table, ballot.slots, ballot.held)
    least, most = _furthest(margins, ballot.votes), _furthest(held, ballot.votes)
    mildest = margins[rows, :, lowest]
    present = np.isfinite(ballot.values)
    frozen = ~present.any(axis=1) | (least[rows, lowest] <= 0) & (most[rows, lowest] > 0)
    # Stable, so that of equal channels the first one is named.
    order = np.argsort(-mildest, axis=1, kind="stable")
    at = np.clip(np.minimum(ballot.votes, present.sum(axis=1)) - 1, 0, None)
    channels = order[rows, at]
    values = ballot.values[rows, channels]
    kept = np.flatnonzero(~frozen)
    changed, _ = table.step_margins(ballot.slots[kept], values[kept], least[kept], most[kept])
    return Verdict(kept[changed], values, channels)


def _beyond(table: ConditionTable, slots: IntArray, values: FloatArray) -> FloatArray:
    margins = table.margins(slots, values)
    return np.where(np.isnan(values)[..., None], -np.inf, margins)


def _furthest(margins: FloatArray, votes: IntArray) -> FloatArray:
    """Return the k-th largest margin of each slot and level; -inf with fewer channels than k."""
    descending = -np.sort(-margins, axis=1)
    at = np.minimum(votes, margins.shape[1]) - 1
    found = np.take_along_axis(descending, at[:, None, None], axis=1)[:, 0]
    return np.where((votes > margins.shape[1])[:, None], -np.inf, found)
