"""The way in, for a program that runs without Ray too: the other modules of this room import it at their head."""

import os
from collections.abc import Mapping
from importlib import import_module

from graphengine.errors import SettingsRefused
from graphengine.node.pack import PackSource, ServiceOptions
from graphengine.node.registry import Registry
from graphengine.run.executors.base import Executor
from graphengine.run.executors.process.patience import Patience

_EXECUTOR = "graphengine.run.executors.ray.executor"
_HINT = "pip install 'graphengine[ray]', or choose another executor."

_QUIET = {
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # else Ray writes onto the standard output, among results, that a worker died
    "RAY_USAGE_STATS_ENABLED": "0",
}


def open_ray(
    registry: Registry,
    packs: PackSource,
    options: ServiceOptions,
    slots: Mapping[str, int],
    address: str,
    patience: Patience,
) -> Executor:
    """Return an executor over a Ray cluster; see :class:`graphengine.run.executors.ray.executor.RayExecutor`.

    Raises:
        SettingsRefused: Ray is not installed, or the cluster cannot be reached.
    """
    for name, value in _QUIET.items():  # Ray reads them when it is imported
        os.environ.setdefault(name, value)
    try:
        module = import_module(_EXECUTOR)
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise SettingsRefused("the executor 'ray' needs Ray, which is not installed", hint=_HINT) from None
    executor: Executor = module.RayExecutor(registry, packs, options, slots, address, patience)
    return executor
