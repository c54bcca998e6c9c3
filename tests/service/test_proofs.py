"""What was proven when a job came is not proven again when it begins, and is not kept for ever."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from documents import chain, link
from servers import document, three

from graphengine.app import Engine
from graphengine.errors import WorkflowError
from graphengine.service.assets import Assets
from graphengine.service.attempt import Workplace
from graphengine.service.dispatcher import Dispatcher
from graphengine.service.job import ENDED, Job, Submission
from graphengine.service.live import LiveFeed
from graphengine.service.proofs import Proofs
from graphengine.service.store import Store


class Counting:
    """An engine that counts how often it proves."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.proofs = 0

    def resolve(self, workflow: Any) -> Any:
        self.proofs += 1
        return self._engine.resolve(workflow)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


@pytest.fixture
def runner(engine: Engine) -> Any:
    return Counting(engine)


async def job(store: Store, proofs: Proofs, workflow: Any, id_: str = "job", **inputs: Any) -> Job:
    proof = await proofs.of_all(workflow, [inputs], None)
    return (await store.queue.submit(Submission(id_, "ann", workflow, inputs), content=proof.content)).job


async def test_a_small_job_is_proven_once(store: Store, runner: Any, engine: Engine, tmp_path: Path) -> None:
    place = Workplace(store, runner, LiveFeed(), Assets(tmp_path / "assets"), tmp_path / "outputs")
    dispatcher = Dispatcher(place)
    dispatcher.start()
    await job(store, place.proofs, three(), value=4)
    async with asyncio.timeout(60):
        while (done := await store.queue.get("job")).state not in ENDED:
            await asyncio.sleep(0.01)
    assert done.result is not None
    assert done.result["outputs"]["end"]["value"] == 5.0
    assert runner.proofs == 1
    await dispatcher.close(5)
    await asyncio.to_thread(engine.close)


async def test_what_is_kept_is_that_jobs_own_and_taken_once(store: Store, runner: Any) -> None:
    proofs = Proofs(runner)
    first, second = await job(store, proofs, three(), "1", value=1), await job(store, proofs, three(), "2", value=2)
    found = [proofs.take(each) for each in (second, first)]
    assert [each.workflow.nodes["number"].inputs["value"] for each in found if each] == [2, 1]
    assert proofs.take(first) is None


async def test_what_is_large_or_names_files_is_not_kept(store: Store, runner: Any, tmp_path: Path) -> None:
    (tmp_path / "inputs" / "a.txt").write_text("a")
    proofs = Proofs(runner)
    large = chain(60).to_json()
    reading = document({"read": ["plain.read", {"file": "a.txt"}]})
    long = document({"word": ["plain.word", {"text": "x" * 30_000}]})
    for index, workflow in enumerate((large, reading, long)):
        assert proofs.take(await job(store, proofs, workflow, f"j{index}")) is None


async def test_only_so_much_is_kept(store: Store, runner: Any) -> None:
    proofs = Proofs(runner, most=7)
    jobs = [await job(store, proofs, three(), f"j{index}", value=index) for index in range(4)]
    await job(store, proofs, three(), "again", value=3)
    assert [proofs.take(each) is not None for each in jobs] == [False, False, True, True]


async def test_what_is_wrong_is_refused(runner: Any) -> None:
    wrong = document({"pass": ["plain.pass", {"value": link("nobody.value")}]})
    with pytest.raises(WorkflowError):
        await Proofs(runner).of_all(wrong, [{}], None)
