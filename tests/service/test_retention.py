"""What nobody names any more goes when its time has come, and nothing else does, whoever submits meanwhile."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from stores import DOCUMENT, Hands, claimed, document, submission, submit

from graphengine.errors import FileRefused
from graphengine.files.digest import sha256
from graphengine.files.roots import Roots
from graphengine.files.uses import Uses
from graphengine.service.assets import Assets
from graphengine.service.retention.names import find_names
from graphengine.service.retention.retention import KEEP, Policy, Retention, Swept
from graphengine.service.retention.shelf import Item
from graphengine.service.schedule.schedule import Draft
from graphengine.service.schedule.trigger import Cron
from graphengine.service.store import Store

NOW = Policy(0.0, 0)
DAY = 86_400.0


class Files:
    """The files of a data folder, and who looks after them."""

    def __init__(self, store: Store, folder: Path, hands: Hands, policy: Policy, lately: float) -> None:
        self.folder = folder
        self.outputs = folder / "outputs"
        self.assets = Assets(folder / "assets", Uses(lately))
        notes = folder / "retention.json"
        self.retention = Retention(store.database, self.assets, self.outputs, notes, policy, hands.clock)

    def upload(self, content: str) -> str:
        with self.assets.upload() as upload:
            upload.write(content.encode())
            upload.keep()
        return sha256(content.encode())

    def output(self, job: str, content: str) -> str:
        path = self.outputs / job / "picture.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        self.assets.adopt(path, sha256(content.encode()))
        return sha256(content.encode())

    def there(self) -> set[str]:
        return {path.name for path in self.assets.folder.iterdir()}


@pytest.fixture
def files(store: Store, tmp_path: Path, hands: Hands) -> Files:
    return Files(store, tmp_path / "data", hands, Policy(30 * DAY, 10_000), lately=-1.0)


def naming(digest: str) -> dict[str, Any]:
    return document(title="x", description=f"assets:{digest}")


async def test_what_is_named_stays_and_the_rest_goes(store: Store, files: Files) -> None:
    names = ("document", "input", "saved", "scheduled", "result", "nobody")
    digests = {name: files.upload(name) for name in names}
    await store.queue.submit(submission("a", workflow=naming(digests["document"])))
    await submit(store, "b", inputs={"picture": f"assets:{digests['input']}"})
    await store.library.save("mine", naming(digests["saved"]), owner="ann")
    draft = Draft("nightly", "ann", Cron("0 3 * * *"), workflow=naming(digests["scheduled"]))
    await store.schedules.save(draft)
    job = await claimed(store)
    await store.attempts.finish(job.lease, {"files": [{"digest": digests["result"]}]})
    swept = await files.retention.sweep(NOW)
    assert (swept.removed, swept.unnamed, swept.named) == (1, 0, 5)
    assert files.there() == set(digests.values()) - {digests["nobody"]}
    await store.library.delete("mine")
    assert (await files.retention.sweep(NOW)).removed == 1
    assert files.there() == set(digests.values()) - {digests["nobody"], digests["saved"]}


async def test_outputs_stay_as_long_as_their_job_is_remembered(store: Store, files: Files) -> None:
    digest = files.output("a", "of a")
    files.output("gone", "of a job that is forgotten")
    await submit(store, "a")
    job = await claimed(store)
    await store.attempts.record(job.lease, [("output", {"task": "n", "digest": digest})])
    swept = await files.retention.sweep(NOW)
    assert (swept.removed, swept.removed_bytes) == (2, len("of a job that is forgotten")), "one file of two names"
    assert files.there() == {digest}
    assert [path.name for path in files.outputs.iterdir()] == ["a"]
    await store.attempts.finish(job.lease, {"files": [{"digest": digest}]})
    await store.queue.delete("a")
    await files.retention.sweep(NOW)
    assert files.there() == set()
    assert list(files.outputs.iterdir()) == []


async def test_it_goes_when_it_has_been_unnamed_for_long_enough(files: Files, hands: Hands) -> None:
    files.upload("old")
    for _ in range(30):
        assert (await files.retention.sweep()).removed == 0
        hands.run(DAY)
    assert (await files.retention.sweep()).removed == 1
    assert files.retention.total == Swept(1, 3)


async def test_who_is_named_in_between_is_young_again(store: Store, files: Files, hands: Hands) -> None:
    digest = files.upload("old")
    await files.retention.sweep()
    for _ in range(29):
        hands.run(DAY)
        await files.retention.sweep()
    await store.library.save("mine", naming(digest), owner="ann")
    await files.retention.sweep()
    await store.library.delete("mine")
    hands.run(DAY)
    assert (await files.retention.sweep()).unnamed == 1


@pytest.mark.parametrize("jump", [365 * DAY, -365 * DAY])
async def test_a_clock_that_jumps_costs_nothing(files: Files, hands: Hands, jump: float) -> None:
    files.upload("young")
    await files.retention.sweep()
    hands.wall += jump
    assert (await files.retention.sweep()).removed == 0


async def test_beyond_the_budget_the_oldest_go(files: Files, hands: Hands) -> None:
    old = files.upload("a" * 6_000)
    await files.retention.sweep()
    hands.run(60)
    young = files.upload("b" * 6_000)
    swept = await files.retention.sweep()
    assert (swept.removed, swept.unnamed_bytes) == (1, 6_000)
    assert files.there() == {young} != {old}


async def test_what_was_used_lately_stays(store: Store, tmp_path: Path, hands: Hands) -> None:
    files = Files(store, tmp_path / "data", hands, NOW, lately=3_600.0)
    files.upload("fresh")
    assert (await files.retention.sweep(NOW)).removed == 0


async def test_a_look_that_is_dry_removes_nothing(files: Files) -> None:
    digest = files.upload("nobody")
    assert (await files.retention.sweep(NOW, dry=True)).removed == 1
    assert files.there() == {digest}
    assert not (files.folder / "retention.json").exists()
    assert (await files.retention.sweep(KEEP)).removed == 0


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"when": "x", "ages": {}}', b'{"when": 1, "ages": 3}'])
async def test_notes_that_are_damaged_make_everything_young(files: Files, damage: bytes) -> None:
    files.upload("nobody")
    (files.folder / "retention.json").write_bytes(damage)
    assert (await files.retention.sweep()).removed == 0
    assert json.loads((files.folder / "retention.json").read_bytes())["ages"]


async def test_whoever_found_a_file_and_was_accepted_has_it(store: Store, tmp_path: Path, hands: Hands) -> None:
    """Submissions look for their file as a proof does, and are accepted; a look for files to remove goes on beside."""
    files = Files(store, tmp_path / "data", hands, NOW, lately=3_600.0)
    roots = Roots({"assets": [files.assets.folder]}, uses=files.assets.uses)
    files.assets.folder.mkdir(parents=True)
    refused = accepted = 0
    for trial in range(40):
        content = f"file {trial}".encode()
        digest = sha256(content)
        (files.assets.folder / digest).write_bytes(content)  # from long ago: nobody has used it lately

        async def ask(trial: int = trial, digest: str = digest) -> bool:
            await asyncio.sleep(trial % 8 * 0.0005)
            try:
                await asyncio.to_thread(roots.locate, f"assets:{digest}", ())
            except FileRefused:
                return False
            await store.queue.submit(submission(f"j{trial}", workflow=naming(digest)))
            return True

        was_accepted, _ = await asyncio.gather(ask(), files.retention.sweep(NOW))
        assert files.assets.has(digest) == was_accepted
        accepted, refused = accepted + was_accepted, refused + (not was_accepted)
    assert accepted + refused == 40


async def test_a_folder_whose_job_comes_back_stays(store: Store, files: Files) -> None:
    files.output("a", "of a job that is forgotten")
    names = await store.database.read(find_names)
    await store.queue.submit(submission("a", workflow=DOCUMENT))
    (path,) = files.outputs.iterdir()
    gone = await files.retention._remove([Item(path.name, True, ())], names)
    assert gone == []
    assert path.is_dir()
