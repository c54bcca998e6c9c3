"""Videos to latents and back, frame by frame."""

from collections.abc import Iterable, Iterator

from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import VaeRef
from graphengine.diffusion.video.coding import decode_frames, encode_frames
from graphengine.node.declare import injected, node


@node("vae.encode_video", category="vae", lane="gpu", title="Encode video", aliases=("Video to latent",))
def encode_video(vae: VaeRef, frames: Iterable[Image], *, pool: ModelPool = injected) -> Latent:
    """Encode the frames of a video to one latent, the start of video-to-video with a model of videos.

    Inputs:
        vae: that of the model of videos which will sample the latent.
        frames: a sequence or a list of pictures of one size, one and a multiple of 4 more; *Select frames* takes so
            many. A few of them are in memory at a time.

    Errors: the VAE is one of pictures, there is no frame, a side is not a multiple of 16, the sizes differ, or the
    number of frames does not divide.

    Source: Wan Team, Wan: Open and Advanced Large-Scale Video Generative Models (2025), section 4.1.
    """
    return encode_frames(pool, vae, frames)


@node("vae.decode_video", category="vae", lane="gpu", title="Decode video", aliases=("Latent to video",))
def decode_video(vae: VaeRef, latent: Latent, *, pool: ModelPool = injected) -> Iterator[Image]:
    """Decode the latent of a video to its frames, one by one, however many there are.

    Save video takes them as they come; 4 of them are in memory at a time. They are those of *VAE decode*, to the bit.

    Inputs:
        vae: that of the model which made the latent.
        latent: of a video; of several, the frames of one follow those of the other.

    Errors: the VAE is one of pictures, or the latent of another kind of model.

    Source: Wan Team, Wan: Open and Advanced Large-Scale Video Generative Models (2025), section 4.1.
    """
    yield from decode_frames(pool, vae, latent)
