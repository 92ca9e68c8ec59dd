"""The fault rig: load, faults, and the checks that tell whether anything was lost."""
