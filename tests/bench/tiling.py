"""How the memory and the time of an upscaler grow with the picture, in tiles and whole.

An ESRGAN-like network of random weights enlarges pictures of several sizes; each is a process of its own. What is told
is the peak above what the process has before, and how much of that the pictures themselves take.
"""

import os
import subprocess
import sys
from pathlib import Path

SIDES = (256, 512, 1024)
TILE = 128

RUN = Path(__file__).with_name("tiling_run.py")


def main() -> None:
    print(f"\ntiling: a network with 64 channels makes a picture twice as large, in tiles of {TILE} and whole")
    for side in SIDES:
        for tile in (TILE, 0):
            done = subprocess.run(
                [sys.executable, RUN, str(side), str(tile)],
                check=True,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
            seconds, peak = map(float, done.stdout.split()[-2:])
            pictures = side * side * 3 * 4 * 5 / 2**20
            how = f"tiles of {tile}" if tile else "whole"
            print(f"  {side:5} px  {how:12}  {seconds:6.2f} s  peak {peak:7.1f} MB  pictures {pictures:5.1f} MB")
