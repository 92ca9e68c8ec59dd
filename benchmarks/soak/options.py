"""How a soak is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class SoakOptions:
    """Read from ``KURTO_SOAK_<NAME>``.

    Parameters
    ----------
    sensors : int
        Two-channel sensors at 25.6 kHz, each pushed by the SDK on a stream of its own.
    duration_s : float
        How long samples are pushed.
    warmup_s : float
        Time that is not judged: caches fill, ring buffers and the live streams reach their bound
        (ten minutes).
    sample_interval_s : float
        Time between two looks at the processes.
    reopen_interval_s : float
        How often each sensor closes its stream and opens it again, resuming its epoch; 0: never.
    kill_interval_s : float
        How often one process is killed, each in turn; 0: never.
    """

    sensors: int = 10
    duration_s: float = 3600.0
    warmup_s: float = 600.0
    sample_interval_s: float = 10.0
    reopen_interval_s: float = 300.0
    kill_interval_s: float = 0.0

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> SoakOptions:
        """Return the options that the environment holds, defaults for the others.

        Raises
        ------
        ValueError
            If one is no positive number, naming the variable.
        """
        duration_s = _number(environ, "DURATION_S", cls.duration_s)
        return cls(
            sensors=round(_number(environ, "SENSORS", cls.sensors)),
            duration_s=duration_s,
            warmup_s=_number(environ, "WARMUP_S", min(cls.warmup_s, duration_s / 3)),
            sample_interval_s=_number(
                environ, "SAMPLE_INTERVAL_S", min(cls.sample_interval_s, duration_s / 60)
            ),
            reopen_interval_s=_number(environ, "REOPEN_INTERVAL_S", cls.reopen_interval_s),
            kill_interval_s=_number(environ, "KILL_INTERVAL_S", cls.kill_interval_s),
        )


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    variable = f"KURTO_SOAK_{name}"
    text = environ.get(variable, "")
    try:
        value = float(text) if text else default
    except ValueError:
        raise ValueError(f"{variable} is {text!r}: set it to a number") from None
    if value < 0:
        raise ValueError(f"{variable} is {text!r}: set it to 0 or more")
    return value
