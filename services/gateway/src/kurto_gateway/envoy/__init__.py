"""Envoy's configuration: `envoy.yaml` beside this file, and the contract that it serves as REST."""

from kurto_gateway.envoy.descriptors import descriptor_set
from kurto_gateway.envoy.rendering import render_config

__all__ = ["descriptor_set", "render_config"]
