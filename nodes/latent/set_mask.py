"""Binding a latent to a mask."""

from graphengine.diffusion.latents import with_mask
from graphengine.diffusion.types.image import Mask
from graphengine.diffusion.types.latent import Latent
from graphengine.node.declare import node


@node("latent.set_mask", category="latent", title="Set mask", aliases=("Set latent noise mask",))
def set_mask(latent: Latent, mask: Mask | None = None) -> Latent:
    """Let sampling change a latent only where a mask is 1; without a mask, everywhere.

    The mask may have any size, is brought to the cells of the latent, and may be soft: in between, old and new are
    mixed in every step.
    """
    return with_mask(latent, mask)
