"""What is measured: sites, machines, sensors, their configurations and retention."""
