"""The kinds of patches."""

from types import MappingProxyType

from graphengine.diffusion.adapters.embedding import apply_embedding
from graphengine.diffusion.adapters.lora import apply_lora
from graphengine.diffusion.adapters.merge import apply_merge
from graphengine.diffusion.adapters.patcher import Patchers

PATCHERS: Patchers = MappingProxyType({"lora": apply_lora, "embedding": apply_embedding, "merge": apply_merge})
