"""The networks that are models of their own, and what makes each of its weights."""

from collections.abc import Mapping

from graphengine.diffusion.families.family import Loader
from graphengine.diffusion.upscalers import SPANDREL, SpandrelLoader

NETWORKS: Mapping[str, Loader] = {SPANDREL: SpandrelLoader()}
"""By the family that references name."""
