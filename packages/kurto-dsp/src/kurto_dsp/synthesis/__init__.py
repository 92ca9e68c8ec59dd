"""Vibration of simulated machines with known faults: seeded, at any sample index, in g."""

from kurto_dsp.synthesis.machine import Fault, MachineModel, SeverityRamp
from kurto_dsp.synthesis.signal import MachineSignal

__all__ = ["Fault", "MachineModel", "MachineSignal", "SeverityRamp"]
