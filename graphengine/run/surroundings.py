"""What the results of an engine depend on beside its plans: for fingerprints in words, for locks by name."""

from collections.abc import Mapping
from importlib.metadata import version

from graphengine.node.pack import ServiceOptions
from graphengine.node.registry import Registry
from graphengine.plan.lock import Surroundings


def environments_of(registry: Registry, options: ServiceOptions, *, coalesce: bool) -> Mapping[str, str]:
    """Return what results depend on beside inputs, by node id.

    Args:
        coalesce: whether calls that fit each other are made as one.
    """
    known = registry.environments(options)
    if not coalesce:
        return known
    nodes = registry.nodes
    return {name: f"{each}, calls together" if nodes[name].together else each for name, each in known.items()}


def surroundings_of(registry: Registry, options: ServiceOptions, *, coalesce: bool) -> Surroundings:
    """Return what the lock of every run says."""
    return Surroundings(
        version("graphengine"), registry.facts(options), {"coalesce": coalesce}, frozenset(registry.roots)
    )
