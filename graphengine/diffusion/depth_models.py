"""Networks that tell depth of a picture: DPT (Ranftl et al. 2021), Depth Anything (Yang et al. 2024), and our own."""

from typing import Final

import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import AutoImageProcessor, AutoModelForDepthEstimation

from graphengine.diffusion.loaded import DepthNetwork, Loaded
from graphengine.diffusion.training.depth import DepthNet, depth_from
from graphengine.diffusion.types.refs import DepthModelRef, DTypeName, WeightsRef
from graphengine.diffusion.weights import whole
from graphengine.errors import ModelRefused
from graphengine.files.roots import File
from graphengine.models.signatures import TRAINED_DEPTH, signature_of
from graphengine.models.source import NETWORK, SingleFile, Source, network_config, open_source

DEPTH: Final = "depth"

_KNOWN = ("DPTForDepthEstimation", "DepthAnythingForDepthEstimation")
_HINT = "Choose a folder as transformers saves a DPT or Depth Anything model, or a file that Train depth model left."


class DepthLoader:
    """Makes networks that tell depth (see :class:`graphengine.diffusion.families.family.Loader`)."""

    def load(self, ref: WeightsRef, source: Source, dtype: torch.dtype) -> Loaded:
        """Load a network, and of a folder what makes pictures its inputs; nothing is asked of a hub."""
        if source.path == ref.source.path:
            return _trained(ref, source)
        folder = source.path.parent
        module = whole(
            AutoModelForDepthEstimation.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, dtype=dtype, output_loading_info=True
            )
        )
        processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True, backend="pil")
        return DepthNetwork(module, processor, getattr(module.config, "depth_estimation_type", "") == "metric")


def _trained(ref: WeightsRef, source: Source) -> DepthNetwork:
    try:
        return DepthNetwork(depth_from(load_file(source.path)), None, metric=True)
    except ValueError as error:
        raise ModelRefused(f"{ref.source.reference!r} cannot be loaded: {error}", hint=_HINT) from error


def open_depth(source: File, dtype: DTypeName = "auto") -> DepthModelRef:
    """Return a reference to a network that tells depth; no weights are loaded.

    Raises:
        ModelRefused: it is neither a folder of such a network nor a file of one that was trained here.
    """
    opened = open_source(source.path)
    if (
        isinstance(opened, SingleFile)
        and opened.path == source.path
        and signature_of(opened.header.shapes) == TRAINED_DEPTH
    ):
        return DepthModelRef(source, DEPTH, "", dtype)
    if not isinstance(opened, SingleFile) or opened.path != source.path / NETWORK:
        raise ModelRefused(f"{source.reference!r} is no folder of a single network", hint=_HINT)
    kinds = network_config(source.path).get("architectures")
    kind = kinds[0] if isinstance(kinds, list) and kinds else "nothing"
    if kind not in _KNOWN:
        raise ModelRefused(f"{source.reference!r} holds {kind}, which tells no depth here", hint=_HINT)
    if not (source.path / "preprocessor_config.json").is_file():
        raise ModelRefused(f"{source.reference!r} lacks preprocessor_config.json", hint=_HINT, fault="incomplete")
    return DepthModelRef(source, DEPTH, "", dtype)


def predicted(network: DepthNetwork, pixels: Tensor) -> Tensor:
    """Return what a network tells of a picture, fp32 [height, width] on the CPU: metres, or affine in 1/distance.

    Args:
        pixels: [height, width, 3] in 0..1.
    """
    if isinstance(network.module, DepthNet):
        return network.module.distances(pixels)
    with network.lock:
        given = network.processor(
            images=[pixels.numpy()], return_tensors="pt", do_rescale=False, input_data_format="channels_last"
        )
    first = next(network.module.parameters())
    told = network.module(given["pixel_values"].to(first.device, first.dtype))
    told.predicted_depth = told.predicted_depth.float().cpu()
    (whole,) = network.processor.post_process_depth_estimation(told, target_sizes=[tuple(pixels.shape[:2])])
    depth: Tensor = whole["predicted_depth"]
    return depth
