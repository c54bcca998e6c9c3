"""Opening a whole pipeline."""

from typing import Annotated

from graphengine.diffusion.pipelines import open_pipeline
from graphengine.diffusion.types.refs import DTypeName, PipelineRef
from graphengine.files.roots import File
from graphengine.node.declare import node
from graphengine.node.widgets import Under


@node(
    "model.load_pipeline",
    category="model",
    lane="io",
    title="Load pipeline",
    aliases=("Diffusers pipeline", "Diffusers"),
)
def load_pipeline(
    source: Annotated[File, Under("models", "builtin", roles=("model",))], precision: DTypeName = "auto"
) -> PipelineRef:
    """Open a whole pipeline of diffusers, of any of its kinds: for models that *Load model* does not know.

    No weights are loaded here, nothing is asked of a hub, and no code that lies in the folder is run.

    Inputs:
        source: a folder under the models folder as diffusers saves a pipeline, with ``model_index.json``.
        precision: the number format; ``auto`` is half precision on an accelerator, full on the CPU.

    Errors: it is another folder, the kind is not known, a part is of another library than diffusers and transformers,
    or it holds a pickle.
    """
    return open_pipeline(source, precision)
