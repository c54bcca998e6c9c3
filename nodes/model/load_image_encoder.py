"""Opening a network that tells what a picture shows."""

from typing import Annotated

from graphengine.diffusion.image_encoders import open_image_encoder
from graphengine.diffusion.types.refs import DTypeName, ImageEncoderRef
from graphengine.files.roots import File
from graphengine.node.declare import node
from graphengine.node.widgets import Under


@node(
    "model.load_image_encoder",
    category="model",
    lane="io",
    title="Load image encoder",
    aliases=("CLIPVisionLoader", "CLIP vision"),
)
def load_image_encoder(
    source: Annotated[File, Under("models", roles=("image_encoder", "model"))], precision: DTypeName = "auto"
) -> ImageEncoderRef:
    """Open the network through which a model of image to video looks at a picture.

    No weights are loaded here.

    Inputs:
        source: the diffusers folder of a model that has one, that folder's ``image_encoder``, or CLIP ViT-H as a
            .safetensors file.
        precision: the number format; ``auto`` is half precision on an accelerator, full on the CPU.

    Outputs:
        image_encoder: the network, as a recipe that other nodes take.

    Errors: a pickle whatever its name, a broken file, or something else than a CLIP vision model.

    Source: Radford et al., Learning Transferable Visual Models From Natural Language Supervision (2021).
    """
    return open_image_encoder(source, precision)
