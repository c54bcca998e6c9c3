"""``make bench``: every figure beside a peer, in one run; ``make bench ROOMS="engine disk"``: some of them."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "packs"), str(HERE)]

import actors  # noqa: E402 - after the path
import disk  # noqa: E402
import engine  # noqa: E402
import graphs  # noqa: E402
import process  # noqa: E402
import sampling  # noqa: E402
import service  # noqa: E402
import store  # noqa: E402
import stream  # noqa: E402
import tiling  # noqa: E402
import together  # noqa: E402
import video  # noqa: E402
import weights  # noqa: E402

ROOMS = (engine, graphs, disk, process, actors, store, stream, service, sampling, weights, tiling, together, video)


def main(names: list[str]) -> None:
    rooms = {room.__name__: room for room in ROOMS}
    for name in names or rooms:
        rooms[name].main()


if __name__ == "__main__":  # the worker processes of a peer import this module again
    main(sys.argv[1:])
