"""A damaged cage: harmonics of its own speed in the envelope."""

import math

from kurto_dsp.diagnosis.results import Hint, ShaftSpeed
from kurto_dsp.diagnosis.scoring import FamilyScorer
from kurto_dsp.diagnosis.whitening import EnvelopeSpectrum

LEAST_CAGE_Z = 7.0
"""z from which the cage is named.

Higher than for the races: its few low harmonics lie where belts, gears and the shaft's own
half orders modulate too, and few bases are left for its null (noise reaches 6 in a window).
"""


def cage_hint(
    spectrum: EnvelopeSpectrum, scorer: FamilyScorer, speed: ShaftSpeed
) -> tuple[Hint, ...]:
    """Return a hint at the cage if the harmonics of FTF stand out, else nothing.

    Not to be asked when the balls are the verdict: their lines come with those of the cage.

    Parameters
    ----------
    spectrum : EnvelopeSpectrum
    scorer : FamilyScorer
    speed : ShaftSpeed
    """
    score = scorer.cage(spectrum)
    if math.isnan(score.z) or score.z < LEAST_CAGE_Z:
        return ()
    ftf_hz = score.comb.base_order * speed.hz
    reason = f"harmonics of FTF ({ftf_hz:.2f} Hz) stand out with z {score.z:.1f}"
    return (Hint("cage", 1.0 - 1.0 / score.z, reason),)
