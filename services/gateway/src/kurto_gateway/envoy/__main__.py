"""``python -m kurto_gateway.envoy`` runs Envoy in a container: renders its configuration first."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from kurto_gateway.envoy.descriptors import descriptor_set
from kurto_gateway.envoy.rendering import render_config
from kurto_gateway.envoy.settings import EnvoySettings, EnvoySettingsError, load_envoy_settings

_WRONG_SETTINGS = 2


def prepare(settings: EnvoySettings) -> Path:
    """Write Envoy's configuration and return where it is.

    Raises
    ------
    EnvoySettingsError
        When the certificate or its key cannot be read.
    """
    for path in (settings.certificate, settings.private_key):
        if not os.access(path, os.R_OK):
            raise EnvoySettingsError(
                f"{path} cannot be read: mount a PEM certificate and its key there, or name other "
                "files in KURTO_ENVOY_CERTIFICATE and KURTO_ENVOY_PRIVATE_KEY"
            )
    settings.directory.mkdir(parents=True, exist_ok=True)
    descriptors = settings.directory / "descriptors.binpb"
    descriptors.write_bytes(descriptor_set())
    configuration = settings.directory / "envoy.yaml"
    configuration.write_text(render(settings, descriptors), encoding="utf-8")
    return configuration


def render(settings: EnvoySettings, descriptors: Path) -> str:
    """Return the configuration for `settings`."""
    ingest, analyzer = settings.address("ingest"), settings.address("analyzer")
    alerts, gateway = settings.address("alerts"), settings.address("gateway")
    return render_config(
        host=settings.host,
        http_port=settings.http_port,
        tls_port=settings.tls_port,
        admin_port=settings.admin_port,
        ingest=ingest.port,
        analyzer=analyzer.port,
        alerts=alerts.port,
        gateway=gateway.port,
        gateway_http=settings.gateway_http_port,
        descriptor_set=descriptors,
        certificate=settings.certificate,
        private_key=settings.private_key,
        ingest_host=ingest.host,
        analyzer_host=analyzer.host,
        alerts_host=alerts.host,
        gateway_host=gateway.host,
        cors_origins=settings.cors_origins,
        access_log=settings.access_log,
    )


def main() -> NoReturn:
    """Become Envoy."""
    try:
        settings = load_envoy_settings()
        configuration = prepare(settings)
    except EnvoySettingsError as error:
        sys.stderr.write(f"kurto envoy: {error}\n")
        sys.exit(_WRONG_SETTINGS)
    words = [str(settings.program), "--config-path", str(configuration), "--disable-hot-restart"]
    words += ["--concurrency", str(settings.concurrency), "--log-level", "warning"]
    os.execv(words[0], words)


if __name__ == "__main__":
    main()
