"""Where a camera goes."""

import math
from typing import Literal

import torch
from torch import Tensor

Move = Literal["circle", "swing", "rise", "dolly"]


def move_pose(move: Move, share: float, amount: float, focus: float) -> Tensor:
    """Return the pose of a camera that moves and keeps looking at one point; each move ends where it began.

    Args:
        share: how much of the move is done, 0 to 1.
        amount: how far it goes to each side, as a part of ``focus``.
        focus: the distance of the point it looks at.

    Returns:
        [3, 4], from the space of the scene to that of the camera.
    """
    angle, far = 2 * math.pi * share, amount * focus
    across, around = far * math.sin(angle), far * math.cos(angle)
    place = {
        "circle": (across, 0.5 * around, 0.0),
        "swing": (across, 0.0, 0.0),
        "rise": (0.0, across, 0.0),
        "dolly": (0.0, 0.0, -far * 0.5 * (1 - math.cos(angle))),
    }[move]
    return looking_at(torch.tensor(place), torch.tensor((0.0, 0.0, -focus)))


def looking_at(place: Tensor, target: Tensor) -> Tensor:
    """Return the pose of a camera at ``place`` that looks at ``target``, upright: [3, 4]."""
    ahead = torch.nn.functional.normalize(target - place, dim=0)
    right = torch.nn.functional.normalize(torch.linalg.cross(ahead, torch.tensor((0.0, 1.0, 0.0))), dim=0)
    turn = torch.stack((right, torch.linalg.cross(right, ahead), -ahead))
    return torch.cat((turn, -(turn @ place)[:, None]), dim=1)


def turned_about(centre: Tensor, angle: float, distance: float, height: float) -> Tensor:
    """Return the pose of a camera on a circle around ``centre``, at ``angle`` degrees from +z: [3, 4]."""
    turn = math.radians(angle)
    offset = torch.tensor((math.sin(turn) * distance, height, math.cos(turn) * distance))
    return looking_at(centre + offset, centre)
