"""The life of a service: everything is opened, announced, served, and closed again in the order that loses nothing."""

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from graphengine.errors import NotReady, SettingsRefused
from graphengine.files.atomic import remove_leftovers
from graphengine.server.access import Access, is_loopback, load_access
from graphengine.server.app import make_app
from graphengine.server.backend import Backend, Engine
from graphengine.server.commands import StoreCommands
from graphengine.server.hub import Hub
from graphengine.server.lag import watch
from graphengine.server.modelling import page_of
from graphengine.server.notices import Notices
from graphengine.server.packs import Packs
from graphengine.server.proving import prepared, prove_schedule
from graphengine.server.sender import Reach, Sender
from graphengine.server.standing import Standing
from graphengine.server.timetable import Timetable
from graphengine.server.views import ModelsView
from graphengine.service.assets import Assets
from graphengine.service.attempt import Workplace
from graphengine.service.clock import Clock
from graphengine.service.dispatcher import Dispatcher
from graphengine.service.live import LiveFeed
from graphengine.service.retention.retention import KEEP, Policy, Retention
from graphengine.service.schedule.folders import FolderWatch
from graphengine.service.schedule.scan import locate
from graphengine.service.store import Store
from graphengine.service.webhook.courier import Courier

_WATCH = 5.0  # seconds between two looks for workers that are silent
_LINE = 2**16  # bytes of an address: what the queries allow must fit, each of its characters as twelve bytes
_HANG_UP = 2.0  # seconds that answers on their way may take when all is closed


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """How a service is served.

    Attributes:
        folder: the data folder, of this service alone.
        hosts: the names under which it may be reached, beside those of the loopback.
        grace: the seconds that running jobs have when the service closes.
        webhooks: where others may be told that jobs are over.
        clock: where times come from.
        policy: when files go that nobody names any more.
        loaded: is called when the packs are loaded, before any job begins.
    """

    folder: Path
    host: str = "127.0.0.1"
    port: int = 8188
    hosts: tuple[str, ...] = ()
    jobs_at_once: int = 2
    grace: float = 20.0
    webhooks: Reach = "off"
    clock: Clock = field(default_factory=Clock)
    policy: Policy = KEEP
    loaded: Callable[[], object] = lambda: None


async def serve(engine: Engine, options: ServeOptions, announce: Callable[[str], None], stop: asyncio.Event) -> None:
    """Serve until ``stop`` is set; then take no job any more, and wait for what runs.

    Args:
        announce: is told the address when the service answers.

    Raises:
        SettingsRefused: the address cannot be used, or may not without a token.
        StoreRefused: the data folder cannot be used.
        PackError: the packs cannot be loaded.
        PacksChanged: what was known of them is not true any more; serve again, with another engine.
    """
    access = await asyncio.to_thread(load_access, options.folder)
    check_bind(options.host, access)
    store = await Store.open(options.folder, clock=options.clock)
    try:
        async with _working(engine, store, access, options) as backend, _listening(backend, options) as address:
            announce(address)
            await _until(stop, backend, options.loaded)
            backend.closing = True
            await backend.dispatcher.close(options.grace)
    finally:
        await store.close()


async def _until(stop: asyncio.Event, backend: Backend, loaded: Callable[[], object]) -> None:
    """Load the packs, let jobs begin, and wait until the service is to end."""

    def begin() -> None:
        loaded()
        backend.begin()

    loading = asyncio.create_task(backend.packs.load(begin))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([loading, stopping], return_when=asyncio.FIRST_COMPLETED)
        if not stopping.done():
            await loading
            await stopping
    finally:
        stopping.cancel()
        if not loading.done():
            backend.packs.give_up()
            await loading


def check_bind(host: str, access: Access) -> None:
    """Refuse to let strangers in.

    Raises:
        SettingsRefused: others than this machine can reach the address, and there is no token.
    """
    if access.is_open and not is_loopback(host):
        raise SettingsRefused(
            f"at {host} others could use the service, and there is no token",
            hint="Make one with `graphengine token add NAME`, or listen at 127.0.0.1.",
        )


