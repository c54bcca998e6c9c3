"""What the disk tier costs: large values beside a plain file, and a second process over a thousand nodes."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from documents import Nodes, workflow
from figures import ROUNDS, median

from graphengine.run.cache.disk import DiskTier
from graphengine.run.cache.folder import CacheFolder
from graphengine.run.handle import Handle
from graphengine.types.codec import Encoded
from graphengine.types.socket_type import TypeRef

NBYTES = 64 * 2**20
VALUES = 4
WIDTH = 1_000
LONG = 1_000.0  # seconds: worth keeping


class Coder:
    """Arrays that go out and come in without a copy, so that the tier alone is measured."""

    def encode(self, handle: Handle) -> Encoded:
        return Encoded({}, (handle.ref.data,))

    def adopt(self, type_: TypeRef, encoded: Encoded) -> Handle:
        return Handle(np.frombuffer(encoded.buffers[0], np.uint8), type_, NBYTES)


def drop(path: Path) -> None:
    """Ask the system to forget a file's pages, so that it is read from the disk itself."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


class Large:
    """Values of 64 MB in a tier, and the same bytes in plain files."""

    def __init__(self, folder: Path) -> None:
        chance = np.random.default_rng(0)
        self.values = [chance.integers(0, 256, NBYTES, np.uint8) for _ in range(VALUES)]
        self.folder = folder
        self.keys = [f"{index:040x}" for index in range(VALUES)]

    def tier(self) -> DiskTier:
        return DiskTier(CacheFolder(self.folder / "tier"), 2**40, Coder(), waiting_bytes=2**40)

    def write(self) -> None:
        tier = self.tier()
        for key, value in zip(self.keys, self.values, strict=True):
            tier.folder.remove(tier.folder.file(key))
            tier.put(key, {"value": Handle(value, TypeRef("Array"), NBYTES)}, LONG)
        tier.close()

    def read(self) -> None:
        tier = self.tier()

        async def go() -> None:
            for key in self.keys:
                found = tier.get(key)
                assert found is not None
                assert not isinstance(found, dict)
                handles = await found
                assert handles is not None

        asyncio.run(go())
        tier.close()

    def plain_write(self) -> None:
        for key, value in zip(self.keys, self.values, strict=True):
            path = self.folder / key
            path.unlink(missing_ok=True)
            path.write_bytes(value.data)

    def plain_read(self) -> None:
        for key in self.keys:
            (self.folder / key).read_bytes()

    def forget(self) -> None:
        for path in self.folder.rglob("*"):
            if path.is_file():
                drop(path)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        large = Large(Path(folder))
        mega = VALUES * NBYTES / 1e6
        print(f"\n{VALUES} values of 64 MB, MB/s, median of {ROUNDS}; in brackets a plain file in the same run")
        figures = {
            "write": (large.write, large.plain_write, lambda: None),
            "read, pages in memory": (large.read, large.plain_read, lambda: None),
            "read, from the disk": (large.read, large.plain_read, large.forget),
        }
        for name, (ours, plain, before) in figures.items():
            own, peer = median(ours, before), median(plain, before)
            print(f"{name:24}{mega / own:8.0f}  ({mega / peer:.0f}; {peer / own:.0%})")
    second_process()


def second_process() -> None:
    """A fan of a thousand nodes of two milliseconds each, twice, each time in a process of its own."""
    nodes: Nodes = {f"n{index}": ["plain.blob", {"length": 10_000 + index, "pause": 0.002}] for index in range(WIDTH)}
    document = workflow(nodes)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flow.json"
        path.write_text(json.dumps(document.to_json()))
        packs = Path(__file__).parents[1] / "packs"
        environment = {
            **os.environ,
            "GRAPHENGINE_DATA_DIR": folder,
            "GRAPHENGINE_PACKS": "[]",
            "GRAPHENGINE_PACK_FOLDER": str(packs),
        }
        command = [sys.executable, "-m", "graphengine", "run", str(path), "--json"]
        print(f"\n{WIDTH:,} nodes of 2 ms and 10 kB, each process from its start to its end")
        for name in ("first", "second"):
            started = time.perf_counter()
            done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, check=True)
            seconds = time.perf_counter() - started
            report = json.loads(done.stdout)
            ran = sum(not node["cached"] for node in report["nodes"].values())
            print(f"{name:8}{seconds:6.2f} s, of which the run {report['seconds']:.2f} s; {ran} nodes executed")
