"""The socket types of the wing."""

from graphengine.diffusion.types.buffers import TensorCodec
from graphengine.diffusion.types.codecs import ConditioningCodec, LatentCodec, RefCodec
from graphengine.diffusion.types.codecs_training import DatasetCodec, OptimiserCodec, WeightsCodec
from graphengine.diffusion.types.conditioning import Conditioning
from graphengine.diffusion.types.custom import Guider, NoiseRef, SamplerRef, Sigmas
from graphengine.diffusion.types.custom_codecs import GuiderCodec, NoiseCodec, SamplerCodec
from graphengine.diffusion.types.dataset import Dataset
from graphengine.diffusion.types.depth import Camera, CameraCodec, DepthMap
from graphengine.diffusion.types.image import Image, Mask
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.mesh import Mesh, MeshCodec, PointCloud, PointCloudCodec
from graphengine.diffusion.types.optimiser import Optimiser
from graphengine.diffusion.types.refs import (
    ControlNetRef,
    DepthModelRef,
    ImageEncoderRef,
    InterpolatorRef,
    ModelRef,
    PipelineRef,
    TextEncoderRef,
    UpscalerRef,
    VaeRef,
)
from graphengine.diffusion.types.trained import Weights
from graphengine.diffusion.types.video import Video, VideoCodec
from graphengine.types.socket_type import SocketType

DIFFUSION_TYPES: tuple[SocketType, ...] = (
    SocketType("Image", Image, TensorCodec(Image, "pixels"), "One or more pictures of one size.", "#6b9bd1"),
    SocketType("Mask", Mask, TensorCodec(Mask, "values"), "Where something applies: 1 here, 0 not.", "#88a096"),
    SocketType("Latent", Latent, LatentCodec(), "Pictures as a diffusion model sees them.", "#d184a8"),
    SocketType("Video", Video, VideoCodec(), "A video file, or a part of one.", "#5fb3b3", lasting=False),
    SocketType(
        "DepthMap", DepthMap, TensorCodec(DepthMap, "values"), "How far away what each pixel shows is.", "#7f9fbf"
    ),
    SocketType("Camera", Camera, CameraCodec(), "What a camera sees of the world: its intrinsics.", "#b0a080"),
    SocketType("Mesh", Mesh, MeshCodec(), "A surface in space with a picture on it.", "#c58f5c"),
    SocketType("PointCloud", PointCloud, PointCloudCodec(), "Coloured points in space.", "#a8b05c"),
    SocketType("Conditioning", Conditioning, ConditioningCodec(), "An encoded text.", "#d69a5b"),
    SocketType(
        "Model", ModelRef, RefCodec(ModelRef), "A denoiser.", "#9c86d1", lasting=False, weights=True, part="model"
    ),
    SocketType(
        "TextEncoder",
        TextEncoderRef,
        RefCodec(TextEncoderRef),
        "A text encoder.",
        "#cdb74f",
        lasting=False,
        weights=True,
        part="text_encoder",
    ),
    SocketType(
        "Vae",
        VaeRef,
        RefCodec(VaeRef),
        "Between pictures and latents.",
        "#c76f6f",
        lasting=False,
        weights=True,
        part="vae",
    ),
    SocketType(
        "Upscaler",
        UpscalerRef,
        RefCodec(UpscalerRef),
        "A network from pictures to pictures.",
        "#7fb07f",
        lasting=False,
        weights=True,
        part="upscaler",
    ),
    SocketType(
        "DepthModel",
        DepthModelRef,
        RefCodec(DepthModelRef),
        "Tells how far away what a picture shows is.",
        "#6f8fb0",
        lasting=False,
        weights=True,
        part="depth",
    ),
    SocketType(
        "Pipeline",
        PipelineRef,
        RefCodec(PipelineRef),
        "A whole pipeline of diffusers.",
        "#a3a05f",
        lasting=False,
        weights=True,
        part="pipeline",
    ),
    SocketType(
        "ControlNet",
        ControlNetRef,
        RefCodec(ControlNetRef),
        "What makes a denoiser follow a picture.",
        "#6fae8f",
        lasting=False,
        weights=True,
        part="control",
    ),
    SocketType(
        "ImageEncoder",
        ImageEncoderRef,
        RefCodec(ImageEncoderRef),
        "Tells what a picture shows.",
        "#a3976f",
        lasting=False,
        weights=True,
        part="image_encoder",
    ),
    SocketType(
        "Interpolator",
        InterpolatorRef,
        RefCodec(InterpolatorRef),
        "Makes frames between frames.",
        "#5f93a3",
        lasting=False,
        weights=True,
        part="interpolator",
    ),
    SocketType("Sigmas", Sigmas, TensorCodec(Sigmas, "values"), "Noise levels to walk down.", "#b0b86a"),
    SocketType("Noise", NoiseRef, NoiseCodec(), "Where the noise of a sampling comes from.", "#8f8f8f"),
    SocketType("Sampler", SamplerRef, SamplerCodec(), "A solver.", "#7f9ed6"),
    SocketType("Guider", Guider, GuiderCodec(), "How predictions are made one.", "#d6856b"),
    SocketType("Dataset", Dataset, DatasetCodec(), "Pictures to train on.", "#8d9ac4", lasting=False),
    SocketType("Optimiser", Optimiser, OptimiserCodec(), "How a training moves weights.", "#9aa87c"),
    SocketType("Weights", Weights, WeightsCodec(), "What a training leaves.", "#b0848d"),
)
