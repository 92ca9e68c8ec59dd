"""Choose free TCP ports and tell who holds a taken one."""

import contextlib
import os
import random
import socket
from collections.abc import Collection
from pathlib import Path

from kurto_cli.stack.exceptions import StackError

_LOWEST_PORT = 10_000
_ATTEMPTS = 1_000


def ephemeral_floor() -> int:
    """Return the lowest port that the kernel gives to outgoing connections."""
    text = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii")
    return int(text.split()[0])


def is_free(host: str, port: int) -> bool:
    """Tell whether a server could listen on the address now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_ports(host: str, count: int, *, without: Collection[int] = ()) -> list[int]:
    """Choose different ports that nobody listens on.

    They lie below the range of outgoing connections, so that no connection of this machine
    takes one while its server restarts.

    Parameters
    ----------
    host : str
        Address to listen on.
    count : int
        How many ports.
    without : collection of int
        Ports that are meant for something else.

    Returns
    -------
    list of int
        ``count`` different ports.

    Raises
    ------
    StackError
        If too few are free.
    """
    ceiling = ephemeral_floor()
    lowest = _LOWEST_PORT if ceiling > _LOWEST_PORT + _ATTEMPTS else 1024
    source = random.SystemRandom()
    chosen: list[int] = []
    for _ in range(_ATTEMPTS):
        if len(chosen) == count:
            return chosen
        port = source.randrange(lowest, ceiling)
        if port not in chosen and port not in without and is_free(host, port):
            chosen.append(port)
    raise StackError(f"only {len(chosen)} of {count} free TCP ports found on {host}")


def require_free(host: str, port: int, *, option: str) -> None:
    """Refuse a port that somebody listens on.

    Raises
    ------
    StackError
        If it's taken; the message names the process where the system tells.
    """
    if is_free(host, port):
        return
    if port < 1024 and os.geteuid() != 0 and not holder_of(port):
        raise StackError(f"port {port} needs root: choose one of 1024 or above with {option}")
    holder = holder_of(port) or "another process (run as root to see which)"
    raise StackError(
        f"port {port} is in use by {holder}: stop it, or choose another port with {option} "
        "(0 picks a free one)"
    )


def holder_of(port: int) -> str | None:
    """Name the process that listens on a port, as ``name (pid N)``, if the system tells."""
    inodes = _listening_inodes(port)
    if not inodes:
        return None
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and _holds_one_of(process, wanted):
            name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
            return f"{name} (pid {process.name})"
    return None


def _listening_inodes(port: int) -> set[str]:
    listening = "0A"
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
                fields = line.split()
                if fields[3] == listening and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(fields[9])
    return inodes


def _holds_one_of(process: Path, wanted: set[str]) -> bool:
    try:
        for descriptor in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                if str(descriptor.readlink()) in wanted:
                    return True
    except OSError:
        return False
    return False
