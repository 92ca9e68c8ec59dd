"""Sources of samples: recordings, and simulated machines."""
