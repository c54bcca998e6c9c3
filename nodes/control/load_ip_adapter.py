"""Opening an IP-Adapter."""

from typing import Annotated

from graphengine.diffusion.control.ip_adapters import open_ip_adapter
from graphengine.diffusion.types.refs import ControlNetRef, DTypeName
from graphengine.files.roots import File
from graphengine.node.declare import node
from graphengine.node.widgets import Under


@node(
    "control.load_ip_adapter",
    category="control",
    lane="io",
    title="Load IP-Adapter",
    aliases=("IPAdapter", "Image prompt", "CLIP vision"),
)
def load_ip_adapter(
    source: Annotated[File, Under("models", roles=("adapter",))],
    encoder: Annotated[File, Under("models", roles=("image_encoder",))],
    precision: DTypeName = "auto",
) -> ControlNetRef:
    """Open an IP-Adapter, by which a model reads pictures as it reads words: content and style.

    Apply ControlNet gives it its picture, a strength, and a part of the steps. No weights are loaded here.

    Inputs:
        source: a .safetensors file as they are released for Stable Diffusion 1 and XL, ``plus`` and ``full`` ones too.
        encoder: the folder of the CLIP vision model that it was made for, often called ``image_encoder``.
        precision: the number format of the weights; ``auto`` is half precision on an accelerator, full on the CPU.

    Outputs:
        control_net: the network, as a recipe that other nodes take.

    Errors: a pickle (.bin) whatever its name, a broken file, something else than an IP-Adapter or its encoder, one that
    reads embeddings of faces.

    Source: Ye et al., IP-Adapter: Text Compatible Image Prompt Adapter for Text-to-Image Diffusion Models (2023).
    """
    return open_ip_adapter(source, encoder, precision)
