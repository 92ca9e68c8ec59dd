"""Rules on diagnoses: what long windows say of bearings, as frames that the engine evaluates."""
