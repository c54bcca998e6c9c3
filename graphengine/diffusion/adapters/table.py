"""The kinds of patches."""

from types import MappingProxyType

from graphengine.diffusion.adapters.lora import apply_lora
from graphengine.diffusion.adapters.patcher import Patchers

PATCHERS: Patchers = MappingProxyType({"lora": apply_lora})
