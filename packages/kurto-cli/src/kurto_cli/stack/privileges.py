"""PostgreSQL refuses to run as root: choose the identity that it runs under.

An ordinary user runs it as themselves. Root runs it in a user namespace, where it looks like an
ordinary user and still owns root's files; where namespaces aren't permitted, as ``nobody``.
"""

import os
import pwd
import subprocess
from pathlib import Path

from kurto_cli.stack.exceptions import StackError
from kurto_cli.stack.parent_death import find_program

_NAMESPACE_ID = 1000


def unprivileged_prefix(directory: Path, program: Path) -> list[str]:
    """Return the words to put before a command that mustn't run as root.

    Parameters
    ----------
    directory : Path
        Existing directory that the command writes to. Its owner decides, so that data written
        under one identity is used under the same one later.
    program : Path
        The program; checked to be reachable by the chosen identity.

    Returns
    -------
    list of str
        Empty for an ordinary user.

    Raises
    ------
    StackError
        If the directory belongs to somebody else, or no identity can be used.
    """
    owner = directory.stat().st_uid
    user = os.geteuid()
    if user != 0:
        if owner != user:
            raise StackError(
                f"{directory} belongs to user id {owner}, and you are {user}: "
                "choose another directory with --data-dir, or run as that user"
            )
        return []
    if owner == 0 and namespaces_permitted():
        return _namespace_prefix()
    return _other_user_prefix(directory, program)


def namespaces_permitted() -> bool:
    """Tell whether this process may make user namespaces."""
    try:
        prefix = _namespace_prefix()
    except StackError:
        return False
    return subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0


def _namespace_prefix() -> list[str]:
    unshare = find_program("unshare")
    return [unshare, "--user", f"--map-user={_NAMESPACE_ID}", f"--map-group={_NAMESPACE_ID}"]


def _other_user_prefix(directory: Path, program: Path) -> list[str]:
    owner = directory.stat().st_uid
    account = pwd.getpwnam("nobody") if owner == 0 else pwd.getpwuid(owner)
    prefix = [
        find_program("setpriv"),
        f"--reuid={account.pw_uid}",
        f"--regid={account.pw_gid}",
        "--clear-groups",
        "--no-new-privs",
    ]
    for path in (program, directory.parent):
        reachable = subprocess.run([*prefix, "test", "-x", str(path)], check=False)
        if reachable.returncode != 0:
            raise StackError(
                "PostgreSQL doesn't run as root, user namespaces aren't permitted here, and the "
                f"user {account.pw_name!r} can't reach {path}: put the installation and --data-dir "
                "below directories that everybody may enter (chmod a+x), or run as an ordinary "
                "user, or set KURTO_POSTGRES_DSN to a server of your own"
            )
    if owner == 0:
        _give_away(directory, account.pw_uid, account.pw_gid)
    return prefix


def _give_away(directory: Path, user: int, group: int) -> None:
    os.chown(directory, user, group)
    for root, folders, files in os.walk(directory):
        for name in (*folders, *files):
            os.chown(Path(root) / name, user, group, follow_symlinks=False)
