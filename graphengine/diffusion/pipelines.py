"""Whole pipelines of diffusers: a bridge to kinds of models that have no nodes of their own here."""

import copy
import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final

import diffusers
import numpy as np
import torch
from diffusers import DiffusionPipeline
from pydantic import JsonValue

from graphengine.diffusion.images import from_pil, to_pil
from graphengine.diffusion.loaded import Loaded, PipelineParts
from graphengine.diffusion.types.image import Image, Mask
from graphengine.diffusion.types.refs import DTypeName, PipelineRef, WeightsRef
from graphengine.errors import ModelRefused, NodeError
from graphengine.files.roots import File
from graphengine.models.source import ModelFolder, Source, open_source

PIPELINE: Final = "pipeline"

_LIBRARIES = frozenset({"diffusers", "transformers"})
"""Whose classes a folder may name as its parts."""

_HINT = "Choose a folder as diffusers saves a whole pipeline."


class PipelineLoader:
    """Makes pipelines (see :class:`graphengine.diffusion.families.family.Loader`)."""

    def load(self, ref: WeightsRef, source: Source, dtype: torch.dtype) -> Loaded:
        """Load all parts of a folder; nothing is asked of a hub, and no code of the folder is run."""
        pipeline = DiffusionPipeline.from_pretrained(
            source.path,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            dtype=dtype,
            variant=_variant(source),
        )
        pipeline.set_progress_bar_config(disable=True)
        del ref  # the folder says what it is
        return PipelineParts(pipeline)


def open_pipeline(source: File, dtype: DTypeName = "auto") -> PipelineRef:
    """Return a reference to a pipeline; no weights are loaded.

    Raises:
        ModelRefused: it is no folder of a pipeline that diffusers knows, or names parts of other libraries, which would
            run their code.
    """
    opened = open_source(source.path)
    if not isinstance(opened, ModelFolder):
        raise ModelRefused(f"{source.reference!r} is no folder of a pipeline", hint=_HINT)
    name = opened.index.get("_class_name")
    if not isinstance(name, str) or not _is_pipeline(getattr(diffusers, name, None)):
        raise ModelRefused(f"{source.reference!r} is a {name!r}, which diffusers does not know", hint=_HINT)
    for part, named in opened.index.items():
        if isinstance(named, list) and not _is_known(named):
            raise ModelRefused(
                f"{source.reference!r} says that its part {part!r} is {named!r}",
                hint="Parts of diffusers and transformers alone are loaded: others may run any program.",
            )
    return PipelineRef(source, PIPELINE, name, dtype)


@dataclass(frozen=True)
class Order:
    """What a pipeline shall make. What is None, or not given, is left to the pipeline.

    Attributes:
        prompt: what to show.
        named: further arguments by the names of diffusers, such as ``guidance_scale``.
        image: a picture to go on from, or to follow.
        mask: what of it is made anew.
        video: frames to go on from.
        batch: how many pictures.
        seed: of the first; each further one has the next.
    """

    prompt: str
    named: Mapping[str, JsonValue] = field(default_factory=dict)
    image: Image | None = None
    mask: Mask | None = None
    video: Image | None = None
    batch: int = 1
    seed: int = 0


OnStep = Callable[[int, int], None]
"""Is told the steps that were made, and how many there are; what it raises ends the making."""


def made(parts: PipelineParts, order: Order, on_step: OnStep) -> Image:
    """Let a pipeline make pictures, or the frames of a video.

    Raises:
        NodeError: the pipeline takes something else, refuses what it was given, or makes no pictures.
    """
    with parts.lock:
        pipeline = copy.copy(parts.pipeline)
        if getattr(pipeline, "scheduler", None) is not None:  # it keeps the state of a sampling
            pipeline.scheduler = copy.deepcopy(pipeline.scheduler)
        takes = _taken(pipeline)
        given = {**_arguments(order, takes), **_plain(order, takes, on_step)}
        missing = [name for name, default in takes.items() if default is inspect.Parameter.empty and name not in given]
        if missing:
            raise NodeError(
                f"{type(pipeline).__name__} cannot do without: {', '.join(missing)}",
                hint="Link what it asks for, or name it in the options.",
            )
        try:
            result = pipeline(**given)
        except (TypeError, ValueError) as error:
            raise NodeError(f"{type(pipeline).__name__} refuses what it was given: {error}") from error
    return _pictures(result, type(pipeline).__name__)


