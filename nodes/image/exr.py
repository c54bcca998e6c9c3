"""Pictures of light, as OpenEXR files."""

from typing import Annotated, Literal, NamedTuple

import torch
from pydantic import AfterValidator, Field

from graphengine.diffusion.colour import from_linear, to_linear
from graphengine.diffusion.exr import MEDIA_TYPE, as_floats, exr_bytes, read_channels
from graphengine.diffusion.types.image import Image, Mask
from graphengine.errors import NodeError
from graphengine.files.naming import check_pattern
from graphengine.files.roots import File
from graphengine.node.context import Context
from graphengine.node.declare import injected, node
from graphengine.node.widgets import Slider, Under

LEAST_ALPHA = 1e-6


class Loaded(NamedTuple):
    """A picture, and where it is opaque."""

    image: Image
    mask: Mask


class Saved(NamedTuple):
    """The pictures as they came, and the files that hold them."""

    image: Image
    files: list[File]


@node("image.load_exr", category="image", title="Load EXR", lane="io", aliases=("OpenEXR", "HDR"))
def load_exr(
    file: Annotated[File, Under("inputs")],
    exposure: Annotated[float, Field(ge=-20, le=20), Slider(-5, 5, 0.1)] = 0.0,
    tone: Literal["clip", "reinhard"] = "clip",
) -> Loaded:
    """Load a picture of light from an OpenEXR file.

    Inputs:
        exposure: in stops: each one brighter doubles the light.
        tone: what becomes of light above white: ``clip`` cuts it off; ``reinhard`` makes all light darker, the more the
            brighter it is, so that nothing is cut off.

    Outputs:
        image: R, G and B of the first part, or Y as grey, in sRGB; what is half clear has its full colour.
        mask: the channel A; 1 everywhere if there is none.

    Errors: it is no such file, is broken, has more than 8192 × 8192 pixels or 2²⁸ values, or other channels.

    Source: Reinhard et al., Photographic Tone Reproduction for Digital Images (2002).
    """
    channels = read_channels(file)
    names = ("R", "G", "B") if {"R", "G", "B"} <= channels.keys() else ("Y", "Y", "Y")
    if names[0] not in channels:
        raise NodeError(f"{file.reference!r} has no colours: it holds {', '.join(channels) or 'nothing'}")
    light = torch.stack([as_floats(channels[name]) for name in names], dim=-1)
    alpha = as_floats(channels["A"]).clamp(0, 1) if "A" in channels else torch.ones_like(light[..., 0])
    light = torch.where(alpha[..., None] > LEAST_ALPHA, light / alpha[..., None].clamp_min(LEAST_ALPHA), light)
    light = light.clamp_min(0) * 2**exposure
    seen = light / (1 + light) if tone == "reinhard" else light
    return Loaded(Image(from_linear(seen)[None].contiguous()), Mask(alpha[None].contiguous()))


@node("image.save_exr", category="image", title="Save EXR", lane="io", sink=True, aliases=("OpenEXR",))
def save_exr(
    image: Image,
    name: Annotated[str, AfterValidator(check_pattern)] = "{workflow}",
    half: bool = True,
    embed_workflow: bool = True,
    *,
    context: Context = injected,
) -> Saved:
    """Save pictures as OpenEXR files, in amounts of light, for compositors and renderers.

    Inputs:
        name: may hold ``{workflow}``, ``{node}``, ``{run}``, ``{date}``, ``{time}`` and ``{counter:05}``;
            ``/`` makes folders.
        half: in 16 bits per channel, and not in 32.
        embed_workflow: whether the file carries the workflow, and what else it takes to make it again; switch it off
            before publishing a secret prompt.

    Outputs:
        image: what came in, to go on with.
        files: what was written, in the order of the batch; with alpha, colours are multiplied by it, as compositors
            want it.

    Errors: the name has an unknown field or leaves the output folder.
    """
    files = []
    for done, pixels in enumerate(image.pixels, start=1):
        channels = dict(zip("RGBA", pixels.unbind(-1), strict=False))
        alpha = channels.get("A", torch.ones(1))
        channels |= {each: to_linear(channels[each]) * alpha for each in "RGB"}
        content = exr_bytes(channels, half=half, texts=context.origin() if embed_workflow else {})
        files.append(context.save(name, ".exr", content, MEDIA_TYPE))
        context.progress(done, image.batch)
    return Saved(image, files)
