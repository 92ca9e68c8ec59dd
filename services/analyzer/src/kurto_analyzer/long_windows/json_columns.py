"""The evidence of a diagnosis as JSON, as SQL users read it, and back: pure."""

from __future__ import annotations

import json
import math
from types import MappingProxyType
from typing import Any

from kurto_dsp.diagnosis import Diagnosis, Fault, FaultLine, Hint

__all__ = ["diagnosis_of", "evidence_json"]


def evidence_json(diagnosis: Diagnosis) -> tuple[str, str, str]:
    """Return scores, lines and hints; JSON knows no NaN, so what is NaN becomes null."""
    scores = {fault.value: _number(score) for fault, score in diagnosis.scores.items()}
    lines = [
        {
            "name": line.name,
            "expected_hz": line.expected_hz,
            "found_hz": _number(line.found_hz),
            "level_db": _number(line.level_db),
        }
        for line in diagnosis.lines
    ]
    hints = [
        {"pattern": hint.pattern, "score": _number(hint.score), "reason": hint.reason}
        for hint in diagnosis.hints
    ]
    return json.dumps(scores), json.dumps(lines), json.dumps(hints)


def diagnosis_of(
    fault: str,
    score: float | None,
    *,
    reason: str,
    scores: dict[str, float | None],
    lines: list[dict[str, Any]],
    hints: list[dict[str, Any]],
) -> Diagnosis:
    """Return the diagnosis that was stored; the inverse of `evidence_json`."""
    by_fault = {Fault(name): _value(value) for name, value in scores.items()}
    # JSON objects come back in the order of PostgreSQL: that of the families is restored.
    ordered = {family: by_fault[family] for family in Fault if family in by_fault}
    return Diagnosis(
        fault=Fault(fault),
        score=_value(score),
        scores=MappingProxyType(ordered),
        lines=tuple(FaultLine(**line) for line in lines),
        hints=tuple(Hint(hint["pattern"], _value(hint["score"]), hint["reason"]) for hint in hints),
        reason=reason,
    )


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value


def _value(stored: float | None) -> float:
    return math.nan if stored is None else stored
