"""The composition root: the one place that knows the settings and puts the rooms together."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, assert_never

from pydantic import ValidationError
from pydantic_settings import SettingsError

from graphengine.errors import NotReady, SettingsRefused
from graphengine.files.digest import Digests
from graphengine.files.ledger import DigestLedger
from graphengine.files.roots import Roots
from graphengine.files.uses import Uses
from graphengine.models.listing import Models
from graphengine.node.catalogue.known import KnownPacks
from graphengine.node.catalogue.loader import Catalogue, Loader, PackFault
from graphengine.node.pack import Closes, Pack, PackSource, ServiceOptions
from graphengine.node.registry import Registry
from graphengine.plan.demand import Kept
from graphengine.plan.explain import Explanation, explain
from graphengine.plan.lock import Surroundings
from graphengine.plan.memory import Outlook
from graphengine.plan.plan import Plan
from graphengine.plan.planner import make_plan, takes_weights, targets_of
from graphengine.run.cache.checkpoints import CheckpointFolder, OpenCheckpoints
from graphengine.run.cache.disk import DiskTier
from graphengine.run.cache.flight import SingleFlight
from graphengine.run.cache.folder import CacheFolder, Usage
from graphengine.run.cache.memory import MemoryTier
from graphengine.run.cache.tier import Tier
from graphengine.run.cache.tiered import TieredCache, place_of
from graphengine.run.cache.timings import Timings
from graphengine.run.executors.base import Executor
from graphengine.run.executors.binding import Services
from graphengine.run.executors.process.executor import ProcessExecutor
from graphengine.run.executors.process.patience import Patience
from graphengine.run.executors.ray.door import open_ray
from graphengine.run.executors.thread import ThreadExecutor
from graphengine.run.forecaster import Forecaster
from graphengine.run.history import History
from graphengine.run.info import run_info
from graphengine.run.lanes import Lanes
from graphengine.run.recorder import Recorder
from graphengine.run.runner import Observer, Run, RunOptions
from graphengine.run.surroundings import environments_of, surroundings_of
from graphengine.settings import Settings
from graphengine.workflow.document import Workflow
from graphengine.workflow.graph import Graph
from graphengine.workflow.reading import may_read
from graphengine.workflow.resolve import resolve


@dataclass(frozen=True)
class Engine:
    """graphengine in one process, for the command line and for embedding.

    Args:
        anywhere: whether a document may name files by absolute path.
        packs: the packs to load, instead of those that are installed; each the ``PACK`` of its package.
        apart: load no pack into this process. It knows them by their catalogue; nodes are called in processes of
            their own, if the settings say so, and values of the packs' types stay encoded here.
    """

    settings: Settings
    anywhere: bool = False
    packs: tuple[Pack, ...] | None = None
    apart: bool = False

    @cached_property
    def registry(self) -> Registry:
        """The nodes, types and services of the packs.

        Raises:
            PackError: a pack cannot be loaded, unless it is only left out of a catalogue.
        """
        if self.apart:
            return self.catalogue.registry
        return Registry(self._source.load() if self.packs is None else self.packs)

    @property
    def catalogue(self) -> Catalogue:
        """What the packs bring, as data; packs that cannot be loaded are left out.

        Raises:
            PackError: a pack that is named is not there, or nothing can be loaded.
        """
        return self._known.catalogue

    @cached_property
    def roots(self) -> Roots:
        """Where files may lie: ``models``, ``inputs``, and what packs bring."""
        folders = {
            "models": self.settings.model_folders,
            "inputs": self.settings.input_folders,
            "assets": [self.settings.data_dir / "assets"],
        }
        folders |= {name: [path] for name, path in self.registry.roots.items()}
        return Roots(folders, self.anywhere, self.uses)

    @cached_property
    def uses(self) -> Uses:
        """Which files were looked for lately."""
        return Uses()

    @cached_property
    def models(self) -> Models:
        """The models that a workflow can name: those of the owner, and those that packs bring."""
        folders = self.roots.folders
        return Models({name: folders[name] for name in ("models", *self.registry.roots)}, self.digests)

    @cached_property
    def digests(self) -> Digests:
        """The known content hashes."""
        return Digests(DigestLedger(self.settings.data_dir / "digests"))

    @cached_property
    def services(self) -> Services:
        """What nodes share, made once."""
        return {service.python: service.create(self.service_options) for service in self.registry.services}

    @cached_property
    def environments(self) -> Mapping[str, str]:
        """What results depend on beside inputs, by node id."""
        return environments_of(self.registry, self.service_options, coalesce=self.settings.coalesce)

    @cached_property
    def surroundings(self) -> Surroundings:
        """What the lock of every run says."""
        return surroundings_of(self.registry, self.service_options, coalesce=self.settings.coalesce)

    @property
    def service_options(self) -> ServiceOptions:
        """What the machine gives to services."""
        settings = self.settings
        return ServiceOptions(settings.device, settings.model_bytes, settings.model_host_bytes)

    @cached_property
    def cache_folder(self) -> CacheFolder:
        """Where results outlive the process."""
        return CacheFolder(self.settings.data_dir / "cache")

    @cached_property
    def checkpoint_folder(self) -> CheckpointFolder:
        """Where calls keep what they go on from after a crash."""
        settings = self.settings
        path = settings.data_dir / "checkpoints"
        return CheckpointFolder(path, settings.checkpoint_bytes, settings.checkpoint_seconds)

    @cached_property
    def checkpoints(self) -> OpenCheckpoints | None:
        """The states of calls; none are kept where no results are, for neither would anybody come back."""
        wanted = self.settings.disk_cache_bytes and self.settings.checkpoint_bytes
        return OpenCheckpoints(self.checkpoint_folder) if wanted else None

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
            settled=self.checkpoints.end if self.checkpoints is not None else lambda _: None,
            timings=self.timings,
        )

    @cached_property
    def cache(self) -> Tier:
        """All results that are kept: memory over disk."""
        return TieredCache((self.memory, self.disk)) if self.disk else self.memory

    @cached_property
    def flights(self) -> SingleFlight:
        """The cache as runs see it, who wait for each other's results."""
        return SingleFlight(self.cache, self.timings)

    @cached_property
    def timings(self) -> Timings:
        """Tells who listens what the cache spends time with."""
        return Timings()

    @cached_property
    def history(self) -> History:
        """What earlier runs of each workflow did."""
        disk = self.disk
        return History(self.settings.data_dir / "history", disk.has if disk is not None else lambda _: False)

    @cached_property
    def executor(self) -> Executor:
        """Where nodes are called.

        Raises:
            SettingsRefused: it needs what is not installed, or cannot be reached.
        """
        settings, patience = self.settings, Patience(call=self.settings.call_timeout)
        match settings.executor:
            case "thread":
                return ThreadExecutor(self.registry, self.services, self._slots)
            case "process":
                slots = {"gpu": settings.gpu_slots, "cpu": settings.cpu_slots + settings.io_slots}
                options = self.service_options.shared(settings.gpu_slots)  # each of these workers has a pool
                source, asked = self._calling, self.service_options if self.apart else None
                return ProcessExecutor(self.registry, source, options, slots, patience, asked, self._known.met)
            case "ray":
                options, address = self.service_options, settings.ray_address
                return open_ray(self.registry, self._calling, options, self._slots, address, patience)
            case other:
                assert_never(other)

    @cached_property
    def lanes(self) -> Lanes:
        """The slots that the runs share."""
        return Lanes(self._slots)

    @property
    def _slots(self) -> Mapping[str, int]:
        return {"gpu": self.settings.gpu_slots, "cpu": self.settings.cpu_slots, "io": self.settings.io_slots}

    @property
    def _source(self) -> PackSource:
        if self.packs is not None:
            return PackSource(installed=(), modules=tuple(pack.package for pack in self.packs))
        installed = None if self.settings.packs is None else tuple(self.settings.packs)
        return PackSource(installed, self.settings.pack_folder)

    @property
    def _calling(self) -> PackSource:
        """Where those load packs who call nodes."""
        return self.catalogue.source if self.apart else self._source

    @cached_property
    def _known(self) -> KnownPacks:
        folder = self.settings.data_dir / "catalogue"
        return KnownPacks(Loader(self._source, self.service_options, folder, self.settings.pack_timeout))

    @property
    def faults(self) -> Sequence[PackFault]:
        """The packs that are left out."""
        return self.catalogue.faults if self.apart else ()

    def load(self) -> None:
        """Find out which nodes there are. It takes long: call it from a thread, once, before anything else.

        Raises:
            PackError: see :attr:`registry`; or it was given up.
        """
        _ = self.registry

    def confirm(self) -> None:
        """See that nodes can be called, by those that the catalogue says; from a thread, after :meth:`load`.

        Raises:
            NotReady: no worker can start.
            PacksChanged: the catalogue was kept, and is not true any more; the next engine makes another.
        """
        executor = self.executor
        failure = executor.greet() if isinstance(executor, ProcessExecutor) else None
        if failure is not None:
            raise NotReady(failure.message)
        if self.apart:
            self._known.check()

    def give_up(self) -> None:
        """End :meth:`load` and :meth:`confirm` where they are; from any thread. Nothing can be called any more."""
        self._known.give_up()
        executor = vars(self).get("executor")
        if isinstance(executor, ProcessExecutor):
            executor.close()

    def may_read(self, document: Mapping[str, Any]) -> bool:
        """Return whether a file may have to be read to prove a document."""
        return may_read(document, self.registry)

    def resolve(self, workflow: Workflow) -> Graph:
        """Return the graph of a document.

        Raises:
            WorkflowError: with every problem of the document.
        """
        return resolve(workflow, self.registry, self.roots, self.digests)

    def plan(self, graph: Graph, targets: Collection[str] | None = None) -> Plan:
        """Return the plan for targets of a graph.

        Raises:
            WorkflowError: a target is not in the graph, or models that it uses cannot fit into the memory.
        """
        plan = make_plan(graph, targets, self.environments, self.registry.weights, coalesce=self.settings.coalesce)
        self.forecaster.refuse_misfits(plan, self._kept)
        return plan

    def check(self, graph: Graph, targets: Collection[str] | None = None) -> Plan | None:
        """See whether a graph can be planned; return the plan where only that tells: where models are used.

        Raises:
            WorkflowError: see :meth:`plan`.
        """
        if takes_weights(graph, self.registry.weights):
            return self.plan(graph, targets)
        targets_of(graph, targets)
        return None

    @cached_property
    def forecaster(self) -> Forecaster:
        """Tells what calls will need of the memory."""
        settings = self.settings
        return Forecaster(self.registry.types, self.history, settings.device, settings.model_bytes)

    def explain(self, plan: Plan, origin: str) -> tuple[Explanation, ...]:
        """Return what a run of a plan would do with each task, and why; see :func:`graphengine.plan.explain.explain`.

        It reads files: where a loop must not wait, call it from a thread.

        Args:
            origin: what the workflow was called when it was started.
        """
        return explain(plan, self.history.past(origin), self._kept, self.forecaster.forecast())

    def outlook(self, explanations: Collection[Explanation]) -> Outlook:
        """Return what the calls of a plan that was explained need of the memory, and whether that is there."""
        return self.forecaster.outlook(explanations)

    @property
    def _kept(self) -> Kept | None:
        is_off = not (self.settings.memory_cache_bytes or self.settings.disk_cache_bytes)
        return None if is_off else partial(place_of, self.memory, self.disk)

    def start(
        self,
        workflow: Workflow,
        plan: Plan,
        output_folder: Path,
        observe: Observer,
        *,
        keep_going: bool = False,
        previews: bool = False,
        origin: str = "",
    ) -> Run:
        """Return a run of a plan of ``workflow``; await its result in this event loop.

        Args:
            origin: what the workflow keeps while it is edited: the path of its file, or the id it is stored under.
                The history remembers the run under it; without it the run is not remembered.
        """
        info = run_info(workflow, plan, self.surroundings)
        options = RunOptions(
            self.lanes, output_folder, keep_going=keep_going, previews=previews, checkpoints=self.checkpoints
        )
        if origin:
            observe = Recorder(info.id, plan, lambda account: self.history.remember(origin, account)).beside(observe)
        return Run(plan, info, self.executor, self.flights, options, observe)

    def ailment(self) -> str:
        """Return why nodes cannot be called any more, or nothing."""
        return self.executor.ailment if isinstance(self.executor, ProcessExecutor) else ""

    def cache_usage(self) -> Usage:
        """Return what the results on disk take; it reads a folder."""
        return self.cache_folder.usage()

    def shown_settings(self) -> Mapping[str, Any]:
        """Return the settings that strangers may know."""
        return self.settings.shown()

    def close(self) -> None:
        """Wait for what runs and for results on their way to the disk, and free what is held."""
        made = vars(self)  # nothing is made to be closed
        for name in ("history", "disk", "executor"):  # history asks the disk what is there, whose bytes executors make
            if made.get(name) is not None:
                made[name].close()
        for service in made.get("services", {}).values():
            if isinstance(service, Closes):
                service.close()


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
