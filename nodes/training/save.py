"""Trained weights to a file."""

from typing import Annotated, NamedTuple

from pydantic import AfterValidator
from safetensors.torch import save as to_safetensors

from graphengine.diffusion.types.trained import Weights
from graphengine.files.naming import check_pattern
from graphengine.files.roots import File
from graphengine.node.context import Context
from graphengine.node.declare import injected, node


class Saved(NamedTuple):
    """The weights as they came, and the file that holds them."""

    weights: Weights
    file: File


@node("training.save", category="training", title="Save weights", lane="io", sink=True)
def save_weights(
    weights: Weights,
    name: Annotated[str, AfterValidator(check_pattern)] = "{workflow}",
    half: bool = True,
    *,
    context: Context = injected,
) -> Saved:
    """Save trained weights as a safetensors file.

    The settings of the training and its figures lie beside them, as the metadata of the file.

    Inputs:
        weights: what a training left.
        name: may hold ``{workflow}``, ``{node}``, ``{run}``, ``{date}``, ``{time}`` and ``{counter:05}``;
            ``/`` makes folders.
        half: in fp16, which takes half the room, and not in fp32.

    Outputs:
        weights: what came in, to go on with.
        file: what was written.

    Errors: the name has an unknown field or leaves the output folder.
    """
    tensors = {name: (tensor.half() if half else tensor).contiguous() for name, tensor in weights.tensors.items()}
    content = to_safetensors(tensors, {"kind": weights.kind, **weights.notes})
    return Saved(weights, context.save(name, ".safetensors", content, "application/octet-stream"))
