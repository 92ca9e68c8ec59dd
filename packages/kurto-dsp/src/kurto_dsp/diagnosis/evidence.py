"""The lines of each family in a spectrum, as evidence for or against it."""

from collections.abc import Sequence

from kurto_dsp.diagnosis.combs import Comb, Tooth
from kurto_dsp.diagnosis.line_levels import hidden_by_shaft, line_level
from kurto_dsp.diagnosis.results import FaultLine, ShaftSpeed, SpeedSource
from kurto_dsp.diagnosis.scoring import FamilyScore
from kurto_dsp.diagnosis.whitening import EnvelopeSpectrum


def evidence_lines(
    spectrum: EnvelopeSpectrum, scores: Sequence[FamilyScore], speed: ShaftSpeed
) -> tuple[FaultLine, ...]:
    """Return all teeth of the highest family and the first line of each other one.

    Each is looked for where the family's best slip puts it, so that the lines of a family
    belong together.

    Parameters
    ----------
    spectrum : EnvelopeSpectrum
    scores : sequence of FamilyScore
    speed : ShaftSpeed

    Returns
    -------
    tuple of FaultLine
    """
    ranked = sorted(scores, key=lambda score: -score.z if score.z == score.z else float("inf"))
    lines = [_line(spectrum, ranked[0], tooth, speed) for tooth in ranked[0].comb.teeth]
    lines += [_line(spectrum, score, score.comb.teeth[0], speed) for score in ranked[1:]]
    return tuple(lines)


def _line(
    spectrum: EnvelopeSpectrum, score: FamilyScore, tooth: Tooth, speed: ShaftSpeed
) -> FaultLine:
    comb: Comb = score.comb
    expected_hz = comb.order_of(tooth) * speed.hz
    shifted_hz = expected_hz + tooth.harmonic * comb.base_order * speed.hz * score.slip
    # Lines that are all off by the same part say how far a nameplate speed is off.
    is_measured = speed.source is SpeedSource.MEASURED
    turning = ShaftSpeed(speed.hz * (1.0 if is_measured else 1.0 + score.slip))
    level = line_level(spectrum, centre_hz=shifted_hz, reach_hz=0.0)
    if level is None or hidden_by_shaft(
        level.found_hz, turning, resolution_hz=spectrum.resolution_hz
    ):
        return FaultLine(tooth.name, expected_hz, None, None)
    return FaultLine(tooth.name, expected_hz, level.found_hz, level.level_db)
