"""One run of the bench of tiling: prints the seconds, and by how many MB its memory rose at most."""

import sys
import tempfile
import time
from pathlib import Path

import torch
from safetensors.torch import save_file

from graphengine.diffusion.enlarging import enlarge
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.training.upscaler import CompactUpscaler
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.upscalers import open_upscaler
from graphengine.files.digest import sha256
from graphengine.files.roots import File


def resident(of: str) -> float:
    """Return the memory of this process in MB: ``VmRSS`` now, ``VmHWM`` at most since that was reset."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(of)).split()[1]) / 1024


def run(side: int, tile: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "network.safetensors")
        save_file(CompactUpscaler(2, width=64, depth=4).state_dict(), path)
        upscaler = open_upscaler(File(path.name, path, sha256(path.read_bytes())))
        pool = ModelPool(torch.device("cpu"))
        image = Image(torch.rand(1, side, side, 3))
        with pool.use(upscaler):
            before = resident("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")
        began = time.perf_counter()
        enlarge(pool, upscaler, image, tile=tile or side, overlap=24, step=lambda done, total: None)
        print(time.perf_counter() - began, resident("VmHWM") - before)


if __name__ == "__main__":
    run(int(sys.argv[1]), int(sys.argv[2]))
