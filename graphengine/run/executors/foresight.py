"""Telling services of calls that will come, so that they prepare for them: a hint, and nothing depends on it."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from graphengine.node.pack import Foresight
from graphengine.node.registry import Registry
from graphengine.node.spec import NodeSpec
from graphengine.run.executors.binding import Services
from graphengine.run.handle import Handle, Handles

_LOG = logging.getLogger(__name__)


def foreseeable(linked: Handles, registry: Registry) -> Iterator[Handle]:
    """Yield the handles of what services want to know ahead: of values whose types are marked as ``weights``."""
    for handle in linked.values():
        if handle.type.item is None and registry.type_of(handle.type).weights:
            yield handle


def foretell(spec: NodeSpec, values: Sequence[Any], services: Services) -> None:
    """Tell the services that a node asks for with what it will be called. Returns at once, and never raises."""
    for injection in spec.injected if values else ():
        service = services.get(injection.python)
        if not isinstance(service, Foresight):
            continue
        try:
            service.expect(values)
        except Exception:  # noqa: BLE001 - services come from packs, and a hint breaks nothing
            _LOG.exception("the service %r cannot expect what %r needs", injection.name, spec.id)
