"""Posting to addresses that clients choose, and only to where the owner of the machine lets them.

What is checked is the address that the socket is about to connect to, after the name was resolved. So a name that
leads somewhere else the next time it is asked for (DNS rebinding) leads nowhere here, and neither does a number.
Redirects are not followed, proxies of the environment are not asked, and what is answered is not read.
"""

import ipaddress
import socket
from collections.abc import Mapping
from importlib.metadata import version
from types import TracebackType
from typing import Final, Literal, Self
from urllib.parse import urlsplit

import aiohttp

from graphengine.errors import Unacceptable
from graphengine.server.addresses import is_public
from graphengine.service.webhook.delivering import Outcome

Reach = Literal["off", "public", "any"]
"""Where may be posted to: nowhere, to addresses of the internet, or also to this machine and the networks around."""

PATIENCE: Final = 15.0
"""Seconds within which a receiver must answer."""

_CONNECT: Final = 5.0
_AGENT: Final = f"graphengine/{version('graphengine')}"


class Private(OSError):
    """An address that is not one of the internet."""


class Sender:
    """Posts, in an ``async with`` block."""

    def __init__(self, reach: Reach, patience: float = PATIENCE) -> None:
        self._reach = reach
        self._timeout = aiohttp.ClientTimeout(total=patience, sock_connect=min(_CONNECT, patience))
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(limit=64, limit_per_host=8, socket_factory=self._socket)
        self._http = aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": _AGENT},
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.close()

    def check(self, url: str) -> None:
        """Refuse an address that nothing would ever be posted to.

        Raises:
            Unacceptable: it is no address of the web, holds a password, or leads where it may not.
        """
        if self._reach == "off":
            raise Unacceptable("webhooks are switched off here: the owner of the machine sets GRAPHENGINE_WEBHOOKS")
        try:
            found = urlsplit(url)
            _ = found.port  # raises for what is no port
        except ValueError:
            raise Unacceptable("the address is no URL") from None
        if found.scheme not in {"http", "https"} or not found.hostname or not url.isprintable() or " " in url:
            raise Unacceptable("an address begins with https:// or http://, and names a host")
        if found.username is not None or found.password is not None or found.fragment:
            raise Unacceptable("an address holds neither a name, a password nor a fragment")
        if self._reach == "public" and _is_number(found.hostname) and not is_public(found.hostname):
            raise Unacceptable(_PRIVATE)

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Post JSON, and return what came of it."""
        try:
            return await self._post(url, {**headers, "Content-Type": "application/json"}, body)
        except (TimeoutError, aiohttp.ServerTimeoutError):
            return Outcome(problem="the receiver did not answer in time")
        except ValueError:  # also where a name cannot be one in the DNS; InvalidURL is one of these
            return Outcome(problem="the address is no URL", final=True)
        except aiohttp.ClientConnectorError as error:
            return _unconnected(error)
        except (aiohttp.ClientError, OSError):
            return Outcome(problem="the connection broke, or what was answered is no HTTP")

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        if self._http is None or self._reach == "off":
            return Outcome(problem="webhooks are switched off here")
        async with self._http.post(url, data=body, headers=headers, allow_redirects=False) as response:
            status = response.status
            if 200 <= status < 300:
                return Outcome(status)
            wish = response.headers.get("Retry-After", "")
            seconds = float(wish) if wish.isascii() and wish.isdigit() and len(wish) < 10 else 0.0
            problem = f"the receiver answered {status}"
            return Outcome(status, problem, final=status == 410, gone=status == 410, retry_after=seconds)

    def _socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        """Return a socket for an address, if it may be connected to.

        Raises:
            Private: it may not.
        """
        family, kind, protocol, _, address = info
        if self._reach != "any" and not is_public(str(address[0])):
            raise Private(_PRIVATE)
        return socket.socket(family, kind, protocol)


_PRIVATE: Final = "the address is not one of the internet, and others are not allowed here"


def _unconnected(error: aiohttp.ClientConnectorError) -> Outcome:
    match error:
        case aiohttp.ClientConnectorDNSError():
            return Outcome(problem="nobody knows the name of the receiver")
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return Outcome(problem="the receiver's certificate is not valid")
        case _ if isinstance(error.os_error, Private):
            return Outcome(problem=_PRIVATE, final=True)
        case _:
            return Outcome(problem="the receiver cannot be reached")


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
