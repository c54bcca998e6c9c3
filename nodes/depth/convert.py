"""Between depth and pictures of it."""

from typing import Annotated, Literal

import torch
from pydantic import Field

from graphengine.diffusion.colour import LUMA
from graphengine.diffusion.hints import depth_levels
from graphengine.diffusion.space.projection import normals_of
from graphengine.diffusion.types.depth import Camera, DepthMap
from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.node.widgets import Slider

Distance = Annotated[float, Field(gt=0, le=1e6)]


@node("depth.camera", category="depth", title="Camera")
def camera(angle: Annotated[float, Field(gt=0, lt=170), Slider(10, 120, 1)] = 55.0) -> Camera:
    """Describe the camera that made a picture.

    Inputs:
        angle: the horizontal field of view in degrees. 55 is that of most pictures; a phone has about 65, a portrait
            30.
    """
    return Camera(0.5 / float(torch.tan(torch.deg2rad(torch.tensor(angle / 2, dtype=torch.float64)))))


@node("depth.from_image", category="depth", title="Depth from picture")
def from_image(
    image: Image,
    near: Distance = 1.0,
    far: Distance = 10.0,
    scale: Literal["inverse", "linear"] = "inverse",
    white: Literal["near", "far"] = "near",
) -> DepthMap:
    """Read depth from a picture of it, such as one that was painted, rendered, or made by another program.

    Inputs:
        image: grey levels; of colours the luminance counts.
        near, far: the distances of the two ends of the levels.
        scale: ``inverse`` is what depth models and ControlNets use: levels are even in 1/distance; ``linear``: in
            distance.
        white: which end white is.

    Errors: ``far`` is not beyond ``near``.
    """
    if not far > near:
        raise NodeError(f"far ({far:g}) is not beyond near ({near:g})", hint="Give the larger distance as far.")
    levels = (image.pixels[..., :3].clamp(0, 1) * torch.tensor(LUMA)).sum(-1)
    share = levels if white == "near" else 1 - levels
    if scale == "linear":
        return DepthMap(far + share * (near - far))
    return DepthMap(1 / (1 / far + share * (1 / near - 1 / far)))


@node("depth.to_image", category="depth", title="Picture of depth")
def to_image(depth: DepthMap) -> Image:
    """Show depth as grey levels: white is nearest, even in 1/distance, as ControlNets want it.

    Inputs:
        depth: the whole range of each of its maps is used.
    """
    return Image(depth_levels(depth.values)[..., None].expand(-1, -1, -1, 3).contiguous())


@node("depth.normals", category="depth", title="Normals from depth")
def normals(depth: DepthMap, camera: Camera) -> Image:
    """Show which way surfaces face, as colours: red to the right, green up, blue towards the camera.

    Inputs:
        depth: the distances.
        camera: that which made the picture.

    Outputs:
        image: each component from -1..1 brought to 0..1, as normal maps and ControlNets want it.
    """
    return Image(((normals_of(depth, camera) + 1) / 2).clamp(0, 1).contiguous())
