"""Text to video and video to video with a model of videos, from the prompt to a file, through the engine."""

from pathlib import Path
from typing import Any

import av
import pytest
import torch
from documents import Nodes, link, workflow
from tiny_families import Tiny

from graphengine.app import Engine, load_settings
from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from graphengine.run.messages import Event, TaskOutput
from nodes import PACK
from nodes.latent.empty import empty, empty_video
from nodes.latent.preview import preview
from nodes.latent.scale import repeat, scale
from nodes.video.noise import warp_noise

pytestmark = pytest.mark.torch


def text(words: str) -> list[Any]:
    return ["text.encode", {"encoder": link("model.text_encoder"), "text": words}]


def sampled(latent: str, denoise: float) -> list[Any]:
    return [
        "sampling.sample",
        {
            "model": link("model.model"),
            "positive": link("positive.conditioning"),
            "negative": link("negative.conditioning"),
            "latent": link(latent),
            "steps": 2,
            "cfg": 5.0,
            "sampler": "uni_pc",
            "denoise": denoise,
        },
    ]


NODES: Nodes = {
    "model": ["model.load", {"source": "models:tiny"}],
    "positive": text("a red circle rolls"),
    "negative": text(""),
    "canvas": ["latent.empty_video", {"model": link("model.model"), "width": 32, "height": 16, "frames": 9}],
    "sample": sampled("canvas.latent", 1.0),
    "decode": ["vae.decode_video", {"vae": link("model.vae"), "latent": link("sample.latent")}],
    "save": ["video.save", {"frames": link("decode.images"), "fps": 16.0, "name": "first"}],
    "frames": ["video.frames", {"video": link("save.video")}],
    "encode": ["vae.encode_video", {"vae": link("model.vae"), "frames": link("frames.images")}],
    "again": sampled("encode.latent", 0.5),
    "batch": ["vae.decode", {"vae": link("model.vae"), "latent": link("again.latent")}],
    "split": ["image.split", {"image": link("batch.image")}],
    "save_again": ["video.save", {"frames": link("split.images"), "fps": 16.0, "name": "second"}],
}


def shapes(path: Path) -> list[tuple[int, int]]:
    with av.open(str(path)) as file:
        return [(frame.width, frame.height) for frame in file.decode(video=0)]


async def test_from_a_text_to_a_file_and_on(wan: Tiny, tmp_path: Path) -> None:
    engine = Engine(load_settings(model_folders=[wan.path.parent]), packs=(PACK,))
    events: list[Event] = []
    document = workflow(NODES, title="video")
    await engine.start(document, engine.plan(engine.resolve(document)), tmp_path, events.append).result()
    engine.close()
    files = {event.file.path for event in events if isinstance(event, TaskOutput)}
    assert sorted(each.stem[:5] for each in files) == ["first", "secon"]
    for path in files:
        assert shapes(path) == [(32, 16)] * 9


def test_latents_of_videos_in_the_nodes_of_latents(wan: Tiny, notes: Any) -> None:
    model: Any = wan.checkpoint.model
    video = empty_video(model, 32, 16, 9, 2)
    assert (video.samples.shape, video.pictures) == ((2, 16, 3, 2, 4), 18)
    assert empty(model, 32, 16).samples.shape == (1, 16, 1, 2, 4)
    assert scale(video, 2.0).samples.shape == (2, 16, 3, 4, 8)
    assert scale(video, 2.0, "bicubic").samples.shape == (2, 16, 3, 4, 8)
    assert repeat(video, 2).samples.shape == (4, 16, 3, 2, 4)
    assert preview(video, context=notes) is video
    assert len(notes.previews) == 1
    with pytest.raises(NodeError, match="takes no noise frame by frame"):
        list(warp_noise([video], [Image(torch.rand(1, 16, 32, 3))]))


def test_scaling_a_video_is_scaling_its_frames(wan: Tiny) -> None:
    model: Any = wan.checkpoint.model
    video = wan.sample(empty_video(model, 32, 16, 5), seed=1, guidance=1.0)
    larger = scale(video, 2.0, "bilinear")
    for index in range(2):
        frame = torch.nn.functional.interpolate(video.samples[:, :, index], scale_factor=2.0, mode="bilinear")
        assert torch.allclose(larger.samples[:, :, index], frame, atol=1e-6)
