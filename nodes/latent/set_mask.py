"""Binding a latent to a mask."""

from graphengine.diffusion.latents import with_mask
from graphengine.diffusion.types.image import Mask
from graphengine.diffusion.types.latent import Latent
from graphengine.node.declare import node


@node("latent.set_mask", category="latent", title="Set mask", aliases=("Set latent noise mask",))
def set_mask(latent: Latent, mask: Mask | None = None, differential: bool = False) -> Latent:
    """Let sampling change a latent only where a mask is 1; without a mask, everywhere.

    The mask may have any size, is brought to the cells of the latent, and may be soft.

    Inputs:
        latent: what shall be sampled.
        mask: where it may change (1) and where not (0).
        differential: what soft values mean. Off: in every step old and new are mixed in that share. On: a cell of
            value 0.3 stays as it was for 70 % of the steps, and is free for the rest; so how much changes passes
            smoothly from nothing to all.

    Source: Levin & Fried, Differential Diffusion (2023).
    """
    return with_mask(latent, mask, differential=differential)
