"""The composition root: the one place that knows the settings and puts the rooms together."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import SettingsError

from graphengine.errors import SettingsRefused
from graphengine.files.digest import Digests
from graphengine.files.roots import Roots
from graphengine.node.context import RunInfo
from graphengine.node.pack import Pack, PackSource, ServiceOptions
from graphengine.node.registry import Registry
from graphengine.plan.plan import Plan
from graphengine.plan.planner import make_plan
from graphengine.run.cache.disk import DiskTier
from graphengine.run.cache.flight import SingleFlight
from graphengine.run.cache.folder import CacheFolder
from graphengine.run.cache.memory import MemoryTier
from graphengine.run.cache.tier import Tier
from graphengine.run.cache.tiered import TieredCache
from graphengine.run.executors.base import Executor
from graphengine.run.executors.invoke import Services
from graphengine.run.executors.process.executor import ProcessExecutor
from graphengine.run.executors.process.patience import Patience
from graphengine.run.executors.thread import ThreadExecutor
from graphengine.run.lanes import Lanes
from graphengine.run.runner import Observer, Run, RunOptions
from graphengine.settings import Settings
from graphengine.workflow.document import Workflow
from graphengine.workflow.graph import Graph
from graphengine.workflow.resolve import resolve


@dataclass(frozen=True)
class Engine:
    """graphengine in one process, for the command line and for embedding.

    Args:
        anywhere: whether a document may name files by absolute path.
        packs: the packs to load, instead of those that are installed; each the ``PACK`` of its package.
    """

    settings: Settings
    anywhere: bool = False
    packs: tuple[Pack, ...] | None = None

    @cached_property
    def registry(self) -> Registry:
        """The nodes, types and services of the packs.

        Raises:
            PackError: a pack cannot be loaded.
        """
        return Registry(self._source.load() if self.packs is None else self.packs)

    @cached_property
    def roots(self) -> Roots:
        """Where files may lie: ``models``, ``inputs``, and what packs bring."""
        folders = {"models": self.settings.model_folders, "inputs": self.settings.input_folders}
        return Roots({**folders, **{name: [path] for name, path in self.registry.roots.items()}}, self.anywhere)

    @cached_property
    def digests(self) -> Digests:
        """The known content hashes."""
        return Digests()

    @cached_property
    def services(self) -> Services:
        """What nodes share, made once."""
        return {service.python: service.create(self.service_options) for service in self.registry.services}

    @cached_property
    def environments(self) -> Mapping[str, str]:
        """What results depend on beside inputs, by node id."""
        known = self.registry.environments(self.service_options)
        if not self.settings.coalesce:
            return known
        nodes = self.registry.nodes
        return {name: f"{each}, calls together" if nodes[name].together else each for name, each in known.items()}

    @property
    def service_options(self) -> ServiceOptions:
        """What the machine gives to services."""
        return ServiceOptions(device=self.settings.device, model_bytes=self.settings.model_bytes)

    @cached_property
    def cache_folder(self) -> CacheFolder:
        """Where results outlive the process."""
        return CacheFolder(self.settings.data_dir / "cache")

    @cached_property
    def memory(self) -> MemoryTier:
        """The results that are kept in memory."""
        return MemoryTier(self.settings.memory_cache_bytes)

    @cached_property
    def disk(self) -> DiskTier | None:
        """The results that are kept on disk, unless that is switched off."""
        if not self.settings.disk_cache_bytes:
            return None
        return DiskTier(
            self.cache_folder,
            self.settings.disk_cache_bytes,
            self.executor,
            lasting=lambda ref: self.registry.type_of(ref).lasting,
        )

    @cached_property
    def cache(self) -> Tier:
        """All results that are kept: memory over disk."""
        return TieredCache((self.memory, self.disk)) if self.disk else self.memory

    @cached_property
    def flights(self) -> SingleFlight:
        """The cache as runs see it, who wait for each other's results."""
        return SingleFlight(self.cache)

    @cached_property
    def executor(self) -> Executor:
        """Where nodes are called."""
        if self.settings.executor == "process":
            patience = Patience(call=self.settings.call_timeout)
            slots = {"gpu": self.settings.gpu_slots, "cpu": self.settings.cpu_slots + self.settings.io_slots}
            return ProcessExecutor(self.registry, self._source, self.service_options, slots, patience)
        return ThreadExecutor(self.registry, self.services, sum(self._lanes.values()))

    @cached_property
    def lanes(self) -> Lanes:
        """The slots that the runs share."""
        return Lanes(self._lanes)

    @property
    def _lanes(self) -> Mapping[str, int]:
        return {"gpu": self.settings.gpu_slots, "cpu": self.settings.cpu_slots, "io": self.settings.io_slots}

    @property
    def _source(self) -> PackSource:
        if self.packs is not None:
            return PackSource(installed=(), modules=tuple(pack.package for pack in self.packs))
        installed = None if self.settings.packs is None else tuple(self.settings.packs)
        return PackSource(installed, self.settings.pack_folder)

    def resolve(self, workflow: Workflow) -> Graph:
        """Return the graph of a document.

        Raises:
            WorkflowError: with every problem of the document.
        """
        return resolve(workflow, self.registry, self.roots, self.digests)

    def plan(self, graph: Graph, targets: Collection[str] | None = None) -> Plan:
        """Return the plan for targets of a graph.

        Raises:
            WorkflowError: a target is not in the graph.
        """
        weights = [name for name, each in self.registry.types.items() if each.weights]
        return make_plan(graph, targets, self.environments, weights, coalesce=self.settings.coalesce)

    def start(
        self,
        workflow: Workflow,
        plan: Plan,
        output_folder: Path,
        observe: Observer,
        *,
        keep_going: bool = False,
        previews: bool = False,
    ) -> Run:
        """Return a run of a plan of ``workflow``; await its result in this event loop."""
        info = RunInfo(id=uuid.uuid4().hex, title=workflow.title, workflow=workflow.to_json())
        options = RunOptions(self.lanes, output_folder, keep_going=keep_going, previews=previews)
        return Run(plan, info, self.executor, self.flights, options, observe)

    def close(self) -> None:
        """Wait for what runs and for results on their way to the disk, and free what is held."""
        if self.disk:
            self.disk.close()  # first: the executor makes its bytes
        self.executor.close()


def load_settings(**given: Any) -> Settings:
    """Return the settings from the environment, with ``given`` over them.

    Raises:
        SettingsRefused: variables or values are wrong; all are named.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        faults = [f"GRAPHENGINE_{each['loc'][0]}".upper() + f": {each['msg']}" for each in error.errors()]
        raise SettingsRefused("; ".join(faults)) from None
    except SettingsError as error:
        raise SettingsRefused(str(error)) from None
