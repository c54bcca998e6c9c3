"""The flow network of RIFE: what moves between two pictures as seen from a time between them.

Source: Huang et al., Real-Time Intermediate Flow Estimation for Video Frame Interpolation (2022), section 3.2, in the
form of the versions from 4.6 on, which take the time as an input.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from graphengine.models.ifnet import Layout

_SLOPE = 0.2


class _Down(nn.Sequential):
    """A layer that halves the sides."""

    def __init__(self, taken: int, given: int) -> None:
        super().__init__(nn.Conv2d(taken, given, 3, 2, 1), nn.LeakyReLU(_SLOPE))


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, 1, 1)
        self.beta = nn.Parameter(torch.ones(1, width, 1, 1))

    def forward(self, values: Tensor) -> Tensor:
        return functional.leaky_relu(self.conv(values) * self.beta + values, _SLOPE)


class _Block(nn.Module):
    """Refines the flow at one size of the pictures."""

    def __init__(self, taken: int, width: int, residuals: int, outputs: int) -> None:
        super().__init__()
        self.conv0 = nn.Sequential(_Down(taken, width // 2), _Down(width // 2, width))
        self.convblock = nn.Sequential(*(_Residual(width) for _ in range(residuals)))
        self.lastconv = nn.Sequential(nn.ConvTranspose2d(width, 4 * outputs, 4, 2, 1), nn.PixelShuffle(2))

    def forward(self, seen: Tensor, flow: Tensor | None, scale: int) -> Tensor:
        """Return what changes of the flow, the blend, and what is handed on, at the size of ``seen``.

        Args:
            scale: how much smaller it looks at them.
        """
        small = _resized(seen, 1 / scale)
        if flow is not None:
            small = torch.cat((small, _resized(flow, 1 / scale) / scale), dim=1)
        found = _resized(self.lastconv(self.convblock(self.conv0(small))), scale)
        return torch.cat((found[:, :4] * scale, found[:, 4:]), dim=1)


class _Head(nn.Module):
    """Makes features of a picture."""

    def __init__(self, hidden: int, features: int) -> None:
        super().__init__()
        self.cnn0 = nn.Conv2d(3, hidden, 3, 2, 1)
        self.cnn1 = nn.Conv2d(hidden, hidden, 3, 1, 1)
        self.cnn2 = nn.Conv2d(hidden, hidden, 3, 1, 1)
        self.cnn3 = nn.ConvTranspose2d(hidden, features, 4, 2, 1)

    def forward(self, picture: Tensor) -> Tensor:
        values = picture
        for layer in (self.cnn0, self.cnn1, self.cnn2):
            values = functional.leaky_relu(layer(values), _SLOPE)
        features: Tensor = self.cnn3(values)
        return features


@dataclass(frozen=True, slots=True)
class Between:
    """How two pictures are brought to a time between them.

    Attributes:
        to_first, to_second: where each pixel of the time between comes from in either: [batch, 2, height, width], x and
            y in pixels.
        share: how much of it is the first's, 0 to 1: [batch, 1, height, width].
    """

    to_first: Tensor
    to_second: Tensor
    share: Tensor

    def blended(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the picture at that time of two of any channels, [batch, channels, height, width]."""
        return self.share * warped(first, self.to_first) + (1 - self.share) * warped(second, self.to_second)


class FlowNetwork(nn.Module):
    """The network, with names of its tensors as they were released."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self._layout = layout
        for index, width in enumerate(layout.widths):
            block = _Block(layout.inputs(index), width, layout.residuals, layout.outputs)
            self.add_module(f"block{index}", block)
        if layout.head == "short":
            self.encode: nn.Module = nn.Sequential(
                nn.Conv2d(3, layout.hidden, 3, 2, 1), nn.ConvTranspose2d(layout.hidden, layout.features, 4, 2, 1)
            )
        elif layout.head == "long":
            self.encode = _Head(layout.hidden, layout.features)

    @property
    def step(self) -> int:
        """Of how many pixels the sides are padded to multiples: the coarsest block halves them twice more."""
        return 4 << (len(self._layout.widths) - 1)

    def forward(self, first: Tensor, second: Tensor, time: float) -> Between:
        """Return what lies between two pictures.

        Args:
            first, second: [batch, 3, height, width] in 0..1, of any size.
            time: from 0 (the first) to 1.
        """
        height, width = first.shape[-2:]
        below, right = -height % self.step, -width % self.step
        pictures = [functional.pad(each, (0, right, 0, below), mode="replicate") for each in (first, second)]
        flow, blend = self._refined(pictures, torch.full_like(pictures[0][:, :1], time))
        flow, blend = flow[..., :height, :width], blend[..., :height, :width]
        return Between(flow[:, :2], flow[:, 2:4], torch.sigmoid(blend))

    def _refined(self, pictures: list[Tensor], time: Tensor) -> tuple[Tensor, Tensor]:
        features = [] if self._layout.head == "none" else [self.encode(each) for each in pictures]
        flow: Tensor | None = None
        blend: Tensor | None = None
        state: list[Tensor] = []
        for index in range(len(self._layout.widths)):
            block = self.get_submodule(f"block{index}")
            seen = torch.cat([*_moved(pictures, flow), *_moved(features, flow), time, *state], dim=1)
            found: Tensor = block(seen, flow, 1 << (len(self._layout.widths) - 1 - index))
            change, told, handed = found[:, :4], found[:, 4:5], found[:, 5:]
            flow = change if flow is None else flow + change
            blend = told if blend is None or self._layout.head != "none" else blend + told  # with a head it is whole
            state = [blend, handed] if self._layout.carried else [blend]
        if flow is None or blend is None:
            raise AssertionError("a network has blocks")
        return flow, blend


def warped(picture: Tensor, flow: Tensor) -> Tensor:
    """Return a picture each of whose pixels is fetched from where a flow points to; beyond the edge is the edge.

    Args:
        picture: [batch, channels, height, width].
        flow: [batch, 2, height, width], x and y in pixels.
    """
    height, width = picture.shape[-2:]
    y, x = torch.meshgrid(
        *(torch.arange(side, device=flow.device, dtype=torch.float32) for side in (height, width)), indexing="ij"
    )
    moved = torch.stack((x, y)) + flow.float()
    sides = torch.tensor([max(width - 1, 1), max(height - 1, 1)], device=flow.device).reshape(2, 1, 1)
    grid = (moved / sides * 2 - 1).permute(0, 2, 3, 1)
    fetched = functional.grid_sample(picture.float(), grid, padding_mode="border", align_corners=True)
    return fetched.to(picture.dtype)


def _moved(planes: list[Tensor], flow: Tensor | None) -> list[Tensor]:
    """Bring the planes of both pictures to the time between, as far as that is known."""
    if flow is None or not planes:
        return planes
    return [warped(planes[0], flow[:, :2]), warped(planes[1], flow[:, 2:4])]


def _resized(planes: Tensor, factor: float) -> Tensor:
    if factor == 1:
        return planes
    return functional.interpolate(planes, scale_factor=factor, mode="bilinear", align_corners=False)
