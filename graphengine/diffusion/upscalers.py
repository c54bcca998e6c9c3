"""Networks from pictures to pictures, by spandrel, which knows some forty architectures by their weights.

spandrel declares torchvision, whose builds must match those of torch to a digit, and break the import of other
libraries where they do not. It needs three functions of it in two architectures, so they are stood in for where
torchvision is missing: see :func:`_library`.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from graphengine.diffusion.loaded import Loaded, PictureNetwork
from graphengine.diffusion.types.refs import DTypeName, UpscalerRef, WeightsRef
from graphengine.errors import ModelRefused
from graphengine.files.roots import File
from graphengine.models.signatures import signature_of
from graphengine.models.source import SingleFile, Source, open_source

SPANDREL = "spandrel"

_STAND_IN = "torchvision.transforms.functional"


class SpandrelLoader:
    """Makes upscalers and networks that restore (see :class:`graphengine.diffusion.families.family.Loader`)."""

    def load(self, ref: WeightsRef, source: Source, dtype: torch.dtype) -> Loaded:
        """Find the architecture by names and shapes, and fill it."""
        library = _library()
        tensors = library.canonicalize_state_dict(load_file(source.path))
        try:
            found = library.ModelLoader("cpu").load_from_state_dict(tensors)
        except library.UnsupportedModelError as error:
            raise ModelRefused(
                f"{ref.source.reference!r} is no upscaler of a known architecture",
                hint="It takes what spandrel knows: ESRGAN, Compact, SwinIR, HAT, DAT, GFPGAN and others.",
            ) from error
        if not isinstance(found, library.ImageModelDescriptor):
            raise ModelRefused(
                f"{ref.source.reference!r} makes no pictures of pictures alone: it is for {found.purpose}"
            )
        if not {torch.float16: found.supports_half, torch.bfloat16: found.supports_bfloat16}.get(dtype, True):
            raise ModelRefused(
                f"{found.architecture.name} networks do not work in {dtype}", hint="Load it with the precision float32."
            )
        return PictureNetwork(
            found.model, found, found.scale, found.input_channels, found.tiling is not library.ModelTiling.INTERNAL
        )


def open_upscaler(source: File, dtype: DTypeName = "float32") -> UpscalerRef:
    """Return a reference to an upscaler, or to a network that restores; no weights are loaded.

    Raises:
        ModelRefused: it is no safetensors file, or known to be something else.
    """
    opened = open_source(source.path)
    if not isinstance(opened, SingleFile):
        raise ModelRefused(f"{source.reference!r} is a folder", hint="Choose a single .safetensors file.")
    known = signature_of(opened.header.shapes)
    if known is not None and known.role != "upscaler":
        raise ModelRefused(f"{source.reference!r} is no upscaler: {known.title}", hint="Choose an upscaler's file.")
    return UpscalerRef(source, SPANDREL, "", dtype)


def _library() -> Any:
    """Return spandrel, loaded when it is first needed: a program that only draws or samples does not wait for it.

    Where torchvision is missing, a stand-in for the one of its modules that spandrel names lies in the table of modules
    while spandrel is loaded. ``torchvision`` itself does not: who asks whether that is installed hears the truth.

    Raises:
        ModelRefused: it is not installed.
    """
    if find_spec("spandrel") is None:
        raise ModelRefused(
            "upscalers need the library spandrel", hint="Install it with: pip install --no-deps spandrel einops"
        )
    stand_in = None if SPANDREL in sys.modules or find_spec("torchvision") is not None else _functions()
    if stand_in is not None:
        sys.modules[_STAND_IN] = stand_in
    try:
        return import_module("spandrel")
    finally:
        if stand_in is not None:
            del sys.modules[_STAND_IN]


def _functions() -> ModuleType:
    """Return what is used of the module in networks that take a picture alone; those with a mask are refused."""
    module = ModuleType(_STAND_IN)
    vars(module).update(normalize=_normalize, rotate=None, InterpolationMode=None)
    return module


def _normalize(pictures: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Bring each channel of pictures [..., channels, height, width] to another mean and deviation."""
    wanted, spread = (torch.tensor(each).to(pictures).reshape(-1, 1, 1) for each in (mean, std))
    return (pictures - wanted) / spread
