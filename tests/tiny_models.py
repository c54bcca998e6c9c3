"""Tiny models with random weights, of the same classes as the real ones, saved as folders; fixtures to import."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
import transformers
from diffusers import (
    AutoencoderKL,
    AutoencoderTiny,
    PNDMScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from graphengine.diffusion.conditioning import encode_text
from graphengine.diffusion.families.clip_vocabulary import BEGIN, END
from graphengine.diffusion.families.table import Checkpoint, open_checkpoint
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.conditioning import Conditioning
from graphengine.files.digest import Digests
from graphengine.files.roots import File

PROMPT = "a red circle on a blue background"
NEGATIVE = "dull, gray"


@dataclass(frozen=True)
class Model:
    """A model on disk, opened by us and by diffusers, with one prompt encoded."""

    path: Path
    checkpoint: Checkpoint
    pool: ModelPool
    positive: Conditioning
    negative: Conditioning

    @property
    def prompts(self) -> dict[str, str]:
        return {"prompt": PROMPT, "negative_prompt": NEGATIVE}

    def components(self) -> dict[str, Any]:
        """What diffusers loads from the folder, anew."""
        return StableDiffusionPipeline.from_pretrained(self.path, local_files_only=True, safety_checker=None).components


def make_tokenizer() -> CLIPTokenizer:
    letters = [chr(code) for code in range(ord("!"), ord("~") + 1)]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "re", "red</w>", BEGIN, END]
    vocabulary = {word: index for index, word in enumerate(words)}
    return CLIPTokenizer(vocab=vocabulary, merges=[("r", "e"), ("re", "d</w>")], model_max_length=77)


def make_text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=37,
        num_hidden_layers=3,
        num_attention_heads=4,
        projection_dim=32,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return CLIPTextModel(config)


def make_unet(**changes: Any) -> UNet2DConditionModel:
    settings = {
        "block_out_channels": (16, 32),
        "layers_per_block": 1,
        "sample_size": 8,
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
        "cross_attention_dim": 32,
        "attention_head_dim": 4,
        "norm_num_groups": 8,
        **changes,
    }
    return UNet2DConditionModel(**settings)


def make_autoencoder() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(16, 32),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        norm_num_groups=8,
    )


def make_tiny_autoencoder() -> AutoencoderTiny:
    return AutoencoderTiny(
        encoder_block_out_channels=(8, 8),
        decoder_block_out_channels=(8, 8),
        num_encoder_blocks=(1, 1),
        num_decoder_blocks=(1, 1),
    )


def make_pipeline(
    *,
    vae: Any = None,
    tokenizer: Any = None,
    text_encoder: Any = None,
    prediction: str = "epsilon",
    **unet: Any,
) -> StableDiffusionPipeline:
    torch.manual_seed(0)
    tokenizer = tokenizer or make_tokenizer()
    return StableDiffusionPipeline(
        vae=vae or make_autoencoder(),
        text_encoder=text_encoder or make_text_encoder(tokenizer),
        tokenizer=tokenizer,
        unet=make_unet(**unet),
        scheduler=PNDMScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            skip_prk_steps=True,
            steps_offset=1,
            prediction_type=prediction,
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def as_file(path: Path) -> File:
    return File(path.name, path, Digests().of(path))


@pytest.fixture(scope="session", autouse=True)
def quiet() -> Iterator[None]:
    """No progress bars; the libraries print them by default."""
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()
    yield
    diffusers.utils.logging.enable_progress_bar()
    transformers.utils.logging.enable_progress_bar()


@pytest.fixture(scope="session")
def make_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Model]:
    """Save a pipeline as a folder and open it twice: by us and by diffusers."""

    def make(**settings: Any) -> Model:
        path = tmp_path_factory.mktemp("models") / "tiny"
        make_pipeline(**settings).save_pretrained(path)
        pool = ModelPool(torch.device("cpu"))
        checkpoint = open_checkpoint(as_file(path))
        assert checkpoint.text_encoder is not None
        positive, negative = (encode_text(pool, checkpoint.text_encoder, text) for text in (PROMPT, NEGATIVE))
        return Model(path, checkpoint, pool, positive, negative)

    return make


@pytest.fixture(scope="session")
def model(make_model: Callable[..., Model]) -> Model:
    """Predicts the noise; full autoencoder."""
    return make_model()


@pytest.fixture(scope="session")
def velocity_model(make_model: Callable[..., Model]) -> Model:
    """Predicts the velocity; tiny autoencoder, linear projections as in SD 2."""
    return make_model(prediction="v_prediction", vae=make_tiny_autoencoder(), use_linear_projection=True)
