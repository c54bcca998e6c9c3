"""The life of a service: everything is opened, announced, served, and closed again in the order that loses nothing."""

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from graphengine.errors import SettingsRefused
from graphengine.files.atomic import remove_leftovers
from graphengine.server.access import Access, is_loopback, load_access
from graphengine.server.app import make_app
from graphengine.server.backend import Backend, Engine
from graphengine.server.commands import StoreCommands
from graphengine.server.hub import Hub
from graphengine.server.lag import watch
from graphengine.server.proving import prepared
from graphengine.service.assets import Assets
from graphengine.service.attempt import Workplace
from graphengine.service.dispatcher import Dispatcher
from graphengine.service.live import LiveFeed
from graphengine.service.store import Store

_WATCH = 5.0  # seconds between two looks for workers that are silent
_HANG_UP = 2.0  # seconds that answers on their way may take when all is closed


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """How a service is served.

    Attributes:
        folder: the data folder, of this service alone.
        hosts: the names under which it may be reached, beside those of the loopback.
        grace: the seconds that running jobs have when the service closes.
    """

    folder: Path
    host: str = "127.0.0.1"
    port: int = 8188
    hosts: tuple[str, ...] = ()
    jobs_at_once: int = 2
    grace: float = 20.0


async def serve(engine: Engine, options: ServeOptions, announce: Callable[[str], None], stop: asyncio.Event) -> None:
    """Serve until ``stop`` is set; then take no job any more, and wait for what runs.

    Args:
        announce: is told the address when the service answers.

    Raises:
        SettingsRefused: the address cannot be used, or may not without a token.
        StoreRefused: the data folder cannot be used.
    """
    access = await asyncio.to_thread(load_access, options.folder)
    check_bind(options.host, access)
    store = await Store.open(options.folder)
    try:
        async with _working(engine, store, access, options) as backend, _listening(backend, options) as address:
            announce(address)
            await stop.wait()
            backend.closing = True
            await backend.dispatcher.close(options.grace)
    finally:
        await store.close()


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
    feed, assets = LiveFeed(), Assets(options.folder / "assets")
    place = Workplace(store, engine, feed, assets, options.folder / "outputs")
    dispatcher = Dispatcher(place, options.jobs_at_once)
    tasks = [
        asyncio.create_task(store.attempts.watch(_WATCH)),
        asyncio.create_task(store.scheduler.run()),
        asyncio.create_task(_tidy(time.time(), assets.folder, place.outputs)),
    ]
    dispatcher.start()
    hub = Hub(store, feed)
    commands = StoreCommands(store, functools.partial(prepared, engine, store))
    backend = Backend(engine, store, dispatcher, feed, assets, access, hub, commands)
    tasks.append(asyncio.create_task(watch(backend.metrics.late)))
    try:
        yield backend
    finally:
        await dispatcher.close(0)
        await hub.close()
        await _cancel(tasks)


@asynccontextmanager
async def _listening(backend: Backend, options: ServeOptions) -> AsyncIterator[str]:
    """Answer at an address."""
    hosts = {*options.hosts, *(() if options.host in {"0.0.0.0", "::"} else (options.host,))}  # noqa: S104 - compared
    runner = web.AppRunner(make_app(backend, hosts), access_log=None, shutdown_timeout=_HANG_UP)
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
