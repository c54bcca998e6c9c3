"""The door: which names the service answers to, which pages may ask it, and who may do what. What is unclear, fails."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from graphengine.server.access import Access, Caller, Forbidden, Permission, Stranger
from graphengine.server.problems import Refused

CALLER: Final = web.RequestKey("caller", Caller)
"""Where a request that was let in says who asks."""

COOKIE: Final = "graphengine-token"
"""Where a browser that has logged in keeps its token: no script reads it, and no page of others sends it."""

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})

HEADERS: Final = {
    "Server": "graphengine",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
}
"""What every answer says to browsers, unless a route says otherwise."""

_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_OWN_SITE: Final = frozenset({"same-origin", "none"})


class Door:
    """Lets requests in.

    Args:
        hosts: the names of the service beside those of the loopback, without ports.
    """

    def __init__(self, access: Access, hosts: Iterable[str] = ()) -> None:
        self._access = access
        self._hosts = LOOPBACK | {host.lower() for host in hosts}

    def admit(self, request: web.Request, permission: Permission, *, media_type: str = "application/json") -> Caller:
        """Return who asks.

        Args:
            media_type: what a body must be of; pages of other sites cannot send it without asking first.

        Raises:
            Refused: the request is not let in.
            Stranger: it does not say who asks.
            Forbidden: who asks may not do this.
        """
        self._check_host(request)
        self._check_origin(request)
        if request.method in _WITH_BODY and request.content_type != media_type:
            raise Refused(415, "wrong_media_type", f"the Content-Type must be {media_type}")
        if permission in {"public", "secret"}:
            return Caller("", "read")
        caller = self._access.caller(_secret(request))
        if caller is None:
            raise Stranger("a token is needed")
        if not caller.may(permission):
            raise Forbidden(f"the token has not the scope {permission!r}")
        return caller

    def _check_host(self, request: web.Request) -> None:
        """Refuse names that are not ours: a stranger's name may be made to lead here."""
        hosts = request.headers.getall("Host", [])
        name = _name(hosts[0]) if len(hosts) == 1 else None
        if name is None or name not in self._hosts:
            raise Refused(421, "wrong_host", "the service is not known under this name")

    def _check_origin(self, request: web.Request) -> None:
        """Refuse pages of others. Programs send neither header; browsers send at least one."""
        sites = request.headers.getall("Sec-Fetch-Site", [])
        if any(site not in _OWN_SITE for site in sites):
            raise Refused(403, "wrong_origin", "pages of other sites may not use the service")
        for origin in request.headers.getall("Origin", []):
            if not _is_same(origin, request.headers["Host"]):
                raise Refused(403, "wrong_origin", "pages of other sites may not use the service")


def _name(host: str) -> str | None:
    """Return the name in a ``Host`` header, without its port, or None if it is not one."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # raises for what is no port
    except ValueError:
        return None
    is_plain = parts.username is None and not parts.path and not parts.query and not parts.fragment
    return parts.hostname if is_plain else None


def _is_same(origin: str, host: str) -> bool:
    scheme, found, rest = origin.partition("://")
    return scheme in {"http", "https"} and bool(found) and rest.lower() == host.lower()


def secret_of(request: web.Request) -> str | None:
    """Return the secret that a request brings (RFC 6750, 2.1), or None."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def _secret(request: web.Request) -> str | None:
    """Return the secret of the header; of the cookie only where there is no such header."""
    return secret_of(request) if "Authorization" in request.headers else request.cookies.get(COOKIE)
