"""Image to video: giving a video its first frame, and perhaps its last."""

from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import ImageEncoderRef, VaeRef
from graphengine.diffusion.video.binding import bound
from graphengine.node.declare import injected, node


@node(
    "vae.bind_frames",
    category="vae",
    lane="gpu",
    title="First and last frame",
    aliases=("Image to video", "WanImageToVideo", "WanFirstLastFrameToVideo", "Wan22ImageToVideoLatent", "I2V"),
)
def bind_frames(
    vae: VaeRef,
    latent: Latent,
    first: Image,
    last: Image | None = None,
    image_encoder: ImageEncoderRef | None = None,
    *,
    pool: ModelPool = injected,
) -> Latent:
    """Give a video its first frame, and perhaps its last: the start of image-to-video.

    What lies between them, a model of image to video makes: Wan's 2.1 and 2.2 for that, or the 5B of Wan 2.2, which
    takes no last frame.

    Inputs:
        vae: that of the model which will sample the latent.
        latent: of the video, as Empty video latent makes it.
        first: the first frame, of the size of the video. Several pictures are its first frames: so a video goes on.
        last: the last frame, or the last ones.
        image_encoder: looks at the first frame and at the last one, for the models of Wan 2.1; those of 2.2 need none.

    Outputs:
        latent: what came in, with the frames. Each video of a batch has them.

    Errors: a frame has another size than the video, there are more than it has, or the latent is of pictures or of
    another kind than the VAE.

    Source: Wan Team, Wan: Open and Advanced Large-Scale Video Generative Models (2025), section 5.1.
    """
    return bound(pool, vae, latent, first, last, image_encoder)
