"""Models by their content: found wherever they lie, never silently, and missed with what would bring them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import plain_pack
import pytest
from documents import model_file, workflow

from graphengine.app import Engine, load_settings
from graphengine.errors import Problem, WorkflowError
from graphengine.files.digest import Digests
from graphengine.files.roots import File
from graphengine.workflow.document import Workflow
from graphengine.workflow.files import notices_of

NAME = "models:a.safetensors"

Pinned = Callable[..., Workflow]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    model_file(tmp_path / "models" / "a.safetensors", 500)
    return tmp_path / "models"


@pytest.fixture
def engine(models: Path, tmp_path: Path) -> Engine:
    return Engine(load_settings(model_folders=[models, tmp_path / "more"]), packs=(plain_pack.PACK,))


@pytest.fixture
def pinned(models: Path) -> Pinned:
    """A document that says what the model contained, when it was made."""
    content = Digests().content(models / "a.safetensors")

    def make(*, size: bool = True, name: str = NAME) -> Workflow:
        pin: dict[str, Any] = {"sha256": content.digest} | ({"bytes": content.nbytes} if size else {})
        nodes = {"r": ["plain.recipe", {"file": name}]}
        return workflow(nodes, models={name: pin}, outputs={"recipe": {"from": "r.recipe"}})

    return make


def used(engine: Engine, document: Workflow) -> tuple[File, list[str]]:
    """Return the file that is used, and the notices."""
    graph = engine.resolve(document)
    (file,) = [each for each in graph.nodes["r"].constants.values() if isinstance(each, File)]
    return file, [str(each) for each in notices_of(document, graph)]


def problem(engine: Engine, document: Workflow) -> Problem:
    with pytest.raises(WorkflowError) as caught:
        engine.resolve(document)
    (found,) = caught.value.problems
    return found


def test_a_model_that_is_where_it_was_needs_no_word(engine: Engine, pinned: Pinned, models: Path) -> None:
    assert used(engine, pinned()) == (File("", models, Digests().of(models / "a.safetensors")), [])
    assert used(engine, pinned())[0].path == models / "a.safetensors"


@pytest.mark.parametrize("size", [True, False])
@pytest.mark.parametrize("place", ["models/b.safetensors", "models/checkpoints/x.safetensors", "more/a.safetensors"])
def test_a_model_is_found_under_another_name(
    engine: Engine, pinned: Pinned, models: Path, tmp_path: Path, place: str, size: bool
) -> None:
    document = pinned(size=size)
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (models / "a.safetensors").rename(tmp_path / place)
    file, notices = used(engine, document)
    assert (file.path, file.reference) == (tmp_path / place, NAME)
    if place.startswith("more"):
        assert notices == [], "the second folder of the root has it under its name"
        return
    found = f"models:{Path(place).relative_to('models')}"
    assert file.found == found
    assert notices == [f"r.file: what the workflow calls {NAME!r} was found by its content: {found!r} [model_found]"]


def test_the_content_counts_and_not_the_name(engine: Engine, pinned: Pinned, models: Path) -> None:
    document = pinned()
    (models / "a.safetensors").rename(models / "true.safetensors")
    model_file(models / "a.safetensors", 400)
    file, (notice,) = used(engine, document)
    assert file.path == models / "true.safetensors"
    assert "models:true.safetensors" in notice
    (models / "true.safetensors").unlink()
    file, (notice,) = used(engine, document)
    assert (file.path, file.found) == (models / "a.safetensors", "")
    assert "is not what the workflow was made with" in notice
    assert notice.endswith("[model_differs]")


def test_an_earlier_folder_hides_a_model_of_the_same_name(engine: Engine, pinned: Pinned, models: Path) -> None:
    """A reference leads to the first folder: what lies behind cannot be named, and is not pretended to be used."""
    document = pinned()
    (models.parent / "more").mkdir()
    (models / "a.safetensors").rename(models.parent / "more" / "a.safetensors")
    model_file(models / "a.safetensors", 400)
    file, (notice,) = used(engine, document)
    assert file.path == models / "a.safetensors"
    assert notice.endswith("[model_differs]")


def test_a_folder_is_found_as_a_whole(engine: Engine, models: Path) -> None:
    for name in ("unet", "vae"):
        model_file(models / "whole" / name / "w.safetensors", 30)
    (models / "whole" / "model_index.json").write_text('{"_class_name": "Some"}')
    content = Digests().content(models / "whole")
    pin = {"sha256": content.digest, "bytes": content.nbytes}
    document = workflow({"r": ["plain.recipe", {"file": "models:whole"}]}, models={"models:whole": pin})
    assert used(engine, document)[1] == []
    (models / "whole").rename(models / "other")
    file, notices = used(engine, document)
    assert (file.path, file.found, len(notices)) == (models / "other", "models:other", 1)
    (models / "other" / "vae" / "more.json").write_text("{}")
    assert "models:whole" in problem(engine, document).message


def test_what_is_missing_is_named_with_its_hash_and_where_to_put_it(
    engine: Engine, pinned: Pinned, models: Path, tmp_path: Path
) -> None:
    document = pinned()
    digest = Digests().of(models / "a.safetensors")
    size = (models / "a.safetensors").stat().st_size
    (models / "a.safetensors").unlink()
    model_file(models / "b.safetensors", 500)
    assert (models / "b.safetensors").stat().st_size == size, "of the same size, and another"
    found = problem(engine, document)
    assert (found.code, found.place) == ("file_not_found", "r.file")
    assert digest in found.message
    assert found.hint == "Put it into the models folder, under any name."
    owner = Engine(load_settings(model_folders=[models]), anywhere=True, packs=(plain_pack.PACK,))
    assert str(models) in problem(owner, document).hint


def test_links_that_lead_out_are_not_followed_for_strangers(engine: Engine, pinned: Pinned, models: Path) -> None:
    document = pinned()
    secret = models.parent / "secret.safetensors"
    (models / "a.safetensors").rename(secret)
    (models / "link.safetensors").symlink_to(secret)
    assert problem(engine, document).code == "file_not_found"
    owner = Engine(load_settings(model_folders=[models]), anywhere=True, packs=(plain_pack.PACK,))
    assert used(owner, document)[0].found == "models:link.safetensors"


def test_only_what_has_the_size_is_read(
    engine: Engine, pinned: Pinned, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = pinned()
    (models / "a.safetensors").rename(models / "z.safetensors")
    for index in range(5):
        model_file(models / f"m{index}.safetensors", 100 + index)
    read: list[str] = []
    known = Digests._of_file
    monkeypatch.setattr(Digests, "_of_file", lambda self, at: read.append(Path(at[0]).name) or known(self, at))
    used(engine, document)
    assert set(read) == {"z.safetensors"}


def test_a_folder_that_cannot_be_entered_is_passed_by(engine: Engine, pinned: Pinned, models: Path) -> None:
    document = pinned()
    (models / "a.safetensors").rename(models / "z.safetensors")
    (models / "again").symlink_to(models)  # and a circle
    (models / "gone.safetensors").symlink_to("nowhere")
    assert used(engine, document)[0].found == "models:z.safetensors"


def test_documents_of_before_name_no_content(engine: Engine, models: Path) -> None:
    document = workflow({"r": ["plain.recipe", {"file": NAME}]})
    assert "models" not in document.to_json()
    assert used(engine, document)[1] == []
    (models / "a.safetensors").unlink()
    found = problem(engine, document)
    assert (found.code, dict(found.values)) == ("file_not_found", {"file": repr(NAME)})


@pytest.mark.parametrize(
    "pin",
    [{}, {"sha256": "abc"}, {"sha256": "A" * 64}, {"sha256": "0" * 64, "bytes": -1}, {"sha256": "0" * 64, "x": 1}],
)
def test_a_pin_of_a_wrong_form_is_a_problem(pin: dict[str, Any]) -> None:
    with pytest.raises(WorkflowError) as caught:
        workflow({"r": ["plain.recipe", {"file": NAME}]}, models={NAME: pin})
    assert {each.code for each in caught.value.problems} == {"malformed_document"}


def test_pins_of_models_that_nobody_names_do_nothing(engine: Engine) -> None:
    document = workflow({"n": ["plain.number", {"value": 1}]}, models={"models:gone": {"sha256": "0" * 64}})
    graph = engine.resolve(document)
    assert notices_of(document, graph) == []


def test_pins_hold_inside_subgraphs_and_loops(engine: Engine, pinned: Pinned, models: Path) -> None:
    pins = pinned().to_json()["models"]
    (models / "a.safetensors").rename(models / "z.safetensors")
    inner = {
        "inputs": {"salt": {"to": ["n.value"]}},
        "outputs": {"recipe": {"from": "r.recipe"}},
        "nodes": {
            "r": {"type": "plain.recipe", "inputs": {"file": NAME}},
            "n": {"type": "plain.pass", "inputs": {"value": 1}},
        },
    }
    many = {"type": "subgraph:inner", "inputs": {"salt": {"$link": "list.values"}}, "map": "zip"}
    document = workflow(
        {"list": ["plain.count", {"count": 2}], "once": ["subgraph:inner", {}]}, subgraphs={"inner": inner}
    )
    data = document.to_json()
    data["nodes"]["each"] = many
    whole = Workflow.model_validate({**data, "models": pins})
    notices = notices_of(whole, engine.resolve(whole))
    assert [each.code for each in notices] == ["model_found"], "once for each model"
    assert all(value in each.message for each in notices for value in each.data()["values"].values())
