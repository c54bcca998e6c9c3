"""An engine that loads no pack: nodes are called, results kept and found again, though it knows no codec of theirs."""

import asyncio
from pathlib import Path
from typing import Any

import fault_pack
import plain_pack
import pytest
from documents import Nodes, link, workflow
from running import Ran

from graphengine.app import Engine, load_settings
from graphengine.errors import NotReady, PacksChanged
from graphengine.files.atomic import atomic_writer
from graphengine.run.cache.entry import Output, pack
from graphengine.run.messages import Event, TaskCached
from graphengine.service.outcome import outcome
from graphengine.types.codec import Encoded
from graphengine.types.socket_type import TypeRef

NODES: Nodes = {
    "blob": ["plain.blob", {"length": 200_000, "fill": 7, "pause": 0.02}],
    "first": ["plain.first_byte", {"blob": link("blob.blob")}],
    "blobs": ["plain.blobs", {"count": 2}],
    "number": ["plain.number", {"value": 0.5}],
}
OUTPUTS = {name: {"from": address} for name, address in [("blob", "blob.blob"), ("number", "number.value")]}


@pytest.fixture
def settings(tmp_path: Path, data_dir: Path) -> dict[str, Any]:
    return {"executor": "process", "data_dir": data_dir, "input_folders": [tmp_path], "cpu_slots": 1, "io_slots": 1}


def opened(settings: dict[str, Any]) -> Engine:
    return Engine(load_settings(**settings), packs=(plain_pack.PACK, fault_pack.PACK), apart=True)


async def run(engine: Engine, folder: Path, *targets: str) -> tuple[Ran, Any]:
    document = workflow(NODES, outputs=OUTPUTS)
    plan = engine.plan(engine.resolve(document), targets or None)
    events: list[Event] = []
    result = await engine.start(document, plan, folder, events.append).result()
    return Ran(result.status, dict(result.outputs), events), outcome(plan, result.outputs, [])


def cached(ran: Ran) -> set[str]:
    return {event.task for event in ran.events if isinstance(event, TaskCached)}


async def test_results_are_kept_and_found_without_a_codec(settings: dict[str, Any], tmp_path: Path) -> None:
    engine = opened(settings)
    ran, kept = await run(engine, tmp_path)
    assert ran.status == "done"
    assert isinstance(ran.outputs["blob"], Encoded)
    assert ran.outputs["number"] == 0.5
    assert kept["outputs"]["blob"] == {"task": "blob", "type": "Blob", "description": "200,000 bytes"}
    assert kept["outputs"]["number"]["value"] == 0.5
    engine.close()
    again = opened(settings)
    ran, _ = await run(again, tmp_path, "first")
    assert ran.status == "done"
    assert cached(ran) == {"blob"}
    assert ran.started == ["first"]
    again.close()


@pytest.mark.parametrize("meta", [{"length": 5}, {}])
async def test_what_a_codec_refuses_is_a_miss_and_goes(
    settings: dict[str, Any], tmp_path: Path, meta: dict[str, Any]
) -> None:
    engine = opened(settings)
    plan = engine.plan(engine.resolve(workflow(NODES, outputs=OUTPUTS)), ["first"])
    fingerprint = plan.tasks["blob"].fingerprint
    parts = pack(fingerprint, [Output("blob", TypeRef("Blob"), Encoded(meta, (b"abc",)))], 1.0)
    with atomic_writer(engine.cache_folder.file(fingerprint)) as file:
        file.writelines(parts)
    ran, _ = await run(engine, tmp_path, "first")
    assert ran.status == "done"
    assert set(ran.started) == {"blob", "first"}
    engine.close()
    assert engine.cache_folder.file(fingerprint).stat().st_size > 200_000, "the good one is kept in its place"


async def test_values_are_proven_where_their_codecs_are(settings: dict[str, Any]) -> None:
    engine = opened(settings)
    await asyncio.to_thread(engine.confirm)
    adopted = engine.executor.adopt(TypeRef("Blob"), Encoded({"length": 3}, (b"abc",)))
    assert adopted.nbytes >= 3
    with pytest.raises(ValueError, match="the length is wrong"):
        engine.executor.adopt(TypeRef("Blob"), Encoded({"length": 4}, (b"abc",)))
    with pytest.raises(ValueError, match="a list of Blob was expected"):
        engine.executor.adopt(TypeRef("Blob").listed, Encoded({"length": 3}, (b"abc",)))
    engine.close()


async def test_an_engine_that_is_closed_leaves_nobody_waiting(settings: dict[str, Any]) -> None:
    engine = opened(settings)
    engine.load()
    waiting = asyncio.create_task(asyncio.to_thread(engine.confirm))
    await asyncio.sleep(0.2)
    engine.give_up()
    with pytest.raises(NotReady):
        await asyncio.wait_for(waiting, 30)
    engine.close()


async def test_packs_that_workers_find_changed_are_told(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine = opened(settings)
    engine.load()
    object.__setattr__(engine.catalogue, "digest", "another")
    engine.confirm()
    assert "the packs have changed" in caplog.text
    object.__setattr__(engine.catalogue, "kept", True)
    with pytest.raises(PacksChanged):
        engine.confirm()
    engine.close()
