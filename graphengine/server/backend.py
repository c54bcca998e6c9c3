"""What stands behind the routes."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from aiohttp import web
from prometheus_client import CollectorRegistry

from graphengine.files.roots import Roots
from graphengine.files.uses import Uses
from graphengine.models.listing import Models
from graphengine.node.catalogue.loader import PackFault
from graphengine.node.registry import Registry
from graphengine.plan.explain import Explanation
from graphengine.plan.memory import Outlook
from graphengine.plan.plan import Plan
from graphengine.run.cache.folder import Usage
from graphengine.server.access import Access
from graphengine.server.commands import Commands
from graphengine.server.hub import Hub
from graphengine.server.metrics import Metrics
from graphengine.server.notices import Notices
from graphengine.server.packs import Packs
from graphengine.server.problems import Refused
from graphengine.server.timetable import Timetable
from graphengine.service.assets import Assets
from graphengine.service.dispatcher import Dispatcher
from graphengine.service.live import LiveFeed
from graphengine.service.proofs import Proofs
from graphengine.service.retention.retention import Retention
from graphengine.service.runner import Runner
from graphengine.service.store import Store


class Engine(Runner, Protocol):
    """The engine, as the routes see it."""

    @property
    def registry(self) -> Registry:
        """The nodes and types; after :meth:`load`."""
        ...

    @property
    def faults(self) -> Sequence[PackFault]:
        """The packs that are left out."""
        ...

    def load(self) -> None:
        """Find out which nodes there are; in a thread, once, before anything else.

        Raises:
            PackError: that cannot be found out; or it was given up.
        """
        ...

    def confirm(self) -> None:
        """See that nodes can be called; in a thread, after :meth:`load`.

        Raises:
            NotReady: they cannot, for now.
            PacksChanged: what was found out is not true any more; another engine is needed.
        """
        ...

    def give_up(self) -> None:
        """End :meth:`load` and :meth:`confirm`; from any thread."""
        ...

    @property
    def roots(self) -> Roots:
        """Where files may lie."""
        ...

    @property
    def uses(self) -> Uses:
        """Which files were looked for lately; known before the packs are."""
        ...

    @property
    def models(self) -> Models:
        """The models that a workflow can name."""
        ...

    def explain(self, plan: Plan, origin: str) -> Collection[Explanation]:
        """Return what a run of a plan would do; from any thread."""
        ...

    def outlook(self, explanations: Collection[Explanation]) -> Outlook:
        """Return what the calls of a plan need of the memory, and whether that is there; from any thread."""
        ...

    def ailment(self) -> str:
        """Return why nodes cannot be called, or nothing."""
        ...

    def cache_usage(self) -> Usage:
        """Return what the results on disk take; it reads a folder."""
        ...

    def shown_settings(self) -> Mapping[str, Any]:
        """Return the settings that clients may know, as JSON: no paths, no secrets."""
        ...


@dataclass(slots=True)
class Backend:
    """What the routes share.

    Attributes:
        packs: knows whether the engine's are loaded.
        timetable: the schedules, as callers see them, and ``notices`` the webhooks.
        chores: what goes on beside the routes, by what is missing where it does not.
        hub: passes what happens on to websockets, and ``commands`` answers what they ask.
        closing: no job is taken in any more.
    """

    engine: Engine
    packs: Packs
    store: Store
    proofs: Proofs
    dispatcher: Dispatcher
    feed: LiveFeed
    assets: Assets
    retention: Retention
    access: Access
    timetable: Timetable
    notices: Notices
    hub: Hub
    commands: Commands
    chores: Mapping[str, asyncio.Task[None]] = field(default_factory=dict)
    metrics: Metrics = field(default_factory=lambda: Metrics(CollectorRegistry()))
    closing: bool = False

    def begin(self) -> None:
        """Take jobs from the queue, unless the service is closing by now."""
        if not self.closing:
            self.dispatcher.start()

    def check_open(self) -> None:
        """Refuse to take a job in where the service ends.

        Raises:
            Refused: it does.
        """
        if self.closing:
            raise Refused(503, "closing", "the service is closing", headers={"Retry-After": "10"})


BACKEND: Final = web.AppKey("backend", Backend)
"""Where an application keeps its backend."""
