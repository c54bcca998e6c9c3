"""Surfaces and points to files."""

from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator

from graphengine.diffusion.space.files import MEDIA_TYPES, MeshFormat, mesh_file, points_file
from graphengine.diffusion.types.mesh import Mesh, PointCloud
from graphengine.files.naming import check_pattern
from graphengine.files.roots import File
from graphengine.node.context import Context
from graphengine.node.declare import injected, node

Name = Annotated[str, AfterValidator(check_pattern)]


class SavedMesh(NamedTuple):
    """The surface as it came, and its file."""

    mesh: Mesh
    file: File


@node("mesh.save", category="mesh", title="Save mesh", lane="io", sink=True)
def save(
    mesh: Mesh,
    format: MeshFormat = "glb",  # noqa: A002 - the word that people use
    name: Name = "{workflow}",
    embed_workflow: bool = True,
    *,
    context: Context = injected,
) -> SavedMesh:
    """Write a surface into the output folder. Nothing is ever overwritten.

    Inputs:
        mesh: a surface; y is up, and the unit is that of its depth.
        format: ``glb`` holds the texture, and browsers and programs for 3D open it; ``ply`` and ``obj`` have a colour
            for each vertex.
        name: may hold ``{workflow}``, ``{node}``, ``{run}``, ``{date}``, ``{time}`` and ``{counter:05}``; ``/`` makes
            folders.
        embed_workflow: whether the file carries the workflow, and what else it takes to make it again; switch it off
            before publishing a secret prompt.

    Outputs:
        mesh: what came in, to go on with.
        file: what was written.

    Errors: the name leaves the output folder.
    """
    content = mesh_file(mesh, format, context.origin() if embed_workflow else {})
    return SavedMesh(mesh, context.save(name, f".{format}", content, MEDIA_TYPES[format]))


@node("mesh.save_points", category="mesh", title="Save points", lane="io", sink=True)
def save_points(
    points: PointCloud,
    format: Literal["ply", "glb"] = "ply",  # noqa: A002 - the word that people use
    name: Name = "{workflow}",
    embed_workflow: bool = True,
    *,
    context: Context = injected,
) -> File:
    """Write coloured points into the output folder. Nothing is ever overwritten.

    Inputs:
        points: a point cloud; y is up.
        format: ``ply`` or ``glb``.
        name, embed_workflow: as for Save mesh.

    Errors: the name leaves the output folder.
    """
    content = points_file(points, format, context.origin() if embed_workflow else {})
    return context.save(name, f".{format}", content, MEDIA_TYPES[format])
