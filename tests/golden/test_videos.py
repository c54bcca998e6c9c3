"""What the ready-made workflows for videos make, judged by their frames."""

import itertools
import statistics
from pathlib import Path

import pytest
import torch
from moving import psnr
from ready_workflows import Make

from graphengine.diffusion.types.image import Image
from graphengine.diffusion.video.opening import open_video
from graphengine.diffusion.video.reading import frames_of
from graphengine.files.digest import Digests
from graphengine.files.roots import File
from nodes import EMBEDDED

pytestmark = pytest.mark.torch


def frames(file: File) -> list[Image]:
    return list(frames_of(open_video(file)))


def embedded(name: str) -> list[Image]:
    path = Path(EMBEDDED / "videos" / name)
    return frames(File(name, path, Digests().of(path)))


def test_interpolated_frames_beat_blended_ones(make: Make) -> None:
    source = embedded("boat.mp4")
    look = {"found": "interpolate.images"}
    found = make("interpolate-video", factor=2, look=look, **{"frames.every": 2})["found"]
    assert len(found) == len(source)
    gains = []
    for index in range(1, len(source), 2):
        blended = Image((source[index - 1].pixels + source[index + 1].pixels) / 2)
        gains.append(psnr(found[index], source[index]) - psnr(blended, source[index]))
    assert min(gains) > 0.5, gains
    assert statistics.median(gains) > 3, gains
    made = make("interpolate-video")["video"]
    assert made.path.suffix == ".mp4"
    assert len(frames(made)) == 4 * (len(source) - 1) + 1


def test_the_ends_of_a_travel_are_the_stills(make: Make) -> None:
    prompts = ["a red circle on a blue background", "a yellow star on a black background"]
    look = {"frames": "decode.image"}
    quick = {"steps": 4, "seed": 3, "cfg": 2.5}
    travelled = make("prompt-travel-video", prompts="\n".join(prompts), frames=4, look=look, **quick)
    shown = travelled["frames"]
    for prompt, end in zip(prompts, (shown[0], shown[-1]), strict=True):
        sampler = {"sample.sampler": "dpmpp_2m"}
        still = make("text-to-image", prompt=prompt, look={"still": "decode.image"}, **quick, **sampler)["still"]
        assert torch.equal(end.pixels, still.pixels)
    assert not torch.equal(shown[1].pixels, shown[0].pixels)
    assert len(frames(travelled["video"])) == 4


def test_a_video_is_made_anew_from_moving_noise(make: Make) -> None:
    look = {"new": "decode.image", "old": "fit.image", "latents": "noise.latents"}
    made = make("video-to-video", steps=4, denoise=0.5, look=look, **{"frames.every": 4})
    new, old = made["new"], made["old"]
    assert len(new) == len(old) == 5
    assert all(psnr(one, other) < 30 for one, other in zip(new, old, strict=True)), "it is another video"
    beside = frames(made["video"])
    assert [each.width for each in beside] == [256] * 5
    noise = [each.noise for each in made["latents"]]
    assert all(0.2 < float((one * other).mean()) < 0.98 for one, other in itertools.pairwise(noise))
