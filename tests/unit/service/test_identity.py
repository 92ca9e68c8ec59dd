"""Principals, roles and tokens."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kurto_service.access import StartRefused, authenticator_for
from kurto_service.exceptions import PermissionDenied, Unauthenticated
from kurto_service.identity import (
    ANONYMOUS,
    ROLES,
    Principal,
    Role,
    acting_as,
    current_principal,
    required_roles,
    requires,
)
from kurto_service.settings import ServiceSettings
from kurto_service.testing import FakeClock
from kurto_service.tokens import (
    AnonymousAccess,
    TokenFile,
    TokenFileError,
    hash_token,
    is_loopback,
)


def entry(token: str, name: str, roles: str = '["viewer"]', more: str = "") -> str:
    return (
        f'[[tokens]]\nsha256 = "{hash_token(token)}"\nprincipal = "{name}"\n'
        f"roles = {roles}\n{more}\n"
    )


def rewrite(path: Path, text: str) -> None:
    path.write_text(text)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 6, 1, tzinfo=UTC))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "tokens.toml"
    file.write_text(entry("a-token", "alice") + entry("b-token", "bob", '["admin"]'))
    return file


@pytest.mark.parametrize(
    ("granted", "implied"),
    [
        ("sensor", {"sensor"}),
        ("viewer", {"viewer"}),
        ("operator", {"operator", "viewer"}),
        ("engineer", {"engineer", "operator", "viewer", "sensor"}),
        ("admin", set(ROLES)),
    ],
)
def test_a_role_holds_those_below(granted: Role, implied: set[str]) -> None:
    principal = Principal(name="p", roles=frozenset({granted}))

    assert {role for role in ROLES if principal.has_role(role)} == implied


def test_any_of_the_accepted_roles_suffices() -> None:
    sensor = Principal(name="pump-7", roles=frozenset({"sensor"}))

    sensor.require("engineer", "sensor")
    with pytest.raises(PermissionDenied, match="needs the role viewer or operator") as caught:
        sensor.require("viewer", "operator")
    assert caught.value.metadata == {"role": "viewer,operator", "principal": "pump-7"}


def test_the_principal_is_known_inside_a_call_only() -> None:
    with acting_as(ANONYMOUS):
        assert current_principal() is ANONYMOUS
    with pytest.raises(RuntimeError, match="outside of an RPC"):
        current_principal()


def test_a_declared_role_is_found_on_the_bound_method() -> None:
    class Servicer:
        @requires("operator", "sensor")
        async def Method(self) -> None: ...

        async def Undeclared(self) -> None: ...

    assert required_roles(Servicer().Method) == ("operator", "sensor")
    assert required_roles(Servicer().Undeclared) is None


@pytest.mark.parametrize("roles", [(), ("root",)])
def test_unknown_roles_cannot_be_declared(roles: tuple[Role, ...]) -> None:
    with pytest.raises(ValueError, match="name one or more of viewer"):
        requires(*roles)


def test_a_token_names_its_principal(path: Path, clock: FakeClock) -> None:
    tokens = TokenFile(path, clock)

    assert tokens.authenticate("Bearer a-token").name == "alice"
    assert tokens.authenticate("bearer  b-token ") == Principal(
        name="bob", roles=frozenset({"admin"})
    )


@pytest.mark.parametrize(
    ("authorization", "advice"),
    [
        (None, "send the metadata 'authorization: Bearer <token>'"),
        ("", "is not a bearer token: send"),
        ("Basic YTpi", "is not a bearer token: send"),
        ("Bearer ", "is not a bearer token: send"),
        ("Bearer wrong", "is not known: check that it is complete"),
        ("Bearer " + hash_token("a-token"), "is not known"),
    ],
)
def test_no_valid_token_says_what_to_do(
    path: Path, clock: FakeClock, authorization: str | None, advice: str
) -> None:
    with pytest.raises(Unauthenticated, match=advice):
        TokenFile(path, clock).authenticate(authorization)


async def test_a_token_expires(path: Path, clock: FakeClock) -> None:
    rewrite(path, entry("a-token", "alice", more="expires = 2026-06-01T01:00:00Z"))
    tokens = TokenFile(path, clock)
    assert tokens.authenticate("Bearer a-token").name == "alice"

    await clock.advance(3600)

    with pytest.raises(Unauthenticated, match="of 'alice' expired at 2026-06-01T01:00:00"):
        tokens.authenticate("Bearer a-token")


async def test_the_file_is_read_again_when_it_changes(path: Path, clock: FakeClock) -> None:
    tokens = TokenFile(path, clock)
    rewrite(path, entry("c-token", "carol"))
    assert tokens.authenticate("Bearer a-token").name == "alice"  # not looked at yet

    await clock.advance(2)

    assert tokens.authenticate("Bearer c-token").name == "carol"
    with pytest.raises(Unauthenticated):
        tokens.authenticate("Bearer a-token")


async def test_a_bad_edit_leaves_the_last_good_version(
    path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = TokenFile(path, clock)
    rewrite(path, "[[tokens]\n")

    await clock.advance(2)

    assert tokens.authenticate("Bearer a-token").name == "alice"
    assert "Tokens file is wrong; the previous one stays in force" in caplog.messages


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "lists no"),
        ("tokens = 3", "lists no"),
        ("tokens = [3]", "token 1: an entry must be a table"),
        ("not toml", "cannot read"),
        (entry("x", "alice").replace('sha256 = "', 'sha256 = "z'), "sha256 must be 64"),
        (entry("x", ""), "principal must be a name"),
        (entry("x", "alice", "[]"), "roles must list one or more of viewer"),
        (entry("x", "alice", '["root"]'), "roles must list"),
        (entry("x", "alice", "[[1]]"), "roles must list"),
        (entry("x", "alice", more="expires = 2026-01-01"), "expires must be a date-time"),
        (entry("x", "alice", more="expires = 2026-01-01T00:00:00"), "with an offset"),
    ],
)
def test_a_wrong_file_is_refused(path: Path, clock: FakeClock, text: str, problem: str) -> None:
    path.write_text(text)

    with pytest.raises(TokenFileError, match=problem):
        TokenFile(path, clock)


def test_a_missing_file_is_refused(tmp_path: Path, clock: FakeClock) -> None:
    with pytest.raises(TokenFileError, match="cannot read the tokens file"):
        TokenFile(tmp_path / "nothing", clock)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.5", False),
        ("example.org", False),
        ("", False),
    ],
)
def test_loopback_is_recognised(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_anonymous_callers_exist_on_loopback_only(path: Path, clock: FakeClock) -> None:
    assert isinstance(authenticator_for(ServiceSettings(host="127.0.0.1"), clock), AnonymousAccess)
    assert isinstance(
        authenticator_for(ServiceSettings(host="0.0.0.0", tokens_file=path), clock), TokenFile
    )
    with pytest.raises(StartRefused, match=r"KURTO_HOST=0\.0\.0\.0 .*set KURTO_TOKENS_FILE"):
        authenticator_for(ServiceSettings(host="0.0.0.0"), clock)


def test_the_hash_of_a_token_can_be_made_on_the_command_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kurto_service.tokens"],
        input="a-token\n",
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == hash_token("a-token")
