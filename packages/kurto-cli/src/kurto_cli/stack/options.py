"""What the user of `kurto up` can choose."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kurto_cli.stack.exceptions import StackError


@dataclass(frozen=True)
class UpOptions:
    """The options of `kurto up`.

    Parameters
    ----------
    data_dir : Path
        Everything that is kept over restarts.
    host : str
        Address that Envoy listens on; the services themselves stay on the loopback interface.
    http_port, tls_port : int
        Ports of Envoy; 0 picks a free one.
    ready_file : Path, optional
        Written when all is serving.
    log_dir : Path, optional
        One log file for each process there, instead of the console.
    demo : bool
        Start simulated machines too.
    """

    data_dir: Path = Path(".kurto")
    host: str = "127.0.0.1"
    http_port: int = 8080
    tls_port: int = 8443
    ready_file: Path | None = None
    log_dir: Path | None = None
    demo: bool = False

    @property
    def local_host(self) -> str:
        """Where programs of this machine reach Envoy."""
        if self.host in {"0.0.0.0", "::"}:
            return "127.0.0.1"
        return f"[{self.host}]" if ":" in self.host else self.host


def require_safe(options: UpOptions, environ: Mapping[str, str]) -> None:
    """Refuse to let other machines in without tokens, and tokens that services can't show.

    Raises
    ------
    StackError
        If the host isn't a loopback address and no tokens file is set, or a tokens file is set
        without a token for the services.
    """
    if not environ.get("KURTO_TOKENS_FILE"):
        if not _is_loopback(options.host):
            raise StackError(
                f"--host {options.host} lets other machines in: set KURTO_TOKENS_FILE to a file of "
                "tokens, or use --host 127.0.0.1"
            )
        return
    if not environ.get("KURTO_SERVICE_TOKEN"):
        raise StackError(
            "KURTO_TOKENS_FILE is set, so the services need a token for each other: set "
            "KURTO_SERVICE_TOKEN to one that the file lists with the role admin"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
