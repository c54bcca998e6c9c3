"""What the tests of the cache share: values that are easy to tell apart, and a way to ask any tier."""

from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import plain_pack

from graphengine.node.registry import Registry
from graphengine.run.cache.disk import DiskTier
from graphengine.run.cache.folder import CacheFolder
from graphengine.run.cache.tier import Tier
from graphengine.run.executors.inline import InlineExecutor
from graphengine.run.handle import Handle, Handles
from graphengine.types.socket_type import TypeRef
from graphengine.types.values import value_nbytes

LONG = 10.0
"""Seconds that make a result worth keeping."""

BLOB = TypeRef("Blob")


def key(index: int) -> str:
    """Return a fingerprint; every third shares a subfolder with others."""
    return f"{index % 3:02x}{index:038x}"


def result(registry: Registry, index: int, length: int = 5_000) -> Handles:
    """Return the result that belongs to a fingerprint: two outputs, one of them a list."""
    blob = plain_pack.Blob(bytes((index + k) % 256 for k in range(256)) * (length // 256))
    return handles(
        registry, value=(TypeRef("Float"), index + 0.1), blobs=(TypeRef("List", BLOB), [blob, plain_pack.Blob(b"")])
    )


def handles(registry: Registry, **outputs: tuple[TypeRef, Any]) -> Handles:
    return {
        name: Handle(value, type_, value_nbytes(registry.types, type_, value))
        for name, (type_, value) in outputs.items()
    }


def shown(found: Handles | None) -> Any:
    """Return what can be compared of a result: its types and values."""
    return None if found is None else {name: (handle.type, handle.ref) for name, handle in found.items()}


async def ask(tier: Tier, fingerprint: str) -> Any:
    found = tier.get(fingerprint)
    return shown(await found if isinstance(found, Awaitable) else found)


def disk_tier(registry: Registry, path: Path, budget: int = 10**9, **options: Any) -> DiskTier:
    return DiskTier(CacheFolder(path), budget, InlineExecutor(registry, {}), **options)


async def restarted(tier: DiskTier) -> DiskTier:
    """End a tier, and return what a new process would find in its folder."""
    tier.close()
    return DiskTier(tier.folder, tier.budget, tier._coder)
