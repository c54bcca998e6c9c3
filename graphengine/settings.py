"""The settings of the machine's owner, from ``GRAPHENGINE_…`` variables; only :mod:`app` reads them."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

GIB = 2**30


def _listed(value: Any) -> Any:
    """Return the list that a variable holds: a JSON list, or entries with the system's path separator between."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [each for each in value.split(os.pathsep) if each]


_LISTED = BeforeValidator(_listed)


class Settings(BaseSettings):
    """What the owner of the machine decides; each field is also the variable ``GRAPHENGINE_<FIELD>``.

    An empty variable counts as unset. In its variable a list is a JSON list, or its entries joined as in ``PATH``.
    """

    model_config = SettingsConfigDict(env_prefix="GRAPHENGINE_", env_ignore_empty=True, frozen=True, extra="forbid")

    data_dir: Path = Field(default_factory=lambda: Path.home() / ".graphengine")
    """Where the engine keeps what outlives it."""

    model_folders: Annotated[list[Path], NoDecode, _LISTED] = Field(
        default_factory=lambda: [Path.home() / ".graphengine" / "models"]
    )
    """Where models lie, searched in order."""

    input_folders: Annotated[list[Path], NoDecode, _LISTED] = Field(default_factory=lambda: [Path.cwd()])
    """Where pictures and other inputs lie, searched in order."""

    packs: Annotated[list[str] | None, NoDecode, _LISTED] = None
    """The installed packs to load, by name; by default all of them."""

    pack_folder: Path | None = None
    """A folder with packs of nodes beside the installed ones."""

    pack_timeout: float = Field(default=120.0, gt=0)
    """The seconds that one pack may take to be imported; a server leaves out what takes longer."""

    memory_cache_bytes: int = Field(default=2 * GIB, ge=0)
    """What results may take in memory."""

    disk_cache_bytes: int = Field(default=20 * GIB, ge=0)
    """What results may take on disk, under ``data_dir``; with 0 none are kept there."""

    checkpoint_bytes: int = Field(default=2 * GIB, ge=0)
    """What calls that run may keep on disk to go on from after a crash; with 0, or where no results are kept on disk,
    they start over."""

    checkpoint_seconds: float = Field(default=10.0, ge=0)
    """The seconds between two such states of a call; more where keeping one takes more than a 200th of that."""

    model_bytes: int = Field(default=8 * GIB, ge=0)
    """What loaded weights may take on the device; its processes share that."""

    model_host_bytes: int = Field(default=8 * GIB, ge=0)
    """What weights may take in the host's memory when the device has no room for them: they come back without their
    files. Without meaning where the device computes in the host's memory, as ``cpu`` and ``mps`` do."""

    device: str = ""
    """The device of the models: ``cpu``, ``cuda``, ``cuda:1``, ``mps``; empty takes the best there is."""

    executor: Literal["thread", "process", "ray"] = "thread"
    """Where nodes are called: in threads of this process, in processes that may crash and hang alone, or in Ray."""

    ray_address: str = ""
    """The Ray cluster to use, as ``host:port``; this machine must be a node of it. Empty starts one here."""

    call_timeout: float | None = Field(default=None, gt=0)
    """The seconds a call may take whose node says nothing else; enforced by the executors ``process`` and ``ray``."""

    gpu_slots: int = Field(default=1, ge=1)
    """How many calls of the ``gpu`` lane run at once."""

    cpu_slots: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    """How many calls of the ``cpu`` lane run at once."""

    io_slots: int = Field(default=8, ge=1)
    """How many calls of the ``io`` lane run at once."""

    jobs_at_once: int = Field(default=2, ge=1)
    """How many jobs a server runs at once; their calls share the slots of the lanes."""

    allowed_hosts: Annotated[list[str], NoDecode, _LISTED] = Field(default_factory=list)
    """The names under which browsers may reach a server, beside those of this machine's loopback."""

    grace_seconds: float = Field(default=20.0, ge=0)
    """How long a server that is told to end waits for what runs; then that goes back into the queue."""

    retention_days: float = Field(default=30.0, ge=0)
    """After how many days a server removes uploads and outputs that no job, workflow or schedule names; ``inf`` is
    never."""

    retention_bytes: int = Field(default=50 * GIB, ge=0)
    """What such files may take until then; of more, those go that have been unnamed for longest."""

    webhooks: Literal["off", "public", "any"] = "off"
    """Whether a server tells others when jobs end, by requests to addresses that its users choose: to those of the
    internet, or to any, also of this machine and the networks around it."""

    coalesce: bool = False
    """Whether ready calls that fit each other are made as one, also of different runs: more pictures in the same time.
    Results may then differ in their last bits from those of calls made alone, which are the same bits every time."""

    def shown(self) -> Mapping[str, Any]:
        """Return the settings that strangers may know, as JSON: no paths, no secrets."""
        hidden = {"data_dir", "model_folders", "input_folders", "pack_folder", "allowed_hosts"}
        return self.model_dump(mode="json", exclude=hidden)
