"""Removing what no job, workflow or schedule names any more, when it is old enough or takes too much."""

import asyncio
import logging
import math
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from graphengine.errors import StoreUnavailable
from graphengine.service.assets import Assets
from graphengine.service.clock import Clock
from graphengine.service.database.database import Database
from graphengine.service.database.writer import Transaction
from graphengine.service.retention.ledger import load_ledger, save_ledger
from graphengine.service.retention.names import Names, find_names, folder_of
from graphengine.service.retention.shelf import Item, discard, discard_leftovers, items_in, nbytes_of, set_aside

FIRST: Final = 60.0
"""The seconds after the start until the first look."""

EVERY: Final = 3_600.0
"""The seconds between two looks."""

_CHUNK = 100  # folders that are set aside in one act: others wait meanwhile

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Policy:
    """When what nobody names goes: after ``age`` seconds, or the oldest of it beyond ``budget`` bytes."""

    age: float
    budget: int


@dataclass(frozen=True, slots=True)
class Swept:
    """What a look found and did; sizes in bytes.

    Attributes:
        removed: assets and output folders that went, or would have gone.
        unnamed: those that stay though nobody names them.
        named: those that somebody names.
    """

    removed: int = 0
    removed_bytes: int = 0
    unnamed: int = 0
    unnamed_bytes: int = 0
    named: int = 0
    named_bytes: int = 0


KEEP: Final = Policy(math.inf, sys.maxsize)
"""Nothing ever goes."""


class Retention:
    """Looks after the files of a data folder.

    Args:
        outputs: where jobs write, each into a folder of its own.
        notes: the file that says for how long what has been unnamed.
    """

    def __init__(
        self, database: Database, assets: Assets, outputs: Path, notes: Path, policy: Policy, clock: Clock
    ) -> None:
        self.policy = policy
        self.last = Swept()
        self.total = Swept()
        """What was removed since the start."""
        self._database = database
        self._assets = assets
        self._outputs = outputs
        self._notes = notes
        self._clock = clock
        self._one = asyncio.Lock()

    async def run(self) -> None:
        """Look again and again."""
        pause = FIRST
        while True:
            await asyncio.sleep(pause)
            pause = EVERY
            try:
                await self.sweep()
            except (OSError, StoreUnavailable) as error:
                _LOG.warning("what nobody names any more is left: %s", error)

    async def sweep(self, policy: Policy | None = None, *, dry: bool = False) -> Swept:
        """Remove what goes by a policy, now.

        Whatever is named, or begins to be used meanwhile, stays: see :class:`graphengine.files.uses.Uses`.

        Args:
            dry: only say what would go.

        Raises:
            StoreUnavailable: the database cannot be read.
            OSError: the notes cannot be written.
        """
        async with self._one:
            items = await asyncio.to_thread(lambda: list(items_in(self._assets.folder, self._outputs)))
            names = await self._database.read(find_names)  # after the files: what came between is named or used
            unnamed = [each for each in items if not _is_named(each, names)]
            going = await asyncio.to_thread(self._chosen, unnamed, policy or self.policy, dry=dry)
            gone = going if dry else await self._remove(going, names)
            return self._note(items, unnamed, gone, dry=dry)

    def _chosen(self, unnamed: Sequence[Item], policy: Policy, *, dry: bool) -> list[Item]:
        """Return what goes, and note how old the rest is."""
        ledger = load_ledger(self._notes).grown([each.key for each in unnamed], self._clock.now().timestamp())
        if not dry and (unnamed or self._notes.exists()):
            save_ledger(self._notes, ledger)
        oldest = sorted(unnamed, key=lambda each: ledger.ages[each.key], reverse=True)
        going = [each for each in oldest if ledger.ages[each.key] >= policy.age]
        rest = oldest[len(going) :]
        excess = nbytes_of(rest) - policy.budget
        for each in rest:
            if excess <= 0:
                break
            going.append(each)
            excess -= nbytes_of([each])
        return going

    async def _remove(self, going: Sequence[Item], names: Names) -> list[Item]:
        files = [each for each in going if not each.is_folder]
        gone = await asyncio.to_thread(lambda: [each for each in files if self._assets.remove(each.name)])
        folders = [each for each in going if each.is_folder]
        for start in range(0, len(folders), _CHUNK):
            some = folders[start : start + _CHUNK]
            aside = await self._database.write(partial(self._set_aside, folders=some, last=names.last))
            gone += [each for each, _ in aside]
            await asyncio.to_thread(_discard_all, [path for _, path in aside])
        await asyncio.to_thread(discard_leftovers, self._outputs)
        return gone

    def _set_aside(self, transaction: Transaction, folders: Iterable[Item], last: int) -> list[tuple[Item, Path]]:
        """Take the folders out of the way whose jobs are not there; no job comes meanwhile: this is the one writer."""
        rows = transaction.execute("SELECT id FROM job WHERE seq > ?", (last,)).fetchall()
        new = {folder_of(row[0]) for row in rows}
        aside = []
        for each in folders:
            if each.name not in new:
                try:
                    aside.append((each, set_aside(self._outputs / each.name)))
                except OSError as error:
                    _LOG.warning("the folder %s cannot be removed: %s", each.name, error)
        return aside

    def _note(self, items: Collection[Item], unnamed: Collection[Item], gone: Collection[Item], *, dry: bool) -> Swept:
        left, named = set(unnamed) - set(gone), set(items) - set(unnamed)
        swept = Swept(len(gone), nbytes_of(gone), len(left), nbytes_of(left), len(named), nbytes_of(named))
        if not dry:
            self.last = swept
            self.total = Swept(self.total.removed + swept.removed, self.total.removed_bytes + swept.removed_bytes)
        return swept


def _discard_all(paths: Iterable[Path]) -> None:
    for path in paths:
        discard(path)


def _is_named(item: Item, names: Names) -> bool:
    return item.name in (names.folders if item.is_folder else names.digests)
