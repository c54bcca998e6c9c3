"""Guidance away from what a weakened model predicts: another forward of the network, some blocks of which do less."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from graphengine.diffusion.guidance import Denoise
from graphengine.diffusion.loaded import Denoiser, shared_copy
from graphengine.diffusion.types.custom import Weakening
from graphengine.errors import NodeError

_BLOCK = re.compile(r"(.*\.)?(single_)?transformer_blocks\.\d+")
_PARTS = ("down_blocks", "mid_block", "up_blocks")  # of a UNet, in the order in which it calls them


class Weakened:
    """Adds to predictions what leads away from those of weakened models.

    Args:
        weakenings: how they are weakened, and when that counts.
        predictions: what each predicts for what is wanted.
    """

    def __init__(self, weakenings: Sequence[Weakening], predictions: Sequence[Denoise]) -> None:
        self._pairs = tuple(zip(weakenings, predictions, strict=True))
        self._counting = self._pairs

    def push(self, latents: Tensor, timestep: Tensor, towards: Tensor) -> Tensor:
        """Return what is added to the prediction that was made of ``towards``, the one for what is wanted."""
        added = torch.zeros_like(towards)
        for each, predict in self._counting:
            added = added + each.scale * (towards - predict(latents, timestep))
        return added

    def watching(self, predict: Denoise, begin: int, total: int) -> Denoise:
        """Return ``predict``, which is called once for each evaluation from ``begin`` to ``total``."""
        if not self._pairs:
            return predict
        steps = iter(range(begin, total))

        def watched(latents: Tensor, timestep: Tensor) -> Tensor:
            step = next(steps)
            self._counting = tuple(pair for pair in self._pairs if pair[0].counts(step, total))
            return predict(latents, timestep)

        return watched


def weakened(denoiser: Denoiser, weakening: Weakening) -> Denoiser:
    """Return a denoiser that shares all weights, and whose chosen blocks do less.

    ``attention``: their self-attention leaves each place as it is (perturbed attention, Ahn et al. 2024).
    ``layers``: they are skipped (skip layer guidance, as Stable Diffusion 3.5 has it).

    Raises:
        NodeError: it has no such blocks.
    """
    copied = shared_copy(denoiser)
    chosen = _chosen(copied.module, weakening.layers)
    match weakening.kind:
        case "attention":
            _perturb(copied.module, chosen)
        case "layers":
            for name in chosen:
                parent, _, last = name.rpartition(".")
                setattr(copied.module.get_submodule(parent), last, _Skipped(in_pairs="attentions." not in name))
    return replace(copied)


def _chosen(module: nn.Module, layers: str) -> list[str]:
    """Return the names of the blocks that are meant: by numbers in their order, or by a part of their names."""
    blocks = sorted((name for name, _ in module.named_modules() if _BLOCK.fullmatch(name)), key=_place)
    wanted = [each.strip() for each in layers.split(",") if each.strip()] or _usual(blocks)
    found: list[str] = []
    for each in wanted:
        number = int(each) if each.isdecimal() else None
        named = blocks[number : number + 1] if number is not None else [name for name in blocks if each in name]
        if not named:
            raise NodeError(
                f"the model has no block {each!r}",
                hint=f"It has {len(blocks)}, which are called by their number from 0 or by a part of their name, "
                f"such as {', '.join(blocks[:: max(1, len(blocks) // 3)][:3])}.",
            )
        found += named
    return found


def _place(name: str) -> int:
    """Return in which part of a UNet a block is; those of one part, and of transformers, are in order."""
    return next((index for index, part in enumerate(_PARTS) if name.startswith(part)), 0)


def _usual(blocks: Sequence[str]) -> list[str]:
    """Return the blocks that are usually weakened: the middle of a UNet; of 24 in a row the 7th, 8th and 9th."""
    middle = [name for name in blocks if name.startswith("mid_block")]
    first = len(blocks) * 7 // 24
    return middle or list(blocks[first : max(first + 1, len(blocks) * 10 // 24)])


def _perturb(module: Any, blocks: Sequence[str]) -> None:
    def is_meant(name: str) -> bool:
        return ".attn2." not in name and any(name.startswith(f"{block}.") for block in blocks)

    processors = module.attn_processors
    module.set_attn_processor({name: _Perturbed(each) if is_meant(name) else each for name, each in processors.items()})


class _Perturbed:
    """Computes attention by another processor, with a map that is the identity."""

    def __init__(self, processor: Callable[..., Any]) -> None:
        self._processor = processor

    def __call__(self, attention: Any, *args: Any, **settings: Any) -> Any:
        with _Identity():
            return self._processor(attention, *args, **settings)


class _Identity(TorchFunctionMode):
    """Makes the result of attention its values, in one thread."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        given = kwargs or {}
        if func is functional.scaled_dot_product_attention:
            return given["value"] if "value" in given else args[2]
        return func(*args, **given)


class _Skipped(nn.Module):
    """A block that does nothing.

    Args:
        in_pairs: whether it hands on the text beside the picture, as blocks of transformers do.
    """

    def __init__(self, *, in_pairs: bool) -> None:
        super().__init__()
        self._in_pairs = in_pairs

    def forward(self, hidden_states: Tensor, *args: Any, **settings: Any) -> Any:
        """Return what came."""
        del args
        return (settings["encoder_hidden_states"], hidden_states) if self._in_pairs else hidden_states
