"""What senders' clocks show: offset, drift, steps. Pure."""
