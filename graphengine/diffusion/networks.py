"""The networks that are models of their own, and what makes each of its weights."""

from collections.abc import Mapping

from graphengine.diffusion.control.ip_adapters import IP_ADAPTER, IPAdapters
from graphengine.diffusion.control.loading import CONTROLNET, T2I_ADAPTER, ControlNets, T2IAdapters
from graphengine.diffusion.depth_models import DEPTH, DepthLoader
from graphengine.diffusion.families.family import Loader
from graphengine.diffusion.image_encoders import CLIP_VISION, ImageEncoders
from graphengine.diffusion.pipelines import PIPELINE, PipelineLoader
from graphengine.diffusion.upscalers import SPANDREL, SpandrelLoader
from graphengine.diffusion.video.learned import RIFE, RifeLoader

NETWORKS: Mapping[str, Loader] = {
    SPANDREL: SpandrelLoader(),
    DEPTH: DepthLoader(),
    PIPELINE: PipelineLoader(),
    CONTROLNET: ControlNets(),
    T2I_ADAPTER: T2IAdapters(),
    IP_ADAPTER: IPAdapters(),
    CLIP_VISION: ImageEncoders(),
    RIFE: RifeLoader(),
}
"""By the family that references name."""
