"""Who calls: principals, roles, and the roles that a method asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar, cast, get_args

from kurto_service.exceptions import PermissionDenied

__all__ = [
    "ANONYMOUS",
    "ROLES",
    "Principal",
    "Role",
    "acting_as",
    "current_principal",
    "required_roles",
    "requires",
]

Role = Literal["viewer", "operator", "engineer", "admin", "sensor"]
ROLES: tuple[Role, ...] = get_args(Role)

# Each person's role holds the ones before it. Pushing samples stands apart: a sensor's token must
# not read what others measure, yet the engineer who connects sensors may push by hand.
_IMPLIED: dict[str, frozenset[str]] = {
    "sensor": frozenset({"sensor"}),
    "viewer": frozenset({"viewer"}),
    "operator": frozenset({"operator", "viewer"}),
    "engineer": frozenset({"engineer", "operator", "viewer", "sensor"}),
    "admin": frozenset(ROLES),
}
_ATTRIBUTE = "__kurto_required_roles__"
_principal: ContextVar[Principal] = ContextVar("kurto_principal")
MethodT = TypeVar("MethodT", bound=Callable[..., object])


@dataclass(frozen=True, kw_only=True)
class Principal:
    """The authenticated caller.

    Attributes
    ----------
    name : str
        Name that the token file gives, stored in audits. A name that a person types into a form
        (a claimed operator name) is another thing and is stored beside it.
    roles : frozenset of str
        Roles as granted; `has_role` follows what they imply.
    expire_time : datetime or None
        When the token expires that the call came with: calls that are open for long end then.
    """

    name: str
    roles: frozenset[Role]
    expire_time: datetime | None = None

    def has_role(self, *accepted: Role) -> bool:
        """Tell whether any granted role holds any of the `accepted` ones."""
        return any(role in _IMPLIED[granted] for granted in self.roles for role in accepted)

    def require(self, *accepted: Role) -> None:
        """Raise `PermissionDenied` unless the principal holds one of the `accepted` roles."""
        if not self.has_role(*accepted):
            needed = " or ".join(accepted)
            granted = ", ".join(sorted(self.roles)) or "none"
            raise PermissionDenied(
                f"This call needs the role {needed}, but {self.name!r} has {granted}: "
                "use another token or have the role added to this one in the tokens file.",
                role=",".join(accepted),
                principal=self.name,
            )


ANONYMOUS = Principal(name="anonymous", roles=frozenset(ROLES))


def current_principal() -> Principal:
    """Return the caller of the RPC in progress.

    Raises
    ------
    RuntimeError
        Outside of a call; background tasks act for nobody.
    """
    try:
        return _principal.get()
    except LookupError:
        raise RuntimeError("current_principal() was called outside of an RPC") from None


@contextmanager
def acting_as(principal: Principal) -> Iterator[None]:
    """Make `principal` the current one inside the block."""
    token = _principal.set(principal)
    try:
        yield
    finally:
        _principal.reset(token)


def requires(*accepted: Role) -> Callable[[MethodT], MethodT]:
    """Declare which roles may call a servicer method; any one of them suffices.

    The check itself is made by the call guard around every method, before the first message is
    read, so it holds for all four arities. A method without this declaration cannot be registered.
    """
    unknown = set(accepted) - set(ROLES)
    if unknown or not accepted:
        raise ValueError(f"name one or more of {', '.join(ROLES)}; got {accepted!r}")

    def declare(method: MethodT) -> MethodT:
        setattr(method, _ATTRIBUTE, accepted)
        return method

    return declare


def required_roles(method: object) -> tuple[Role, ...] | None:
    """Return what `requires` declared on `method`, or None."""
    return cast("tuple[Role, ...] | None", getattr(method, _ATTRIBUTE, None))
