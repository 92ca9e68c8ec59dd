"""``python -m kurto_gateway`` runs the gateway."""

from kurto_gateway.settings import GatewaySettings
from kurto_gateway.wiring import wire
from kurto_service.runtime import main

if __name__ == "__main__":
    main("gateway", GatewaySettings, wire)
