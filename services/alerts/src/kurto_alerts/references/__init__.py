"""What frames are compared with: baselines, machine classes, operating states, diagnoses."""
