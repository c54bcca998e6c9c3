"""The built-in pack of nodes: folders by domain, one idea per file."""

from collections.abc import Mapping
from pathlib import Path

import diffusers
import peft
import torch
import transformers

import graphengine.diffusion
from graphengine.diffusion.devices import choose_device, choose_dtype, hardware_of
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.quiet import quiet_libraries
from graphengine.diffusion.types.table import DIFFUSION_TYPES
from graphengine.node.pack import Pack, Service, ServiceOptions

EMBEDDED = Path(graphengine.diffusion.__path__[0]) / "embedded"
"""The models and pictures that come with the program; a document names them ``builtin:…``."""


def _make_pool(options: ServiceOptions) -> ModelPool:
    quiet_libraries()  # whoever loads models in this process does it through the pool
    device = choose_device(options.device or "auto")
    return ModelPool(device, options.model_bytes, host_budget=options.model_host_bytes)


def _environment(options: ServiceOptions) -> str:
    device = choose_device(options.device or "auto").type
    return " ".join([device, *(f"{name} {version}" for name, version in _libraries().items())])


def _facts(options: ServiceOptions) -> Mapping[str, str]:
    device = choose_device(options.device or "auto")
    return {
        "device": device.type,
        "hardware": hardware_of(device),
        "dtype": str(choose_dtype("auto", device)).removeprefix("torch."),
        "threads": str(torch.get_num_threads()),
        **_libraries(),
    }


def _libraries() -> Mapping[str, str]:
    return {library.__name__: str(library.__version__) for library in (torch, diffusers, transformers, peft)}


PACK = Pack(
    name="builtin",
    package="nodes",
    types=DIFFUSION_TYPES,
    services=(Service(ModelPool, _make_pool),),
    roots={"builtin": EMBEDDED},
    environment=_environment,
    facts=_facts,
)
