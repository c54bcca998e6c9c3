"""What files are, judged by how they begin: never by what somebody calls them."""

from pathlib import Path
from typing import Final

UNKNOWN: Final = "application/octet-stream"

_SIGNATURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"glTF", "model/gltf-binary"),
)
_RIFF: Final = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_AVIF: Final = frozenset({b"avif", b"avis"})


def media_type_of(beginning: bytes) -> str:
    """Return the media type of a file that begins so; what browsers might run is unknown, as all the rest."""
    for signature, media_type in _SIGNATURES:
        if beginning.startswith(signature):
            return media_type
    if beginning.startswith(b"RIFF"):
        return _RIFF.get(beginning[8:12], UNKNOWN)
    if beginning[4:8] == b"ftyp":
        return "image/avif" if beginning[8:12] in _AVIF else "video/mp4"
    return UNKNOWN


def headers_of(path: Path) -> dict[str, str]:
    """Return the headers with which a file of a user is served: shown if it is harmless, else only saved."""
    with path.open("rb") as file:
        media_type = media_type_of(file.read(16))
    headers = {
        "Content-Type": media_type,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, max-age=31536000, immutable",
        "ETag": f'"{path.name}"',
    }
    return headers | ({"Content-Disposition": f'attachment; filename="{path.name}"'} if media_type == UNKNOWN else {})
