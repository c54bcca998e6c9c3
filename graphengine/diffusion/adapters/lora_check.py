"""Checking a LoRA before it is used."""

from contextlib import ExitStack
from dataclasses import replace

from torch import nn

from graphengine.diffusion.adapters.lora import config_of, modules_of, refuse_astray
from graphengine.diffusion.adapters.lora_file import read_lora
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.refs import ModelRef, TextEncoderRef, WeightsRef
from graphengine.files.roots import File


def check_lora(pool: ModelPool, source: File, *refs: ModelRef | TextEncoderRef) -> None:
    """Make sure that each weight of a LoRA has a place in the models, as they are without patches.

    Args:
        pool: lends the models.
        source: the LoRA.
        refs: the denoiser, the text encoder, or both.

    Raises:
        ModelRefused: a weight has no place, or the file is no LoRA.
    """
    with ExitStack() as stack:
        bare: list[WeightsRef] = [replace(ref, patches=()) for ref in refs]
        lent = [(ref, stack.enter_context(pool.use(ref))) for ref in bare]
        config = next((each for each in (config_of(*pair) for pair in lent) if each is not None), None)
        lora = read_lora(source, refs[0].family, config)
        modules: dict[str, nn.Module] = {}
        for ref, loaded in lent:
            modules |= modules_of(lora, ref, loaded)
        refuse_astray(lora, lora.astray(modules))
