"""Networks that are built from weights come out whole, also while a model is loaded in another thread."""

import threading
from collections.abc import Callable

import pytest
import torch
from accelerate import init_empty_weights
from torch import nn

from graphengine.diffusion.pool.construction import construction
from graphengine.diffusion.training.tagger import Tagger, tagger_from
from graphengine.diffusion.training.upscaler import CompactUpscaler, upscaler_from

pytestmark = pytest.mark.torch

TAGS = ["a", "b"]
BUILDERS: dict[str, tuple[nn.Module, Callable[[dict[str, torch.Tensor]], nn.Module]]] = {
    "tagger": (Tagger(TAGS, 4), lambda tensors: tagger_from(tensors, TAGS)),
    "upscaler": (CompactUpscaler(2, 4, 1), upscaler_from),
}


@pytest.mark.parametrize("name", BUILDERS)
def test_a_network_that_is_built_while_a_model_is_loaded_has_its_weights(name: str) -> None:
    original, build = BUILDERS[name]
    tensors = dict(original.state_dict())
    loading, built = threading.Event(), threading.Event()

    def load() -> None:
        with construction(), init_empty_weights():  # as loaders do it, for the whole process
            loading.set()
            built.wait(0.3)

    loader = threading.Thread(target=load)
    loader.start()
    assert loading.wait(10)
    made = build(tensors).state_dict()
    built.set()
    loader.join()
    assert made.keys() == tensors.keys()
    assert all(torch.equal(made[each], tensors[each]) for each in tensors)
