"""``graphengine serve`` and ``graphengine token``: the HTTP service, and who may use it."""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click
import uvloop

from graphengine.app import Engine, load_settings
from graphengine.cli.console import faults_told, print_line
from graphengine.cli.ending import say
from graphengine.errors import PacksChanged
from graphengine.server.access import Scope, add_token, remove_token
from graphengine.server.serving import ServeOptions, serve
from graphengine.service.retention.retention import Policy
from graphengine.settings import Settings

_TURN: Final = 1e-3
"""The seconds that the event loop waits for a thread which proves or writes something long to let it go on."""

_COLLECTIONS: Final = (2_000, 10, 500)
"""After how many new objects the youngest are collected, and how many times that before older ones and all are."""


@click.command("serve")
@click.option("--host", default="127.0.0.1", help="The address to listen at; beyond this machine only with a token.")
@click.option("--port", type=click.IntRange(0, 65535), default=8188, help="The port; 0 takes one that is free.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where everything is kept.")
def serve_command(host: str, port: int, data_dir: Path | None) -> None:
    """Serve the HTTP API until told to end."""
    with faults_told():
        settings = _settings(data_dir)
        hosts, at_once, grace = tuple(settings.allowed_hosts), settings.jobs_at_once, settings.grace_seconds
        policy = Policy(settings.retention_days * 86_400, settings.retention_bytes)
        options = ServeOptions(
            settings.data_dir, host, port, hosts, at_once, grace, settings.webhooks, policy=policy, loaded=_freeze
        )
        announced = _Announced()
        while True:
            engine = Engine(settings, apart=settings.executor == "process")
            try:
                sys.setswitchinterval(_TURN)
                with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                    runner.run(_serve(engine, options, announced))
            except PacksChanged as error:  # rarely, and before any job has begun: all is made anew, at the same address
                say(f"{error}; they are loaded again")
                options = replace(options, port=announced.port)
            else:
                return
            finally:
                engine.close()


@click.group()
def token() -> None:
    """Say who may use the service."""


@token.command()
@click.argument("name")
@click.option("--scope", type=click.Choice(["read", "submit", "admin"]), default="submit", show_default=True)
@click.option("--data-dir", type=click.Path(path_type=Path))
def add(name: str, scope: Scope, data_dir: Path | None) -> None:
    """Make a token called NAME, and print its secret, once; a running service knows it after a restart."""
    with faults_told():
        print_line(add_token(load_settings(**_given(data_dir)).data_dir, name, scope))


@token.command()
@click.argument("name")
@click.option("--data-dir", type=click.Path(path_type=Path))
def remove(name: str, data_dir: Path | None) -> None:
    """Let the token called NAME hold no longer; a running service knows it after a restart."""
    with faults_told():
        found = remove_token(load_settings(**_given(data_dir)).data_dir, name)
    say("removed" if found else f"there is no token called {name}")


def _settings(data_dir: Path | None) -> Settings:
    """Return the settings of a service: nodes run in processes of their own, unless the owner says otherwise."""
    settings = load_settings(**_given(data_dir))
    return (
        settings if "executor" in settings.model_fields_set else load_settings(**_given(data_dir), executor="process")
    )


def _given(data_dir: Path | None) -> dict[str, Any]:
    return {} if data_dir is None else {"data_dir": data_dir}


class _Announced:
    """Prints the address, once."""

    def __init__(self) -> None:
        self.port = 0

    def __call__(self, address: str) -> None:
        if not self.port:
            print(f"graphengine listens at {address}", flush=True)
        self.port = int(address.rpartition(":")[2])


async def _serve(engine: Engine, options: ServeOptions, announce: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await serve(engine, options, announce, stop)


def _freeze() -> None:
    """Leave what is there now to itself, and look through the rest as a whole seldom: that halts all threads.

    A workflow of thousands of nodes makes hundreds of thousands of objects, which go without being looked for.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTIONS)
