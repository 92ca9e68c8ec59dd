"""How a kurto process lives: settings, run, identity, errors, health, logs, metrics."""
