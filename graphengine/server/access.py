"""Who may do what: tokens with scopes, kept as digests; without any, only this machine's own users may come."""

import hmac
import ipaddress
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from graphengine.errors import GraphEngineError, SettingsRefused
from graphengine.files.atomic import write_atomically
from graphengine.files.digest import sha256

Scope = Literal["read", "submit", "admin"]
Permission = Literal["public", "secret", Scope]
"""What a route asks for. Each scope holds those before it; ``secret`` asks for one that opens this route alone."""

RANK: Final = {"public": 0, "secret": 0, "read": 1, "submit": 2, "admin": 3}

LOCAL: Final = "local"
"""The owner of what is done without a token."""

FILE: Final = "tokens.json"


class Token(BaseModel):
    """Who comes with it, what they may do, and the SHA-256 of the secret: 256 random bits need no salt."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    scope: Scope
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


_TOKENS: Final = TypeAdapter(Annotated[list[Token], Field(max_length=1_000)])


class Stranger(GraphEngineError):
    """Who asks has not said who they are, or not what opens this."""


class Forbidden(GraphEngineError):
    """Who asks may not do this."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and what they may do."""

    name: str
    scope: Scope

    def may(self, permission: Permission) -> bool:
        """Return whether a route is open to them."""
        return RANK[self.scope] >= RANK[permission]

    def owns(self, owner: str) -> bool:
        """Return whether what belongs to ``owner`` is theirs to change."""
        return self.name == owner or self.scope == "admin"

    def check_owns(self, owner: str, what: str) -> None:
        """Refuse to change what is somebody else's.

        Raises:
            Forbidden: it is.
        """
        if not self.owns(owner):
            raise Forbidden(f"{what} is somebody else's")


class Access:
    """The tokens of a service."""

    def __init__(self, tokens: Iterable[Token] = ()) -> None:
        self._tokens = tuple(tokens)

    @property
    def is_open(self) -> bool:
        """Whether everybody who reaches the service may do everything."""
        return not self._tokens

    def caller(self, secret: str | None) -> Caller | None:
        """Return who comes with a secret, or None for strangers; it takes as long whichever token it is."""
        if self.is_open:
            return Caller(LOCAL, "admin")
        given = sha256((secret or "").encode("utf-8", "surrogateescape"))
        found = [token for token in self._tokens if hmac.compare_digest(token.digest, given)]
        return Caller(found[0].name, found[0].scope) if found else None


def load_access(folder: Path) -> Access:
    """Return the tokens that lie in a data folder.

    Raises:
        SettingsRefused: the file cannot be read, or is not what was written.
    """
    return Access(_load(folder / FILE))


def add_token(folder: Path, name: str, scope: Scope) -> str:
    """Make a token, and return its secret, which is kept nowhere; one of the same name holds no longer.

    Raises:
        SettingsRefused: the name has a wrong form, or the file cannot be read.
    """
    secret = secrets.token_urlsafe(32)
    try:
        token = Token(name=name, scope=scope, digest=sha256(secret.encode()))
    except ValidationError:
        raise SettingsRefused("a token's name has 1 to 64 letters, digits, '.', '_' and '-'") from None
    _save(folder / FILE, [*(each for each in _load(folder / FILE) if each.name != name), token])
    return secret


def remove_token(folder: Path, name: str) -> bool:
    """Let a token hold no longer, and return whether there was one of that name.

    Raises:
        SettingsRefused: the file cannot be read.
    """
    known = _load(folder / FILE)
    rest = [each for each in known if each.name != name]
    _save(folder / FILE, rest)
    return len(rest) < len(known)


def is_loopback(host: str) -> bool:
    """Return whether an address to listen at can be reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _load(path: Path) -> list[Token]:
    try:
        return _TOKENS.validate_json(path.read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:  # a ValidationError is a ValueError
        raise SettingsRefused(f"the tokens in {path} cannot be read: {type(error).__name__}") from None


def _save(path: Path, tokens: list[Token]) -> None:
    write_atomically(path, json.dumps([each.model_dump() for each in tokens], indent=2).encode())
    path.chmod(0o600)
