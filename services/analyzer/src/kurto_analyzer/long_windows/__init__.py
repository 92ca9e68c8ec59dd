"""Long windows: the newest seconds of each sensor, their features, and diagnoses."""
