"""Runs alerts: `python -m kurto_alerts`."""

from kurto_alerts.settings import AlertsSettings
from kurto_alerts.wiring import wire
from kurto_service.runtime import main

if __name__ == "__main__":
    main("alerts", AlertsSettings, wire)
