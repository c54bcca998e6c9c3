"""Depth as OpenEXR files, as renderers write it."""

from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field

from graphengine.diffusion.exr import MEDIA_TYPE, as_floats, exr_bytes, read_channels
from graphengine.diffusion.types.depth import DepthMap
from graphengine.errors import NodeError
from graphengine.files.naming import check_pattern
from graphengine.files.roots import File
from graphengine.node.context import Context
from graphengine.node.declare import injected, node
from graphengine.node.widgets import Under


class Saved(NamedTuple):
    """The depth as it came, and the files that hold it."""

    depth: DepthMap
    files: list[File]


@node("depth.load_exr", category="depth", title="Load depth from EXR", lane="io", aliases=("Z pass", "OpenEXR"))
def load_exr(
    file: Annotated[File, Under("inputs")],
    channel: str = "Z",
    furthest: Annotated[float, Field(gt=0, le=1e6)] = 1000.0,
) -> DepthMap:
    """Load the distances that a renderer wrote into an OpenEXR file.

    Inputs:
        channel: its name; renderers say ``Z``, ``depth.Z``, ``ViewLayer.Depth.Z`` and others.
        furthest: what is further away, or not above 0, is brought to this distance: the sky.

    Outputs:
        depth: in the unit of the scene.

    Errors: it is no such file, is broken, has more than 8192 × 8192 pixels or 2²⁸ values, or no such channel.
    """
    channels = read_channels(file)
    if channel not in channels:
        raise NodeError(
            f"{file.reference!r} has no channel {channel!r}",
            hint=f"It holds {', '.join(sorted(channels)) or 'nothing'}.",
        )
    values = as_floats(channels[channel])
    return DepthMap(values.where(values > 0, furthest).clamp_max(furthest)[None].contiguous())


@node("depth.save_exr", category="depth", title="Save depth as EXR", lane="io", sink=True, aliases=("OpenEXR",))
def save_exr(
    depth: DepthMap,
    name: Annotated[str, AfterValidator(check_pattern)] = "{workflow}",
    embed_workflow: bool = True,
    *,
    context: Context = injected,
) -> Saved:
    """Save depth as OpenEXR files, in a channel Z of 32 bits, in the unit of the scene.

    Inputs:
        depth: one map or several.
        name: may hold ``{workflow}``, ``{node}``, ``{run}``, ``{date}``, ``{time}`` and ``{counter:05}``;
            ``/`` makes folders.
        embed_workflow: whether the file carries the workflow, and what else it takes to make it again; switch it off
            before publishing a secret prompt.

    Outputs:
        depth: what came in, to go on with.
        files: what was written, in the order of the batch.

    Errors: the name has an unknown field or leaves the output folder.
    """
    files = []
    for values in depth.values:
        content = exr_bytes({"Z": values}, half=False, texts=context.origin() if embed_workflow else {})
        files.append(context.save(name, ".exr", content, MEDIA_TYPE))
    return Saved(depth, files)
