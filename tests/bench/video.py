"""How the memory and the time of a streamed video grow with its length.

A workflow loads a video, scales its frames, interpolates between them and saves; each length is a process of its own,
whose peak is compared with that of the shortest.
"""

import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

LENGTHS = (10, 100, 1_000)
SIDE = 160


def main() -> None:
    print(f"\nvideo: load, scale to {SIDE} × {SIDE}, twice the frames, save as H.264")
    base = 0.0
    for length in LENGTHS:
        done = subprocess.run(
            [sys.executable, __file__, str(length)],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        seconds, peak = map(float, done.stdout.split()[-2:])
        base = base or peak
        print(f"  {length:5} frames  {1000 * seconds / length:6.1f} ms per frame  peak {peak:7.1f} MB  × {peak / base:.2f}")


def frames(length: int) -> Iterator[object]:
    from moving import passing  # the parent needs no torch

    yield from passing(length, size=SIDE, step=0.5 / length)


def run(length: int) -> None:
    from documents import link, workflow

    from graphengine.app import Engine, load_settings
    from graphengine.diffusion.video.writing import write_video
    from nodes import PACK

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "source.mp4"
        write_video(path, frames(length), rate=Fraction(24), format="h264", quality=75)  # type: ignore[arg-type]
        engine = Engine(load_settings(input_folders=[Path(folder)], data_dir=Path(folder) / "data"), packs=(PACK,))
        document = workflow(
            {
                "load": ["video.load", {"file": "source.mp4"}],
                "frames": ["video.frames", {"video": link("load.video")}],
                "scale": ["image.resize", {"image": link("frames.images"), "width": SIDE, "height": SIDE}],
                "double": ["video.interpolate", {"frames": link("scale.image")}],
                "save": ["video.save", {"frames": link("double.images"), "fps": 48.0}],
            }
        )

        async def result() -> None:
            plan = engine.plan(engine.resolve(document))
            done = await engine.start(document, plan, Path(folder) / "out", lambda event: None).result()
            assert done.status == "done", done

        began = time.perf_counter()
        asyncio.run(result())
        seconds = time.perf_counter() - began
        engine.close()
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    run(int(sys.argv[1]))
