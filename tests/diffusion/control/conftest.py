"""What the tests of control share: tiny models, and ControlNets for them whose last layers are not zero."""

from pathlib import Path

import pytest
import torch
from diffusers import ControlNetModel
from tiny_models import make_model, make_pipeline, model, quiet

__all__ = ["make_model", "model", "quiet"]


@pytest.fixture(scope="session")
def networks(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two ControlNets for the tiny model, as diffusers saves them."""
    folders = []
    for seed in (1, 2):
        network = ControlNetModel.from_unet(make_pipeline().unet, conditioning_embedding_out_channels=(8, 16))
        source = torch.Generator().manual_seed(seed)
        for weight in network.parameters():
            if not weight.any():
                weight.data = torch.randn(weight.shape, generator=source) * 0.2
        folders.append(tmp_path_factory.mktemp("control") / f"control{seed}")
        network.save_pretrained(folders[-1])
    return folders
