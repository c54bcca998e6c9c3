"""Pictures that depth makes move, or blurs."""

from collections.abc import Iterator
from typing import Annotated

import torch
from pydantic import Field

from graphengine.diffusion.space.behind import widened
from graphengine.diffusion.space.camera_moves import Move, move_pose
from graphengine.diffusion.space.focus import focused
from graphengine.diffusion.space.parallax import Scene
from graphengine.diffusion.space.projection import require_same_size
from graphengine.diffusion.types.depth import Camera, DepthMap
from graphengine.diffusion.types.image import Image
from graphengine.node.declare import node
from graphengine.node.widgets import Slider

Edge = Annotated[float, Field(gt=0, le=10), Slider(0.02, 1, 0.01)]


@node("depth.parallax", category="depth", version=2, title="Parallax")
def parallax(
    image: Image,
    depth: DepthMap,
    camera: Camera,
    move: Move = "circle",
    frames: Annotated[int, Field(ge=1, le=10_000)] = 48,
    amount: Annotated[float, Field(ge=0, le=1), Slider(0, 0.3, 0.01)] = 0.06,
    focus: Annotated[float, Field(ge=0, le=1e6)] = 0.0,
    zoom: Annotated[float, Field(ge=1, le=2), Slider(1, 1.5, 0.01)] = 1.06,
    edge: Edge = 0.15,
    widen: Annotated[int, Field(ge=0, le=64)] = 1,
) -> Iterator[Image]:
    """Move a camera through a picture (2.5D): what is near moves more than what is far.

    The picture is torn where depth jumps; what then comes into sight is guessed from what is beside it. The move ends
    where it began, so that the video can be looped.

    Inputs:
        image, depth: of equal size; of a batch the first.
        camera: that which made the picture.
        move: ``circle``, ``swing`` to both sides, ``rise`` and fall, or ``dolly`` in and back.
        frames: how many pictures the move takes.
        amount: how far the camera goes, as a part of the distance of the focus.
        focus: the distance of what stays in its place; 0 takes the median of the distances.
        zoom: how much the rim is cut away, so that it does not come into sight.
        edge: neighbours whose distances differ by more than this part are torn apart.
        widen: by how many pixels near things are taken to be wider on all sides, so that their outlines move with them
            where those of an estimated depth lie a little beside them; 0 for depth that is true to the pixel.

    Errors: the sizes differ.
    """
    require_same_size(image, depth)
    values = widened(depth.values[0], widen)
    reach = max(4, round(image.width * amount * 1.5))
    focus = focus or float(values.median())
    scene = Scene(image.pixels[0], values, camera, edge=edge, reach=reach)
    for index in range(frames):
        pose = move_pose(move, index / frames, amount, focus)
        yield Image(scene.seen(pose, zoom)[None].clamp(0, 1).contiguous())


@node("depth.blur", category="depth", title="Depth of field")
def blur(
    image: Image,
    depth: DepthMap,
    focus: Annotated[float, Field(gt=0, le=1e6)] = 2.0,
    radius: Annotated[float, Field(ge=0, le=100), Slider(0, 30, 0.5)] = 6.0,
) -> Image:
    """Blur what is out of focus, as a lens with a wide opening does.

    Inputs:
        image, depth: of equal size; a single depth map is used for the whole batch.
        focus: the distance that is sharp, in the unit of the depth.
        radius: how wide a point at an infinite distance becomes, in pixels; what is near can become wider.

    Errors: the sizes differ.

    Source: Potmesil & Chakravarty, A lens and aperture camera model (1981).
    """
    require_same_size(image, depth)
    maps = depth.values.expand(image.batch, -1, -1)
    blurred = [focused(p[..., :3], d, focus=focus, blur=radius) for p, d in zip(image.pixels, maps, strict=True)]
    return Image(torch.stack(blurred).contiguous())