@asynccontextmanager
async def _working(engine: Engine, store: Store, access: Access, options: ServeOptions) -> AsyncIterator[Backend]:
    """Run what works behind the routes."""
    feed, assets = LiveFeed(), Assets(options.folder / "assets", engine.uses)
    place = Workplace(store, engine, feed, assets, options.folder / "outputs")
    dispatcher = Dispatcher(place, options.jobs_at_once)
    hub, packs = Hub(store, feed), Packs(engine)
    timetable = Timetable(
        store, functools.partial(prove_schedule, engine), lambda folder: locate(engine.roots, folder), packs.wait
    )
    tidying = asyncio.create_task(_tidy(time.time(), assets.folder, place.outputs))
    try:
        notes = options.folder / "retention.json"
        retention = Retention(store.database, assets, place.outputs, notes, options.policy, options.clock)
        async with (
            Sender(options.webhooks) as sender,
            _chores(engine, packs, store, options, sender, retention) as chores,
        ):
            notices = Notices(store, sender.check)
            commands = StoreCommands(
                store,
                Standing(timetable, notices),
                functools.partial(prepared, place.proofs, packs, store),
                functools.partial(_models, engine, packs),
            )
            backend = Backend(
                engine=engine,
                packs=packs,
                store=store,
                proofs=place.proofs,
                dispatcher=dispatcher,
                feed=feed,
                assets=assets,
                retention=retention,
                access=access,
                timetable=timetable,
                notices=notices,
                hub=hub,
                commands=commands,
                chores=chores,
            )
            watching = asyncio.create_task(watch(backend.metrics.late))
            try:
                yield backend
            finally:
                await _cancel([watching])
    finally:
        await _cancel([tidying])
        await dispatcher.close(0)
        await hub.close()


@asynccontextmanager
async def _chores(
    engine: Engine, packs: Packs, store: Store, options: ServeOptions, sender: Sender, retention: Retention
) -> AsyncIterator[Mapping[str, asyncio.Task[None]]]:
    """Do what goes on by itself; each by what is missing where it does not."""
    courier = Courier(store.database, options.clock, sender)
    work = {
        "nobody looks for workers that are silent": store.attempts.watch(_WATCH),
        "no schedules are fired": store.scheduler.run(),
        "no folders are watched": _watch_folders(engine, packs, store, options.clock),
        "files that nobody names are never removed": retention.run(),
    }
    if options.webhooks != "off":
        work["no webhooks are delivered"] = courier.run()
    tasks = {missing: asyncio.create_task(each) for missing, each in work.items()}
    try:
        yield tasks
    finally:
        await _cancel(tasks.values())
        await courier.close(_HANG_UP)


async def _watch_folders(engine: Engine, packs: Packs, store: Store, clock: Clock) -> None:
    """Watch folders, when it is known where files may lie."""
    with suppress(NotReady):  # the service closes
        await packs.until_known()
        await FolderWatch(store.database, store.queue.limits, clock, engine.roots).run()


async def _models(engine: Engine, packs: Packs, limit: int, after: str) -> ModelsView:
    """Return some models, when it is known where they lie."""
    await packs.wait()
    return await asyncio.to_thread(page_of, engine.models, limit, after)


@asynccontextmanager
async def _listening(backend: Backend, options: ServeOptions) -> AsyncIterator[str]:
    """Answer at an address."""
    hosts = {*options.hosts, *(() if options.host in {"0.0.0.0", "::"} else (options.host,))}  # noqa: S104 - compared
    runner = web.AppRunner(make_app(backend, hosts), access_log=None, shutdown_timeout=_HANG_UP, max_line_size=_LINE)
    await runner.setup()
    try:
        site = web.TCPSite(runner, options.host, options.port, backlog=1_024)
        try:
            await site.start()
        except OSError as error:
            raise SettingsRefused(
                f"the address {options.host}:{options.port} cannot be used: {error.strerror}"
            ) from None
        port = runner.addresses[0][1]
        yield f"http://{f'[{options.host}]' if ':' in options.host else options.host}:{port}"
    finally:
        await runner.cleanup()


async def _tidy(before: float, *folders: Path) -> None:
    """Remove what an engine that was killed had not finished writing."""
    for folder in folders:
        await asyncio.to_thread(remove_leftovers, folder, before)


async def _cancel(tasks: Iterable["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
