"""From a picture with depth into space."""

from typing import Annotated

import torch
from pydantic import Field

from graphengine.diffusion.space.behind import behind
from graphengine.diffusion.space.meshing import solid_of, surface_of
from graphengine.diffusion.space.projection import points_of, require_same_size
from graphengine.diffusion.types.depth import Camera, DepthMap
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.mesh import Mesh, PointCloud
from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.node.widgets import Slider


@node("mesh.from_depth", category="mesh", title="Mesh from depth")
def from_depth(
    image: Image,
    depth: DepthMap,
    camera: Camera,
    edge: Annotated[float, Field(ge=0, le=10), Slider(0, 1, 0.01)] = 0.15,
    fill: Annotated[int, Field(ge=0, le=512)] = 0,
    solid: bool = False,
    furthest: Annotated[float, Field(ge=0, le=1e6)] = 0.0,
) -> Mesh:
    """Make a surface of a picture with depth, with the picture on it.

    A vertex for each pixel, two triangles for each four neighbours.

    Inputs:
        image, depth: of equal size; of a batch the first.
        camera: that which made the picture.
        edge: neighbours whose distances differ by more than this part are not joined, so that things stand free; 0
            joins all.
        fill: how many pixels behind the rims of things a second surface goes on, with what is guessed from beside
            them: it closes the holes that a moved eye would see; 0 is none.
        solid: make one closed body, with a flat back and walls, for printing and for programs that want volumes;
            ``edge`` and ``fill`` then do not count.
        furthest: what is further away is brought to this distance; 0 leaves all as it is.

    Errors: the sizes differ, or nothing is joined.
    """
    _check(image, depth)
    pixels, values = image.pixels[0], depth.values[0]
    values = values.clamp_max(furthest) if furthest else values
    if solid:
        return solid_of(pixels, values, camera, back=0.05)
    try:
        front = surface_of(pixels, values, camera, edge=edge or None)
    except ValueError:
        raise NodeError("no two pixels are joined", hint="Give a larger edge, or 0.") from None
    if not fill or not edge:
        return front
    return _both(front, surface_of(*behind(pixels, values, edge=edge, reach=fill), camera, edge=None))


@node("mesh.points", category="mesh", title="Points from depth")
def points(image: Image, depth: DepthMap, camera: Camera) -> PointCloud:
    """Make a coloured point in space of each pixel of a picture with depth.

    Inputs:
        image, depth: of equal size; of a batch the first.
        camera: that which made the picture.

    Errors: the sizes differ.
    """
    _check(image, depth)
    places = points_of(depth.values[0], camera).reshape(-1, 3).contiguous()
    return PointCloud(places, image.pixels[0, ..., :3].reshape(-1, 3).contiguous())


def _both(front: Mesh, back: Mesh) -> Mesh:
    """Return one surface of two, the second a hair further away, their textures one above the other."""
    vertices = torch.cat((front.vertices, back.vertices * 1.002))
    half = torch.tensor((1.0, 0.5))
    uv = torch.cat((front.uv * half, back.uv * half + torch.tensor((0.0, 0.5))))
    texture = Image(torch.cat((front.texture.pixels, back.texture.pixels), dim=1))
    return Mesh(vertices, torch.cat((front.faces, back.faces + front.vertices.shape[0])), uv, texture)


def _check(image: Image, depth: DepthMap) -> None:
    require_same_size(image, depth)
    if min(image.height, image.width) < 2:
        raise NodeError("a surface needs two pixels each way", hint="Use a larger picture.")
