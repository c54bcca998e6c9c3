"""How alike pictures are."""

from typing import Annotated

from pydantic import Field

from graphengine.diffusion.evaluation.likeness import ms_ssim, psnr, shortest_side, ssim
from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from graphengine.node.declare import node

IDENTICAL = 200.0
"""What equal pictures are given, in dB: their true ratio is infinite, which no document can hold."""


@node("evaluation.psnr", category="evaluation", title="PSNR")
def peak_ratio(image: Image, reference: Image) -> float:
    """Measure the peak signal-to-noise ratio between pictures, in dB; more is more alike.

    Inputs:
        image: the pictures to judge.
        reference: as they should be; as many, of the same size and channels.

    Outputs:
        value: the mean over the batch; 200 stands for equal pictures.

    Errors: the batches differ in shape.
    """
    _require_same(image, reference)
    return float(psnr(image.pixels, reference.pixels).clamp_max(IDENTICAL).mean())


@node("evaluation.ssim", category="evaluation", title="SSIM")
def structural_similarity(image: Image, reference: Image) -> float:
    """Measure the structural similarity between pictures, at most 1.

    Inputs:
        image: the pictures to judge.
        reference: as they should be; as many, of the same size and channels.

    Outputs:
        value: the mean over the batch.

    Errors: the batches differ in shape, or a side is shorter than 11 pixels.

    Source: Wang et al., Image Quality Assessment: From Error Visibility to Structural Similarity (2004).
    """
    _require_same(image, reference)
    if min(image.height, image.width) < 11:
        raise NodeError(
            f"pictures of {image.width} × {image.height} pixels are too small", hint="SSIM looks at 11 × 11 pixels."
        )
    return float(ssim(image.pixels, reference.pixels).mean())


@node("evaluation.ms_ssim", category="evaluation", title="MS-SSIM", aliases=("Multi-scale structural similarity",))
def multiscale_similarity(image: Image, reference: Image, scales: Annotated[int, Field(ge=1, le=5)] = 5) -> float:
    """Measure the structural similarity between pictures in several sizes, 0 to 1.

    Inputs:
        image: the pictures to judge.
        reference: as they should be; as many, of the same size and channels.
        scales: how many sizes are looked at, each half as large as the one before. The five of the paper take sides of
            176 pixels and more, four 99, three 44; figures of different numbers cannot be compared.

    Outputs:
        value: the mean over the batch; 1 for equal pictures.

    Errors: the batches differ in shape, or a side is too short for so many sizes.

    Source: Wang et al., Multiscale Structural Similarity for Image Quality Assessment (2003); by torchmetrics.
    """
    _require_same(image, reference)
    shortest = shortest_side(scales)
    if min(image.height, image.width) < shortest:
        raise NodeError(
            f"pictures of {image.width} × {image.height} pixels are too small for {scales} sizes",
            hint=f"They take sides of {shortest} pixels and more: lower the number of scales.",
        )
    return float(ms_ssim(image.pixels, reference.pixels, scales).mean())


def _require_same(image: Image, reference: Image) -> None:
    if image.pixels.shape != reference.pixels.shape:
        raise NodeError(
            f"{_shape(image)} cannot be compared with {_shape(reference)}",
            hint="Bring them to one size and number first.",
        )


def _shape(image: Image) -> str:
    kind = "RGBA" if image.channels == 4 else "RGB"
    return f"{image.batch} × {image.width} × {image.height} {kind}"