def _taken(pipeline: Any) -> Mapping[str, Any]:
    """Return what a pipeline takes, and the default of each."""
    parameters = inspect.signature(pipeline.__call__).parameters.values()
    return {each.name: each.default for each in parameters if each.kind is not each.VAR_KEYWORD}


def _arguments(order: Order, takes: Collection[str]) -> dict[str, Any]:
    """Return what was asked for by the names of the pipeline.

    Raises:
        NodeError: it takes something of it not.
    """
    given: dict[str, Any] = dict(order.named)
    if order.image is not None:
        given["image"] = _alone(order.image)
    if order.mask is not None:
        given["mask_image"] = _alone(Image(order.mask.values.unsqueeze(-1).repeat(1, 1, 1, 3)))
    if order.video is not None:
        given["video"] = to_pil(order.video)
    if order.prompt:
        given["prompt"] = order.prompt
    known = set(takes) - _OURS
    if not given.keys() <= known:
        raise NodeError(
            f"the pipeline does not take: {', '.join(sorted(given.keys() - known))}",
            hint=f"It takes: {', '.join(sorted(known))}.",
        )
    if "prompt" in takes:
        given.setdefault("prompt", "")
    if order.batch != 1:
        count = next((name for name in _COUNTS if name in takes), None)
        if count is None:
            raise NodeError("the pipeline makes one at a time", hint="Map a list of seeds instead of a batch.")
        given[count] = order.batch
    return given


def _plain(order: Order, takes: Collection[str], on_step: OnStep) -> dict[str, Any]:
    """Return what every pipeline is told in the same words, as far as it listens."""

    def end(pipeline: Any, step: int, timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
        del timestep
        on_step(step + 1, max(step + 1, getattr(pipeline, "num_timesteps", 0)))
        return values

    generators = [torch.Generator().manual_seed(order.seed + index) for index in range(order.batch)]
    said = {
        "generator": generators if order.batch > 1 else generators[0],
        "output_type": "np",
        "return_dict": True,
        "callback_on_step_end": end,
    }
    return {name: value for name, value in said.items() if name in takes}


_COUNTS = ("num_images_per_prompt", "num_videos_per_prompt", "batch_size")
"""How pipelines call the number of what they make."""

_OURS = frozenset({*_COUNTS, "generator", "output_type", "return_dict", "callback_on_step_end"})


def _alone(image: Image) -> Any:
    if image.batch != 1:
        raise NodeError(f"a pipeline takes one picture, not {image.batch}", hint="Map a list of pictures.")
    return to_pil(image)[0]


def _pictures(result: Any, name: str) -> Image:
    """Return the pictures in what a pipeline gave: arrays or pictures, of videos in one more list."""
    found = next(
        (each for each in (getattr(result, key, None) for key in ("images", "frames")) if each is not None), None
    )
    if found is None:
        raise NodeError(f"{name} makes no pictures", hint="Sound and other things cannot be had from it here.")
    frames: list[Any] = []
    for each in found:
        frames.extend(each if _is_video(each) else [each])
    if all(isinstance(each, np.ndarray) for each in frames):
        pixels = torch.from_numpy(np.stack(frames)).float().clamp(0, 1)
        return Image((pixels if pixels.shape[-1] > 1 else pixels.repeat(1, 1, 1, 3)).contiguous())
    return from_pil(frames)


def _is_video(each: Any) -> bool:
    return isinstance(each, Sequence) or (isinstance(each, np.ndarray) and each.ndim == 4)


def _variant(source: Source) -> str | None:
    """Return the word in the names of the weights, where all parts have one."""
    if not isinstance(source, ModelFolder):
        return None
    return next((word for name in source.index if (word := source.weights_variant(name))), None)


def _is_pipeline(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, DiffusionPipeline) and found is not DiffusionPipeline


def _is_known(named: list[Any]) -> bool:
    """Whether a part is of a library that is trusted, or lies beside a pipeline of diffusers."""
    match named:
        case [None, None]:
            return True
        case [str(library), str(name)]:
            if library in _LIBRARIES:
                return hasattr(import_module(library), name)
            return hasattr(diffusers.pipelines, library)
        case _:
            return False
