"""Surfaces and points as files.

trimesh takes a second and more to import: it is loaded when something is written.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Literal

import numpy as np
from PIL import Image as Pil

from graphengine.diffusion.images import to_pil
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.mesh import Mesh, PointCloud
from graphengine.files.glb import glb_with
from graphengine.files.lines import obj_with, ply_with

MeshFormat = Literal["glb", "ply", "obj"]

MEDIA_TYPES: dict[MeshFormat, str] = {"glb": "model/gltf-binary", "ply": "model/ply", "obj": "model/obj"}


_TELLING: dict[MeshFormat, Callable[[bytes, Mapping[str, str]], bytes]] = {
    "glb": glb_with,
    "ply": ply_with,
    "obj": obj_with,
}


def mesh_file(mesh: Mesh, format_: MeshFormat, texts: Mapping[str, str]) -> bytes:
    """Return the bytes of a file: GLB with the texture inside, PLY and OBJ with a colour for each vertex.

    Args:
        texts: what it says of its origin, see :mod:`graphengine.files.origin`.
    """
    v_up = mesh.uv.numpy() * (1, -1) + (0, 1)
    (picture,) = to_pil(Image(mesh.texture.pixels[:1]))
    trimesh = import_module("trimesh")
    material = trimesh.visual.material.PBRMaterial(
        baseColorTexture=picture, metallicFactor=0.0, roughnessFactor=1.0, doubleSided=True
    )
    visual: Any = trimesh.visual.TextureVisuals(uv=v_up, material=material)
    if format_ != "glb":
        visual = trimesh.visual.ColorVisuals(vertex_colors=_colours(mesh, picture))
    body = trimesh.Trimesh(mesh.vertices.numpy(), mesh.faces.numpy(), visual=visual, process=False)
    return _told(body.export(file_type=format_), format_, texts)


def points_file(cloud: PointCloud, format_: Literal["glb", "ply"], texts: Mapping[str, str]) -> bytes:
    """Return the bytes of a file with a colour for each point; ``texts`` as for :func:`mesh_file`."""
    colours = (cloud.colours.clamp(0, 1) * 255).round().byte().numpy()
    body = import_module("trimesh").PointCloud(cloud.points.numpy(), colors=colours)
    return _told(body.export(file_type=format_), format_, texts)


def _colours(mesh: Mesh, picture: Pil.Image) -> Any:
    place = mesh.uv.numpy() * (picture.width, picture.height)
    column, row = (np.clip(place[:, axis].astype(int), 0, picture.size[axis] - 1) for axis in (0, 1))
    return np.asarray(picture.convert("RGBA"))[row, column]


def _told(content: bytes | str, format_: MeshFormat, texts: Mapping[str, str]) -> bytes:
    plain = content.encode() if isinstance(content, str) else content
    return _TELLING[format_](plain, texts) if texts else plain
