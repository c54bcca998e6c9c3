"""How alike pictures look, and sets of pictures: judged by what a tagger sees."""

import torch
from torch import Tensor

from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.evaluation.perception import diversity, frechet, kernel, perceptual, tagger_of
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.training.tagger import SMALLEST, Tagger
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.trained import Weights
from graphengine.errors import NodeError
from graphengine.node.declare import injected, node
from graphengine.types.builtin import Seed


@node("evaluation.perceptual", category="evaluation", title="Perceptual distance", lane="gpu", aliases=("LPIPS",))
def perceptual_distance(image: Image, reference: Image, tagger: Weights, *, pool: ModelPool = injected) -> float:
    """Measure how different pictures look, as LPIPS does; less is more alike.

    Inputs:
        image: the pictures to judge; alpha is left away.
        reference: as they should be; as many, of the same size.
        tagger: whose features are compared: weights that Train tagger left. The figure depends on it: only what was
            judged by the same one can be compared.

    Outputs:
        value: the mean over the batch; 0 for equal pictures.

    Errors: the batches differ in shape, are smaller than 32 pixels, or the weights are of something else.

    Source: Zhang et al., The Unreasonable Effectiveness of Deep Features as a Perceptual Metric (2018).
    """
    if image.pixels.shape[:3] != reference.pixels.shape[:3]:
        raise NodeError(
            f"{image.batch} pictures of {image.width} × {image.height} pixels cannot be compared with "
            f"{reference.batch} of {reference.width} × {reference.height}",
            hint="Bring them to one size and number first.",
        )
    with torch.inference_mode(), memory_guard("judging pictures"):
        network = open_tagger(tagger, pool)
        return float(perceptual(network, seen(image, pool), seen(reference, pool)).mean())


@node("evaluation.diversity", category="evaluation", title="Diversity", lane="gpu")
def picture_diversity(image: Image, tagger: Weights, *, pool: ModelPool = injected) -> float:
    """Measure how different the pictures of a batch look from each other.

    Inputs:
        image: two pictures and more, of 32 pixels and more; alpha is left away.
        tagger: whose features are compared.

    Outputs:
        value: the mean perceptual distance over all pairs; 0 if all are equal.

    Errors: there is one picture alone, it is too small, or the weights are of something else.
    """
    _require_set(image)
    with torch.inference_mode(), memory_guard("judging pictures"):
        return diversity(open_tagger(tagger, pool), seen(image, pool))


@node("evaluation.fid", category="evaluation", title="Fréchet distance", lane="gpu", aliases=("FID",))
def frechet_distance(image: Image, reference: Image, tagger: Weights, *, pool: ModelPool = injected) -> float:
    """Measure how far a set of pictures is from another one, as FID does; less is more alike.

    The features are those of the tagger, not of Inception: the figure is on a scale of its own. It falls with the
    number of pictures: compare sets of the same size, of some hundreds and more.

    Inputs:
        image: the pictures to judge, two and more; alpha is left away.
        reference: those that they should be like, two and more.
        tagger: whose features are compared.

    Outputs:
        value: the distance, from 0.

    Errors: there is one picture alone, they are too small, or the weights are of something else.

    Source: Heusel et al., GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium (2017).
    """
    _require_set(image, reference)
    with torch.inference_mode(), memory_guard("judging pictures"):
        return frechet(open_tagger(tagger, pool), seen(image, pool), seen(reference, pool))


@node("evaluation.kid", category="evaluation", title="Kernel distance", lane="gpu", aliases=("KID",))
def kernel_distance(
    image: Image, reference: Image, tagger: Weights, seed: Seed = Seed(0), *, pool: ModelPool = injected
) -> float:
    """Measure how far a set of pictures is from another one, as KID does; less is more alike.

    Its mean does not depend on the number of pictures, so that small sets can be judged. The features are those of the
    tagger, not of Inception: the figure is on a scale of its own.

    Inputs:
        image: the pictures to judge, two and more; alpha is left away.
        reference: those that they should be like, two and more.
        tagger: whose features are compared.
        seed: of the 100 subsets over which is averaged.

    Outputs:
        value: the squared distance: about 0 for sets that are alike, and by chance below.

    Errors: there is one picture alone, they are too small, or the weights are of something else.

    Source: Bińkowski et al., Demystifying MMD GANs (2018).
    """
    _require_set(image, reference)
    with torch.inference_mode(), memory_guard("judging pictures"):
        return kernel(open_tagger(tagger, pool), seen(image, pool), seen(reference, pool), seed)


def open_tagger(weights: Weights, pool: ModelPool) -> Tagger:
    """Return a tagger where it is to compute.

    Raises:
        NodeError: the weights are of something else.
    """
    try:
        return tagger_of(weights).to(pool.device)
    except ValueError as error:
        raise NodeError(str(error), hint="Link weights that Train tagger left.") from error


def seen(image: Image, pool: ModelPool) -> Tensor:
    """Return pictures as a tagger takes them, [batch, 3, height, width].

    Raises:
        NodeError: they are too small.
    """
    if min(image.height, image.width) < SMALLEST:
        raise NodeError(
            f"pictures of {image.width} × {image.height} pixels are too small",
            hint=f"A tagger looks at {SMALLEST} pixels and more.",
        )
    return image.pixels[..., :3].permute(0, 3, 1, 2).to(pool.device)


def _require_set(*images: Image) -> None:
    if any(image.batch < 2 for image in images):
        raise NodeError("a set has two pictures and more", hint="Join the pictures into one batch first.")
