"""A damaged cage: harmonics of its own speed in the envelope."""

import math

from kurto_dsp.bearings import BearingGeometry
from kurto_dsp.diagnosis.combs import Comb, Tooth
from kurto_dsp.diagnosis.results import Fault, Hint, ShaftSpeed
from kurto_dsp.diagnosis.scoring import score_comb
from kurto_dsp.diagnosis.whitening import EnvelopeSpectrum

LEAST_Z = 5.0
"""z from which the cage is named.

Higher than for the races: its few low harmonics lie where belts, gears and the shaft's own
half orders modulate too.
"""

HARMONICS = 4


def cage_hint(
    spectrum: EnvelopeSpectrum, *, bearing: BearingGeometry, speed: ShaftSpeed
) -> tuple[Hint, ...]:
    """Return a hint at the cage if the harmonics of FTF stand out, else nothing.

    Not to be asked when the balls are the verdict: their lines come with those of the cage.

    Parameters
    ----------
    spectrum : EnvelopeSpectrum
    bearing : BearingGeometry
    speed : ShaftSpeed
    """
    order = bearing.defect_frequencies(1.0).ftf_hz
    teeth = tuple(Tooth(f"{k}xFTF", k) for k in range(1, HARMONICS + 1))
    comb = Comb(Fault.NONE, order, 0.0, teeth)
    z = score_comb(comb, spectrum, bearing=bearing, speed=speed).z
    if math.isnan(z) or z < LEAST_Z:
        return ()
    reason = f"{HARMONICS} harmonics of FTF ({order * speed.hz:.2f} Hz) stand out with z {z:.1f}"
    return (Hint("cage", 1.0 - 1.0 / z, reason),)
