"""The bridge to pipelines of diffusers: the embedded one and tiny ones of other kinds, with random weights."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    AutoencoderKL,
    DDIMPipeline,
    DDIMScheduler,
    StableDiffusionPipeline,
    TextToVideoSDPipeline,
    UNet2DModel,
    UNet3DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.image import Image, Mask
from graphengine.errors import Cancelled, ModelRefused, NodeError
from graphengine.files.roots import File
from nodes.model.load_pipeline import load_pipeline
from nodes.pipeline.generate import generate

pytestmark = pytest.mark.torch

EMBEDDED = Path(__file__).parents[3] / "graphengine" / "diffusion" / "embedded" / "shapes-128"


@pytest.fixture(scope="module")
def pool() -> ModelPool:
    return ModelPool(torch.device("cpu"), None)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], File]:
    """Return a tiny pipeline of a kind in a folder of its own."""
    kept: dict[str, File] = {}

    def save(kind: str) -> File:
        if kind not in kept:
            folder = tmp_path_factory.mktemp(kind)
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                {"pictures": _unconditional, "video": _video}[kind]().save_pretrained(folder)
            kept[kind] = File(kind, folder, kind.rjust(64, "0"))
        return kept[kind]

    return save


def _unconditional() -> DDIMPipeline:
    return DDIMPipeline(
        UNet2DModel(
            sample_size=16, block_out_channels=(8, 8), norm_num_groups=4, layers_per_block=1, attention_head_dim=4,
            down_block_types=("DownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "UpBlock2D"),
        ),
        DDIMScheduler(),
    )  # fmt: skip


def _video() -> TextToVideoSDPipeline:
    tokenizer = CLIPTokenizer.from_pretrained(EMBEDDED / "tokenizer", local_files_only=True)
    text = CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=tokenizer.model_max_length,
    )  # fmt: skip
    unet = UNet3DConditionModel(
        block_out_channels=(8, 8), layers_per_block=1, sample_size=8, cross_attention_dim=16, attention_head_dim=4,
        down_block_types=("CrossAttnDownBlock3D", "DownBlock3D"), up_block_types=("UpBlock3D", "CrossAttnUpBlock3D"),
        norm_num_groups=4,
    )  # fmt: skip
    vae = AutoencoderKL(block_out_channels=(8,), latent_channels=4, norm_num_groups=4, sample_size=16)
    return TextToVideoSDPipeline(vae, CLIPTextModel(text), tokenizer, unet, DDIMScheduler())


def test_it_gives_what_the_pipeline_gives(pool: ModelPool, notes: Any) -> None:
    ref = load_pipeline(File("builtin:shapes-128", EMBEDDED, "e" * 64), "float32")
    ours = generate(ref, "a red circle", "blue", batch=2, seed=5, steps=3, cfg=2.5, pool=pool, context=notes)
    library = StableDiffusionPipeline.from_pretrained(EMBEDDED, local_files_only=True, dtype=torch.float32)
    library.set_progress_bar_config(disable=True)
    theirs = library(
        "a red circle", negative_prompt="blue", num_inference_steps=3, guidance_scale=2.5, num_images_per_prompt=2,
        generator=[torch.Generator().manual_seed(seed) for seed in (5, 6)], output_type="np",
    ).images  # fmt: skip
    assert torch.equal(ours.pixels, torch.from_numpy(theirs))
    assert notes.steps == [(1, 3), (2, 3), (3, 3)]
    alone = generate(ref, "a red circle", "blue", seed=6, steps=3, cfg=2.5, pool=pool, context=notes)
    assert torch.allclose(alone.pixels, ours.pixels[1:], atol=1e-4)  # a batch sums in another order
    assert torch.equal(  # no state is left from one call to the next
        alone.pixels, generate(ref, "a red circle", "blue", seed=6, steps=3, cfg=2.5, pool=pool, context=notes).pixels
    )


def test_pictures_without_a_text(saved: Callable[[str], File], pool: ModelPool, notes: Any) -> None:
    ref = load_pipeline(saved("pictures"), "float32")
    picture = generate(ref, batch=3, steps=2, options='{"eta": 0.5}', pool=pool, context=notes)
    assert picture.pixels.shape == (3, 16, 16, 3)
    assert not torch.equal(picture.pixels[0], picture.pixels[1])
    with pytest.raises(NodeError, match="does not take: prompt") as refused:
        generate(ref, "a circle", pool=pool, context=notes)
    assert "eta" in str(refused.value.hint)


def test_the_frames_of_a_video(saved: Callable[[str], File], pool: ModelPool, notes: Any) -> None:
    ref = load_pipeline(saved("video"), "float32")
    video = generate(ref, "a ring", frames=3, steps=2, width=16, height=32, pool=pool, context=notes)
    assert video.pixels.shape == (3, 32, 16, 3)
    with pytest.raises(NodeError, match="one at a time"):
        generate(ref, "a ring", batch=2, pool=pool, context=notes)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mask": Mask(torch.ones(1, 8, 8))}, "does not take: mask_image"),
        ({"video": Image(torch.zeros(2, 8, 8, 3))}, "does not take: video"),
        ({"image": Image(torch.zeros(2, 8, 8, 3))}, "takes one picture, not 2"),
        ({"width": 13, "height": 16}, "refuses what it was given"),
        ({"options": "["}, "not JSON"),
        ({"options": "[1]"}, "no JSON object"),
        ({"options": '{"output_type": "latent"}'}, "does not take: output_type"),
        ({"options": '{"nonsense": 1}'}, "does not take: nonsense"),
    ],
)
def test_what_a_pipeline_does_not_take_is_refused(
    given: dict[str, Any], said: str, pool: ModelPool, notes: Any
) -> None:
    ref = load_pipeline(File("builtin:shapes-128", EMBEDDED, "e" * 64), "float32")
    with pytest.raises(NodeError, match=said):
        generate(ref, "a circle", pool=pool, context=notes, **given)


def test_it_ends_at_the_next_step(pool: ModelPool, notes: Any) -> None:
    ref = load_pipeline(File("builtin:shapes-128", EMBEDDED, "e" * 64), "float32")
    notes.cancel_at = 2
    with pytest.raises(Cancelled):
        generate(ref, "a circle", steps=50, pool=pool, context=notes)
    assert len(notes.steps) == 2


@pytest.mark.parametrize(
    ("index", "said"),
    [
        ({"_class_name": "MyPipeline"}, "diffusers does not know"),
        ({"_class_name": "DDIMScheduler"}, "diffusers does not know"),
        ({"_class_name": ["custom", "Mine"]}, "diffusers does not know"),
        ({"_class_name": "DDIMPipeline", "unet": ["os", "system"]}, "its part 'unet'"),
        ({"_class_name": "DDIMPipeline", "unet": ["my_unet", "UNet"]}, "its part 'unet'"),
        ({"_class_name": "DDIMPipeline", "unet": ["diffusers", "Nothing"]}, "its part 'unet'"),
    ],
)
def test_a_folder_that_would_run_other_code_is_refused(
    index: dict[str, Any], said: str, saved: Callable[[str], File], tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(saved("pictures").path, folder)
    whole = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps(whole | index))
    with pytest.raises(ModelRefused, match=said):
        load_pipeline(File("model", folder, "f" * 64))


def test_other_folders_are_refused(tmp_path: Path, saved: Callable[[str], File]) -> None:
    with pytest.raises(ModelRefused, match="no folder of a pipeline"):
        load_pipeline(File("unet", saved("pictures").path / "unet", "1" * 64))
    with pytest.raises(ModelRefused):
        load_pipeline(File("nothing", tmp_path, "2" * 64))
