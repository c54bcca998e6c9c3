"""How alike pictures are."""

from graphengine.diffusion.evaluation.likeness import psnr, ssim
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


def _require_same(image: Image, reference: Image) -> None:
    if image.pixels.shape != reference.pixels.shape:
        raise NodeError(
            f"{_shape(image)} cannot be compared with {_shape(reference)}",
            hint="Bring them to one size and number first.",
        )


def _shape(image: Image) -> str:
    kind = "RGBA" if image.channels == 4 else "RGB"
    return f"{image.batch} × {image.width} × {image.height} {kind}"
