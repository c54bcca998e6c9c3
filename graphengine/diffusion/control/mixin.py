"""As much of a pipeline of diffusers as takes IP-Adapters.

While it is imported, transformers would advise to install torchvision, for classes that are not used here.
"""

from graphengine.diffusion.quiet import without_advice

with without_advice():
    from diffusers.loaders import IPAdapterMixin

__all__ = ["IPAdapterMixin"]
