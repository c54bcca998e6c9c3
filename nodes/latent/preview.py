"""Latents to look at, without a model."""

import io

from graphengine.diffusion.images import sheet, to_pil
from graphengine.diffusion.preview import PrincipalPreview
from graphengine.diffusion.types.latent import Latent
from graphengine.node.context import Context, Preview
from graphengine.node.declare import injected, node


@node("latent.preview", category="latent", title="Preview latent", sink=True)
def preview(latent: Latent, *, context: Context = injected) -> Latent:
    """Show latents as small pictures, one pixel for each cell, without decoding them; of videos, several frames.

    The colours are the three directions in which the channels differ most (principal components), so any model's
    latents can be looked at: shapes and noise are seen, true colours are not.

    Outputs:
        latent: what came in, to go on with.
    """
    context.preview(lambda: _shown(latent))
    return latent


def _shown(latent: Latent) -> Preview:
    (picture,) = to_pil(sheet(PrincipalPreview()(latent.planes)))
    content = io.BytesIO()
    picture.save(content, "webp", lossless=True)
    return Preview("image/webp", content.getvalue(), picture.width, picture.height)
