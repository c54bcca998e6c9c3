"""A model to a file."""

import tempfile
import zipfile
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.exporting import write_model
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.refs import ModelRef, TextEncoderRef, VaeRef
from graphengine.files.naming import check_pattern
from graphengine.files.roots import File
from graphengine.node.context import Context
from graphengine.node.declare import injected, node


@node(
    "model.save",
    category="model",
    title="Save model",
    lane="gpu",
    sink=True,
    aliases=("Checkpoint save", "Save checkpoint", "Export diffusers"),
)
def save_model(
    model: ModelRef,
    encoder: TextEncoderRef,
    vae: VaeRef,
    name: Annotated[str, AfterValidator(check_pattern)] = "{workflow}",
    half: bool = True,
    *,
    pool: ModelPool = injected,
    context: Context = injected,
) -> File:
    """Save a model as the folder that diffusers and Load model read, packed into one file.

    Trained weights, merges and LoRAs that were put onto it are worked in. Unpack the file under the models folder.
    Beside the weights lies ``recipe.json``: what the model was made of, with the settings of its trainings.

    Inputs:
        model, encoder, vae: the parts of the model.
        name: may hold ``{workflow}``, ``{node}``, ``{run}``, ``{date}``, ``{time}`` and ``{counter:05}``;
            ``/`` makes folders.
        half: in fp16, which takes half the room, and not in fp32.

    Outputs:
        file: what was written, a ZIP archive.

    Errors: the text encoder carries a learned word, or the name has an unknown field or leaves the output folder.
    """
    with tempfile.TemporaryDirectory(prefix="model-") as place:
        folder, archive = Path(place, "model"), Path(place, "model.zip")
        with memory_guard("saving a model"):
            write_model(folder, pool, model, encoder, vae, half=half)
        with zipfile.ZipFile(archive, "w") as packed:
            for path in sorted(each for each in folder.rglob("*") if each.is_file()):
                packed.write(path, path.relative_to(folder).as_posix())
        return context.save(name, ".zip", archive, "application/zip")
