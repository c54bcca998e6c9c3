"""A server on loopback that has models to give, as an address and as a hub."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TEMPLATE = "/{repo_id}/resolve/{revision}/{filename}"
"""How a hub calls its files."""


@dataclass
class Shop:
    """Gives files, breaks off when told to, and writes down what it was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    breaks_after: int | None = None
    status: int = 200
    address: str = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = handler.path.partition("?")[0]
        headers = dict(handler.headers)
        self.asked.append((path, headers))
        if path in self.redirects:
            handler.send_response(302)
            handler.send_header("Location", self.redirects[path])
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        content = self.files.get(path)
        if content is None or self.status != 200:
            handler.send_response(404 if content is None else self.status)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        tag = f'"{hashlib.sha256(content).hexdigest()[:8]}"'
        begin = 0
        if "Range" in headers and headers.get("If-Range", tag) == tag:
            begin = int(headers["Range"].removeprefix("bytes=").removesuffix("-"))
        if begin >= len(content) > 0:
            handler.send_response(416)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        handler.send_response(206 if begin else 200)
        if begin:
            handler.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        handler.send_header("ETag", tag)
        handler.send_header("Content-Length", str(len(content) - begin))
        handler.end_headers()
        handler.wfile.write(content[begin : None if path.startswith("/api/") else self.breaks_after])


@contextmanager
def opened() -> Iterator[Shop]:
    """A shop that is open."""
    shop = Shop()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shop.answer(self)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        shop.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield shop
        server.shutdown()
        thread.join()


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def stock(shop: Shop, repo: str, files: dict[str, bytes]) -> None:
    """Put a repository on the shelf, as a hub tells and gives it."""
    siblings: list[dict[str, Any]] = []
    for name, content in files.items():
        git = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
        lfs = {"sha256": sha(content), "size": len(content), "pointerSize": 134}
        entry = {"rfilename": name, "size": len(content), "blobId": git}
        siblings.append({**entry, "lfs": lfs} if name.endswith(".safetensors") else entry)
        shop.files[f"/{repo}/resolve/c0ffee/{name}"] = content
    told_ = {"id": repo, "modelId": repo, "sha": "c0ffee", "siblings": siblings, "tags": [], "downloads": 0}
    shop.files[f"/api/models/{repo}"] = json.dumps(told_).encode()
