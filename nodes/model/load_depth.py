"""Opening a network that tells depth."""

from typing import Annotated

from graphengine.diffusion.depth_models import open_depth
from graphengine.diffusion.types.refs import DepthModelRef, DTypeName
from graphengine.files.roots import File
from graphengine.node.declare import node
from graphengine.node.widgets import Under


@node("model.load_depth", category="model", lane="io", title="Load depth model", aliases=("Depth Anything", "DPT"))
def load_depth(
    source: Annotated[File, Under("models", "builtin", roles=("depth",))], precision: DTypeName = "auto"
) -> DepthModelRef:
    """Open a network that tells how far away what a picture shows is.

    No weights are loaded here, and nothing is asked of a hub.

    Inputs:
        source: a folder under the models folder as transformers saves a DPT or Depth Anything model: ``config.json``,
            ``model.safetensors`` and ``preprocessor_config.json``; or a file of what Train depth model left. One comes
            with the program, ``builtin:depth/depth.safetensors``, and knows drawn landscapes.
        precision: the number format; ``auto`` is half precision on an accelerator, full on the CPU.

    Errors: it is another folder or file, a file of it is missing, or it holds a pickle.
    """
    return open_depth(source, precision)
