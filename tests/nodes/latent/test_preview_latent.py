"""A latent is looked at without its model."""

import io

import numpy as np
import pytest
import torch
from PIL import Image as Pil

from graphengine.diffusion.types.latent import Latent, LatentSpec
from graphengine.run.context import TaskContext
from graphengine.run.messages import Event, TaskPreview
from nodes.latent.preview import preview

pytestmark = pytest.mark.torch


def shown(latent: Latent, context: TaskContext, events: list[Event]) -> np.ndarray:
    assert preview(latent, context=context) is latent
    event = events[-1]
    assert isinstance(event, TaskPreview)
    with Pil.open(io.BytesIO(event.preview.data)) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def test_what_differs_is_seen(context: TaskContext, events: list[Event]) -> None:
    samples = torch.zeros(1, 16, 6, 8)
    samples[:, 5, :, 4:] = 3.0
    pixels = shown(Latent(samples, "any", LatentSpec(16)), context, events)
    assert pixels.shape == (6, 8, 3)
    assert np.abs(pixels[:, :4, 0] - pixels[:, 4:, 0]).min() > 100  # the halves differ
    assert np.ptp(pixels[:, :4], axis=(0, 1)).max() <= 1  # and each is one colour


@pytest.mark.parametrize("channels", [1, 4])
def test_nothing_at_all_is_grey(channels: int, context: TaskContext, events: list[Event]) -> None:
    pixels = shown(Latent(torch.zeros(2, channels, 4, 4), "any", LatentSpec(channels)), context, events)
    assert pixels.shape == (4, 8, 3)
    assert ((pixels >= 127) & (pixels <= 128)).all()
