"""Frames between frames by a network with the user's weights: RIFE."""

from collections.abc import Callable
from typing import Final

import torch
from safetensors import safe_open

from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.loaded import FrameNetwork, Loaded
from graphengine.diffusion.types.refs import DTypeName, InterpolatorRef, WeightsRef
from graphengine.diffusion.video.ifnet import FlowNetwork
from graphengine.diffusion.video.interpolation import Pair
from graphengine.diffusion.video.motion import Picture
from graphengine.errors import ModelRefused
from graphengine.files.roots import File
from graphengine.models.ifnet import Layout, layout_of, names_of
from graphengine.models.source import SingleFile, Source, open_source

RIFE: Final = "rife"


class RifeLoader:
    """Makes RIFE's flow networks (see :class:`graphengine.diffusion.families.family.Loader`)."""

    def load(self, ref: WeightsRef, source: Source, dtype: torch.dtype) -> Loaded:
        """Build the network that the names and shapes tell of, and fill it; all tensors must have their place."""
        del dtype
        file, layout = _layout(ref.source, source)
        with safe_open(file.path, framework="pt") as tensors:
            state = {name: tensors.get_tensor(full) for name, full in names_of(layout, file.header.shapes).items()}
        with torch.device("meta"):
            network = FlowNetwork(layout)
        network.load_state_dict(state, assign=True)
        return FrameNetwork(network)


def open_interpolator(source: File, dtype: DTypeName = "float32") -> InterpolatorRef:
    """Return a reference to a network that makes frames between frames; no weights are loaded.

    Raises:
        ModelRefused: it is no safetensors file, or none of a network that is known.
    """
    _layout(source, open_source(source.path))
    return InterpolatorRef(source, RIFE, "", dtype)


def _layout(named: File, source: Source) -> tuple[SingleFile, Layout]:
    if not isinstance(source, SingleFile):
        raise ModelRefused(f"{named.reference!r} is a folder", hint="Choose a single .safetensors file.")
    layout = layout_of(source.header.shapes)
    if layout is None:
        raise ModelRefused(
            f"{named.reference!r} is no network for frame interpolation that is known",
            hint="Known is the flow network of RIFE 4.6 and later (flownet), as safetensors.",
        )
    return source, layout


def pairs_by(network: FrameNetwork) -> Callable[[Picture, Picture, float], Pair]:
    """Return what makes pairs of frames between which ``network`` sees what moves."""
    return lambda first, second, cut: LearnedPair(network, first, second, cut)


class LearnedPair(Pair):
    """Two frames between which a network sees what moves; where a scene ends is told without it."""

    def __init__(self, network: FrameNetwork, first: Picture, second: Picture, cut: float) -> None:
        super().__init__(first, second, cut)
        self._network = network

    def at(self, time: float) -> Picture:
        """Return the frame at a time from 0 to 1; alpha goes along with the colours."""
        if self.is_cut:
            return self.first
        module = self._network.module
        place = next(module.parameters())
        with torch.no_grad(), memory_guard("interpolating frames"):
            planes = [torch.from_numpy(each).permute(2, 0, 1)[None].to(place) for each in (self.first, self.second)]
            colours = [each[:, :3].expand(-1, 3, -1, -1) for each in planes]
            made = module(*colours, time).blended(*planes)
        picture: Picture = made[0].permute(1, 2, 0).float().cpu().numpy()
        return picture
