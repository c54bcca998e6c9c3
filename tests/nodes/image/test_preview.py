"""A preview is the picture, small enough, and only made when somebody looks."""

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image as Pil

from graphengine.diffusion.types.image import Image
from graphengine.run.context import TaskContext
from graphengine.run.messages import Event, TaskPreview
from nodes.image.grid import grid
from nodes.image.preview import preview

pytestmark = pytest.mark.torch


def test_shows_the_picture(context: TaskContext, events: list[Event]) -> None:
    image = Image(torch.tensor([1.0, 0.5, 0.0]).expand(1, 16, 16, 3))
    assert preview(image, context=context) is image
    (event,) = events
    assert isinstance(event, TaskPreview)
    assert (event.preview.media_type, event.preview.width, event.preview.height) == ("image/webp", 16, 16)
    with Pil.open(io.BytesIO(event.preview.data)) as picture:
        assert picture.format == "WEBP"
        assert np.allclose(np.asarray(picture), [255, 128, 0], atol=6)


def test_is_no_larger_than_asked(noise: Callable[..., Image], context: TaskContext, events: list[Event]) -> None:
    preview(noise(batch=2, height=30, width=50), 64, context=context)
    (event,) = events
    assert isinstance(event, TaskPreview)
    assert (event.preview.width, event.preview.height) == (64, 19)


def test_is_not_made_when_nobody_looks(noise: Callable[..., Image], context: TaskContext, events: list[Event]) -> None:
    preview(noise(), context=TaskContext(replace(context.scope, previews=False), "picture"))
    assert events == []


def test_grid_places_pictures_row_by_row(noise: Callable[..., Image]) -> None:
    image = noise(batch=3, height=2, width=4)
    sheet = grid(image).pixels
    assert sheet.shape == (1, 4, 8, 3)
    assert torch.equal(sheet[0, :2, :4], image.pixels[0])
    assert torch.equal(sheet[0, :2, 4:], image.pixels[1])
    assert torch.equal(sheet[0, 2:, :4], image.pixels[2])
    assert not sheet[0, 2:, 4:].any()


@pytest.mark.parametrize(("columns", "shape"), [(1, (6, 4)), (2, (4, 8)), (3, (2, 12)), (9, (2, 12))])
def test_grid_columns(columns: int, shape: tuple[int, int], noise: Callable[..., Image]) -> None:
    assert grid(noise(batch=3, height=2, width=4), columns).pixels.shape[1:3] == shape


def test_grid_of_one_is_itself(noise: Callable[..., Image]) -> None:
    image = noise()
    assert grid(image) == image
