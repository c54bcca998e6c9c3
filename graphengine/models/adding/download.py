"""One file from an address: in pieces that a later call goes on from, checked, and whole under its name or absent."""

import asyncio
import hashlib
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urljoin, urlsplit

import aiohttp

from graphengine.errors import FileRefused, ModelRefused, shown_bytes
from graphengine.models.header import read_header

MOST: Final = 128 * 10**9
"""The bytes that a file may have by default."""

WEIGHTS: Final = ".safetensors"

_PIECE: Final = 2**20
_REDIRECTS: Final = 5
_SILENCE: Final = 60.0  # seconds
_AGAIN: Final = "Call again to go on where it stopped."

Tell = Callable[[int, int | None], None]
"""Is told how many bytes are there, and how many there will be, if that is known."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that is to be fetched.

    Attributes:
        url: https, or http of this machine.
        sha256: of its content, in hex, where that is known.
        git: the hash under which git knows it, where that is known.
        nbytes: its size, where that is known.
        headers: what the first server is told, and no other.
    """

    url: str
    sha256: str | None = None
    git: str | None = None
    nbytes: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Part:
    """The beginning of a file, and what it is the beginning of."""

    path: Path
    wanted: Wanted

    @property
    def note(self) -> Path:
        return self.path.with_name(f"{self.path.name}.json")

    def begun(self) -> tuple[int, str]:
        """Return how much is there that one can go on from, and the tag under which the server knew it."""
        try:
            size, told = self.path.stat().st_size, json.loads(self.note.read_text())
            tag = told["tag"] if told["url"] == self.wanted.url else ""
        except (OSError, ValueError, KeyError, TypeError):
            return 0, ""
        return (size, tag) if size and isinstance(tag, str) and (tag or self.wanted.sha256) else (0, "")

    def begin(self, tag: str) -> None:
        """Note what comes: a tag that may change while the content does not is none."""
        strong = "" if tag.startswith("W/") else tag
        self.note.write_text(json.dumps({"url": self.wanted.url, "tag": strong}))

    def remove(self) -> None:
        """Leave nothing behind."""
        for path in (self.path, self.note):
            path.unlink(missing_ok=True)


def fetch(wanted: Wanted, target: Path, most: int, tell: Tell) -> str:
    """Fetch a file to ``target`` and return its SHA-256.

    What was broken off stays beside it, hidden, for the next call.

    Args:
        most: the bytes that it may have.

    Raises:
        FileRefused: the address is none that is asked, there is something under the name, the server does not give it,
            or it is not what was wanted.
        ModelRefused: it is to be weights and is something else.
        OSError: it cannot be written.
    """
    check_url(wanted.url)
    if target.exists():
        raise FileRefused(f"there is a {target.name} already", hint="Say --name, or remove it first.")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = _Part(target.with_name(f".{target.name}.part"), wanted)
    try:
        asyncio.run(_receive(part, most, tell))
    except (aiohttp.ClientError, TimeoutError) as error:
        raise FileRefused(
            f"{_host(wanted.url)} broke off: {str(error) or type(error).__name__}", hint=_AGAIN
        ) from error
    try:
        digest = _checked(part, target.name)
    except (FileRefused, ModelRefused):
        part.remove()
        raise
    os.link(part.path, target)  # fails where somebody was quicker
    part.remove()
    return digest


def check_url(url: str) -> None:
    """Refuse an address that is asked by nobody here: only https, and http of this machine.

    Raises:
        FileRefused: it is another, or none.
    """
    try:
        parts = urlsplit(url)
        host, secure = parts.hostname or "", parts.scheme == "https"
    except ValueError:
        host, secure = "", False
    if not host or not (secure or (urlsplit(url).scheme == "http" and _is_here(host))):
        raise FileRefused(f"{url!r} is no address that is asked", hint="Give one that begins with https://.")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


async def _receive(part: _Part, most: int, tell: Tell) -> None:
    begun, tag = part.begun()
    headers = {"Accept-Encoding": "identity"}
    if begun:
        headers |= {"Range": f"bytes={begun}-", **({"If-Range": tag} if tag else {})}
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=_SILENCE, sock_read=_SILENCE)
    async with aiohttp.ClientSession(timeout=timeout) as client, _asked(client, part.wanted, headers) as answer:
        if answer.status == 416 and begun:  # all of it is there, or it has changed: its hash tells
            return
        if answer.status not in (200, 206):
            hint = "It may have to be asked for at its page first." if answer.status in (401, 403) else ""
            raise FileRefused(f"{_host(part.wanted.url)} answers {answer.status} {answer.reason}", hint=hint)
        begun = begun if answer.status == 206 and _goes_on(answer, begun) else 0
        total = None if answer.content_length is None else begun + answer.content_length
        _check_room(part, total, begun, most)
        if not begun:
            part.begin(answer.headers.get("ETag", ""))
        with part.path.open("ab" if begun else "wb") as file:
            async for piece in answer.content.iter_chunked(_PIECE):
                begun += file.write(piece)
                if begun > most:
                    raise FileRefused(f"it is larger than {shown_bytes(most)}", hint="Allow more with --max-gb.")
                tell(begun, total)
            file.flush()
            os.fsync(file.fileno())
    if total is not None and begun < total:
        raise FileRefused(f"{_host(part.wanted.url)} broke off after {shown_bytes(begun)}", hint=_AGAIN)


@asynccontextmanager
async def _asked(
    client: aiohttp.ClientSession, wanted: Wanted, headers: Mapping[str, str]
) -> AsyncIterator[aiohttp.ClientResponse]:
    """Ask for a file, and go where the answer sends; who sends is told a secret, and who is sent to is not."""
    url, own = wanted.url, dict(wanted.headers)
    for _ in range(_REDIRECTS + 1):
        async with client.get(url, headers={**own, **headers}, allow_redirects=False) as answer:
            there = answer.headers.get("Location", "")
            if answer.status not in (301, 302, 303, 307, 308) or not there:
                yield answer
                return
        following = urljoin(url, there)
        check_url(following)
        if urlsplit(following)[:2] != urlsplit(url)[:2]:
            own = {}
        url = following
    raise FileRefused(f"{_host(wanted.url)} sends from address to address")


def _goes_on(answer: aiohttp.ClientResponse, begun: int) -> bool:
    return answer.headers.get("Content-Range", "").startswith(f"bytes {begun}-")


def _check_room(part: _Part, total: int | None, begun: int, most: int) -> None:
    size = total if total is not None else part.wanted.nbytes
    if size is None:
        return
    if size > most:
        raise FileRefused(f"it has {shown_bytes(size)}, which is more than {shown_bytes(most)}", hint="See --max-gb.")
    free = shutil.disk_usage(part.path.parent).free
    if size - begun > free:
        raise FileRefused(f"it has {shown_bytes(size)}, and the disk has {shown_bytes(free)} left")


def _checked(part: _Part, name: str) -> str:
    """Return the hash of what was received, if it is what was wanted."""
    wanted, path = part.wanted, part.path
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if wanted.sha256 is not None and digest != wanted.sha256.lower():
        raise FileRefused(f"{name} is not what was wanted: its SHA-256 is {digest}, and not {wanted.sha256}")
    if wanted.sha256 is None and wanted.git is not None and _git_hash(path) != wanted.git:
        raise FileRefused(f"{name} is not what was wanted: git knows it by another hash than {wanted.git}")
    if name.lower().endswith(WEIGHTS):
        read_header(path)
    return digest


def _git_hash(path: Path) -> str:
    """Return the SHA-1 by which git knows the content of a small file."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
