"""Trained weights from a file."""

from typing import Annotated

from safetensors import SafetensorError, safe_open

from graphengine.diffusion.types.trained import Weights
from graphengine.errors import NodeError
from graphengine.files.roots import File
from graphengine.node.declare import node
from graphengine.node.widgets import Under


@node("training.load", category="training", title="Load trained weights", lane="io")
def load_weights(file: Annotated[File, Under("models", "builtin")]) -> Weights:
    """Load weights that were trained and saved here, with the notes that lie beside them.

    Inputs:
        file: a safetensors file that ``training.save`` wrote; one comes with the program,
            ``builtin:upscaler-x2/upscaler-x2.safetensors``.

    Outputs:
        weights: in fp32, whatever the file holds.

    Errors: the file is no safetensors file, or does not say what its weights are of.
    """
    try:
        with safe_open(file.path, "pt") as opened:
            notes = dict(opened.metadata() or {})
            tensors = {name: opened.get_tensor(name).float() for name in opened.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError) as error:
        raise NodeError(
            f"{file.reference} cannot be read as safetensors: {error}", hint="Is the file whole?"
        ) from error
    if "kind" not in notes:
        raise NodeError(
            f"{file.reference} does not say what its weights are of",
            hint="Only what was trained and saved here does; models are loaded with Load model.",
        )
    return Weights(notes.pop("kind"), tensors, notes)
