"""How the memory and the time of a streamed video grow with its length.

A workflow loads a video, scales its frames, interpolates between them and saves; each length is a process of its own,
whose peak is compared with that of the shortest.
"""

import os
import subprocess
import sys
from pathlib import Path

LENGTHS = (10, 100, 1_000)
SIDE = 160

RUN = Path(__file__).with_name("video_run.py")


def main() -> None:
    print(f"\nvideo: load, scale to {SIDE} × {SIDE}, twice the frames, save as H.264")
    base = 0.0
    for length in LENGTHS:
        done = subprocess.run(
            [sys.executable, RUN, str(length), str(SIDE)],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        seconds, peak = map(float, done.stdout.split()[-2:])
        base = base or peak
        print(f"  {length:5} frames  {1000 * seconds / length:6.1f} ms each  peak {peak:7.1f} MB  × {peak / base:.2f}")
