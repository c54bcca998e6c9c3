"""Surfaces and points as files.

trimesh takes a second and more to import: it is loaded when something is written.
"""

from importlib import import_module
from typing import Any, Literal

import numpy as np
from PIL import Image as Pil

from graphengine.diffusion.images import to_pil
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.mesh import Mesh, PointCloud

MeshFormat = Literal["glb", "ply", "obj"]

MEDIA_TYPES: dict[MeshFormat, str] = {"glb": "model/gltf-binary", "ply": "model/ply", "obj": "model/obj"}


def mesh_file(mesh: Mesh, format_: MeshFormat) -> bytes:
    """Return the bytes of a file: GLB with the texture inside, PLY and OBJ with a colour for each vertex."""
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
    return _bytes(body.export(file_type=format_))


def points_file(cloud: PointCloud, format_: Literal["glb", "ply"]) -> bytes:
    """Return the bytes of a file with a colour for each point."""
    colours = (cloud.colours.clamp(0, 1) * 255).round().byte().numpy()
    return _bytes(import_module("trimesh").PointCloud(cloud.points.numpy(), colors=colours).export(file_type=format_))


def _colours(mesh: Mesh, picture: Pil.Image) -> Any:
    place = mesh.uv.numpy() * (picture.width, picture.height)
    column, row = (np.clip(place[:, axis].astype(int), 0, picture.size[axis] - 1) for axis in (0, 1))
    return np.asarray(picture.convert("RGBA"))[row, column]


def _bytes(content: bytes | str) -> bytes:
    return content.encode() if isinstance(content, str) else content
