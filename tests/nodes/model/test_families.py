"""One document for all families: from the prompt to a file, through the engine."""

from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from documents import Nodes, link, workflow
from PIL import Image as Pil
from tiny_families import Tiny

from graphengine.app import Engine, load_settings
from graphengine.run.messages import Event, TaskOutput
from nodes import PACK

pytestmark = pytest.mark.torch

SOURCE = {"source": "models:tiny"}


def text(encoder: str, words: str) -> list[Any]:
    return ["text.encode", {"encoder": link(f"{encoder}.text_encoder"), "text": words}]


NODES: Nodes = {
    "model": ["model.load", SOURCE],
    "positive": text("model", "a (red:1.2) circle"),
    "negative": text("model", ""),
    "canvas": ["latent.empty", {"model": link("model.model"), "width": 24, "height": 16}],
    "sample": [
        "sampling.sample",
        {
            "model": link("model.model"),
            "positive": link("positive.conditioning"),
            "negative": link("negative.conditioning"),
            "latent": link("canvas.latent"),
            "steps": 2,
        },
    ],
    "decode": ["vae.decode", {"vae": link("model.vae"), "latent": link("sample.latent")}],
    "save": ["image.save", {"image": link("decode.image")}],
}


async def run(document: Any, models: Path, outputs: Path) -> Pil.Image:
    engine = Engine(load_settings(model_folders=[models]), packs=(PACK,))
    events: list[Event] = []
    await engine.start(document, engine.plan(engine.resolve(document)), outputs, events.append).result()
    engine.close()
    (output,) = [event for event in events if isinstance(event, TaskOutput)]
    return Pil.open(output.file.path)


@pytest.mark.parametrize("family", ["model", "base", "refiner", "third", "dev", "schnell"])
async def test_the_nodes_are_the_same(request: pytest.FixtureRequest, tmp_path: Path, family: str) -> None:
    made: Any = request.getfixturevalue(family)
    with await run(workflow(NODES, title=family), made.path.parent, tmp_path / "outputs") as picture:
        assert picture.size == (24, 16)
        assert any(low < high for low, high in picture.getextrema())


async def test_base_and_refiner(base: Tiny, refiner: Tiny, tmp_path: Path) -> None:
    copytree(base.path, tmp_path / "base")
    copytree(refiner.path, tmp_path / "refiner")

    def stage(model: str, latent: str, start: int, end: int, *, add_noise: bool) -> list[Any]:
        inputs = {"model": link(f"{model}.model"), "latent": link(latent), "start": start, "end": end}
        sides = {side: link(f"{model}_{side}.conditioning") for side in ("positive", "negative")}
        return ["sampling.steps", {**inputs, **sides, "steps": 4, "add_noise": add_noise}]

    nodes: Nodes = {
        **{name: ["model.load", {"source": f"models:{name}"}] for name in ("base", "refiner")},
        **{f"{name}_positive": text(name, "a red circle") for name in ("base", "refiner")},
        **{f"{name}_negative": text(name, "dull") for name in ("base", "refiner")},
        "canvas": ["latent.empty", {"model": link("base.model"), "width": 16, "height": 16}],
        "first": stage("base", "canvas.latent", 0, 3, add_noise=True),
        "second": stage("refiner", "first.latent", 3, 4, add_noise=False),
        "decode": ["vae.decode", {"vae": link("refiner.vae"), "latent": link("second.latent")}],
        "save": ["image.save", {"image": link("decode.image")}],
    }
    with await run(workflow(nodes, title="two"), tmp_path, tmp_path / "outputs") as picture:
        assert picture.size == (16, 16)
