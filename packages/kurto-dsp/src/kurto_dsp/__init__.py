"""Vibration signal processing in NumPy and SciPy: pure functions, no I/O."""
