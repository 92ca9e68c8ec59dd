"""The catalogue of bearings as it is served: what a sensor may be declared to watch."""
