"""One run of the bench of videos: prints the seconds and the peak of its memory in MB."""

import asyncio
import resource
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

from documents import link, workflow
from moving import passing

from graphengine.app import Engine, load_settings
from graphengine.diffusion.video.writing import write_video
from nodes import PACK


def run(length: int, side: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        frames = passing(length, size=side, step=0.5 / length)
        write_video(folder / "source.mp4", frames, rate=Fraction(24), format="h264", quality=75)
        engine = Engine(load_settings(input_folders=[folder], data_dir=folder / "data"), packs=(PACK,))
        document = workflow(
            {
                "load": ["video.load", {"file": "source.mp4"}],
                "frames": ["video.frames", {"video": link("load.video")}],
                "scale": ["image.resize", {"image": link("frames.images"), "width": side, "height": side}],
                "double": ["video.interpolate", {"frames": link("scale.image")}],
                "save": ["video.save", {"frames": link("double.images"), "fps": 48.0}],
            }
        )

        async def result() -> None:
            plan = engine.plan(engine.resolve(document))
            done = await engine.start(document, plan, folder / "out", lambda event: None).result()
            assert done.status == "done", done

        began = time.perf_counter()
        asyncio.run(result())
        seconds = time.perf_counter() - began
        engine.close()
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    run(int(sys.argv[1]), int(sys.argv[2]))
