"""What the ready-made workflows for depth and 3D make, judged by the depth that comes out again."""

from typing import Any

import pytest
import torch
import trimesh
from moving import psnr
from ready_workflows import Make

from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.mesh import Mesh
from graphengine.diffusion.video.opening import open_video
from graphengine.diffusion.video.reading import frames_of
from nodes.mesh.render import depth as depth_of

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("solid", [False, True])
def test_the_glb_is_as_deep_as_the_landscape(make: Make, solid: bool) -> None:
    look = {"depth": "depth.depth_map", "camera": "landscape.camera", "image": "landscape.image"}
    made = make("depth-to-3d", size=96, frames=3, solid=solid, look=look)
    body: Any = trimesh.load(made["model"].path, force="mesh", process=False)
    assert body.is_watertight == solid
    vertices, faces = torch.tensor(body.vertices).float(), torch.tensor(body.faces).long()
    mesh = Mesh(vertices, faces, torch.zeros(vertices.shape[0], 2), Image(torch.zeros(1, 1, 1, 3)))
    seen = depth_of(mesh, made["camera"], 96, 96).values.flatten()
    wanted = made["depth"].values.clamp_max(14.0).flatten()
    assert torch.corrcoef(torch.stack((seen, wanted)))[0, 1] >= 0.99
    assert len(list(frames_of(open_video(made["video"])))) == 3


def test_parallax_begins_with_the_picture_and_loops(make: Make) -> None:
    values = {"move": "swing", "amount": 0.06, "frames": 8, "size": 96, "parallax.zoom": 1.0}
    made = make("parallax-video", look={"frames": "parallax.images", "image": "landscape.image"}, **values)
    frames, image = made["frames"], made["image"]
    assert psnr(frames[0], image) > 26
    assert psnr(frames[2], image) < psnr(frames[1], image) < psnr(frames[0], image)
    assert psnr(frames[7], frames[0]) > psnr(frames[6], frames[0])
    assert len(list(frames_of(open_video(made["video"])))) == 8
